import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { toAnswerJson } from '../ask/answer-json.ts';
import { toText } from '../ask/answer-text.ts';
import { type AskDeps, answerQuestion, type Format, readQuestion } from '../ask/ask.ts';
import { createChartRenderer } from '../chart/renderer.ts';
import type { Report } from '../domain/report.ts';
import { HeadroomError, QuestionError } from '../errors.ts';
import { createLogger } from '../log.ts';
import { toCsv } from '../report/table.ts';
import { type CliContext, chooseForm, MISUSE, TERMINAL_WIDTH, takes } from './command.ts';
import { toWriteError } from './files.ts';
import { withStored } from './open.ts';
import { createStoredReporter } from './stored-reporter.ts';

/** `headroom ask QUESTION`: a report in the terminal, as JSON or CSV, or as a picture. Needs no Slack. */
export const runAsk = takes(
  '[QUESTION]…',
  { json: { type: 'boolean' }, csv: { type: 'boolean' }, png: { type: 'string' } },
  (words, { png, ...forms }, context) => {
    const wanted = chooseForm(forms);
    return withStored(context, async ({ db, usage, calendar }) => {
      const deps = { reporter: createStoredReporter(db, usage, calendar), now: context.now };
      try {
        await answer(deps, joinWords(words), { wanted, png }, context);
        return 0;
      } catch (error) {
        if (!(error instanceof QuestionError)) throw error;
        context.err(error.message);
        if (error.suggestions.length > 0) context.err('Try:');
        for (const { command } of error.suggestions) context.err(`  headroom ask ${toArgument(command)}`);
        return MISUSE;
      }
    });
  },
);

async function answer(
  deps: AskDeps,
  words: string,
  { wanted, png }: { wanted: 'json' | 'csv' | undefined; png: string | undefined },
  context: CliContext,
): Promise<void> {
  const { question, format: said } = await readQuestion(deps, words);
  const format: Format = wanted ?? said ?? 'text';
  const report = await answerQuestion(deps, question, { whole: format !== 'text' });
  if (format === 'json') context.out(JSON.stringify(toAnswerJson(report), undefined, 2));
  else if (format === 'csv') context.out(toCsv(report).replace(/\n$/, ''));
  else context.out(toText(report, context.width ?? TERMINAL_WIDTH));
  if (png === undefined) return;
  // The picture shows as many rows as in Slack.
  await draw(format === 'text' ? report : await answerQuestion(deps, question, { whole: false }), png, context);
}

async function draw(report: Report, file: string, context: CliContext): Promise<void> {
  const charts = createChartRenderer({ log: createLogger('silent') });
  try {
    const { view } = report.question;
    const picture = await charts.render(report, { view: view === 'table' ? 'graph' : view });
    if (!picture) throw new HeadroomError('question', `There is nothing to draw in this answer: leave out --png.`);
    const path = resolve(context.folder, file);
    try {
      writeFileSync(path, picture.png);
    } catch (error) {
      throw toWriteError(path, error);
    }
    context.err(`Picture of ${picture.width} × ${picture.height} pixels: ${file}`);
  } finally {
    await charts.stop();
  }
}

/** Joins the words of a question, and puts names of several words in quotation marks again, which the shell has removed. */
export function joinWords(words: readonly string[]): string {
  if (words.length < 2) return words[0] ?? '';
  return words
    .map((word) => {
      if (!/\s/.test(word)) return word;
      const [, key = '', name = ''] = /^(\w+:)?(.*)$/s.exec(word)!;
      return `${key}"${name.replace(/[\\"]/g, '\\$&')}"`;
    })
    .join(' ');
}

/** Quotes a text as one argument for a shell. */
export function toArgument(text: string): string {
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", "'\\''")}'` : `"${text}"`;
}
