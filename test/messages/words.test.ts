import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { listSamples } from '../../src/samples/samples.ts';
import { HELP_TOPICS } from '../../src/slack/command/help-topics.ts';

/** Patterns of wrong numbers, dates and sentences, each with the right form. */
const RULES: readonly [RegExp, string][] = [
  [/\d %/, '75%'],
  [/\d [kM]\b(?!i?B)/, '13.9k'],
  [/\b\d{1,2} – \d{1,2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/, '14–20 Nov 2026'],
  [/\b\d+(ms|sec)\b/, '40 ms'],
  [/\bvs(?!\.|`)(?= \w+day| a usual)/, 'vs. Friday'],
  [/\b(is|are|was|were) told\b/, 'who says or hears what'],
  [/\banew\b|\bwhat there is\b|\bthere is none of\b|\byet to come\b/, 'plain words'],
  [/\b(stands|stand) (in|beside|for|there|here)\b/, 'is'],
  [/\bSorry\b|!(?=\s|$)/, 'no apology, no exclamation mark'],
];

/** Keys of texts that people read. */
const READ = new Set(['text', 'alt_text', 'title', 'fallback']);

function listTexts(value: unknown, key = ''): string[] {
  if (typeof value === 'string') return READ.has(key) ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((each) => listTexts(each, key));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => listTexts(each, name));
}

function listFaults(text: string): string[] {
  // Text that people type is not checked.
  const prose = text.replace(/\$\{[^}]*\}/g, '…').replace(/`[^`\n]*`/g, '`…`');
  return RULES.flatMap(([rule, right]) => {
    const found = rule.exec(prose);
    return found ? [`${JSON.stringify(prose.slice(Math.max(0, found.index - 30), found.index + 40))}: ${right}`] : [];
  });
}

/** Lists our source files without their comments. The emulated Slack's texts are Slack's, so they are left out. */
function listSources(): { file: string; code: string }[] {
  const src = fileURLToPath(new URL('../../src', import.meta.url));
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' });
  const ours = files.filter((file) => file.endsWith('.ts') && !file.startsWith('playground/emulator'));
  return ours.map((file) => ({
    file,
    code: readFileSync(join(src, file), 'utf8')
      .replace(/\/\*[\s\S]*?\*\//g, '')
      .replace(/^\s*\/\/.*$/gm, ''),
  }));
}

/** A comment, or its first sentence, that begins with what it never names. */
const RIDDLES = /^\s*(\/\*\*(\n \*)?|\/\/) (What|Whether|Which|So many|For so long)\b.*/gm;

/** An ISO date, which is allowed in commands but not in sentences. */
const ISO_DATE = /\b20\d\d-\d\d-\d\d\b/;

describe('numbers, dates and sentences are written as everywhere', () => {
  it('in messages, forms and Home', async () => {
    const samples = await listSamples();
    const faults = samples.flatMap((sample) => {
      const texts = listTexts('view' in sample ? sample.view : sample.message);
      const dated = texts
        .flatMap((text) => text.split('\n'))
        .filter((line) => !line.startsWith('/usage ') && !line.startsWith('also until ') && ISO_DATE.test(line));
      return [...new Set([...texts.flatMap(listFaults), ...dated])].map((fault) => `${sample.name}: ${fault}`);
    });
    expect(faults).toEqual([]);
  });

  it('in every text of the program', () => {
    const faults = listSources().flatMap(({ file, code }) => {
      const texts = [...code.matchAll(/'((?:[^'\\\n]|\\.)+)'|`((?:[^`\\]|\\.)+)`/g)].map(([, a, b]) => a ?? b ?? '');
      return texts
        .filter((text) => text.includes(' '))
        .flatMap((text) => [...listFaults(text), ...(/(?<!--from) \$\{formatDay\(/.test(text) ? [text] : [])])
        .map((fault) => `${file}: ${fault}`);
    });
    expect(faults).toEqual([]);
  });

  it('names no topic of help that there is not', () => {
    const known = HELP_TOPICS.flatMap(({ name, words }) => [name, ...words]);
    const named = listSources().flatMap(({ file, code }) =>
      [...code.matchAll(/[`'](?:\/usage )?help ([a-z-]+)/g)].map(([, topic]) => ({
        file,
        topic,
      })),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ topic }) => !known.includes(topic!))).toEqual([]);
  });

  it('on the command line and in the README', () => {
    const texts = [
      ...COMMANDS.flatMap(({ summary, details = '' }) => [summary, details]),
      readFileSync(new URL('../../README.md', import.meta.url), 'utf8').replace(/```[\s\S]*?```/g, ''),
      readFileSync(new URL('../../.env.example', import.meta.url), 'utf8'),
    ];
    expect(texts.flatMap((text) => text.split('\n')).flatMap(listFaults)).toEqual([]);
  });

  it('comments begin with a verb or a plain noun', () => {
    const folders = ['src', 'test', 'migrations'].map((folder) =>
      fileURLToPath(new URL(`../../${folder}`, import.meta.url)),
    );
    const faults = folders.flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts'))
        .flatMap(
          (file) =>
            readFileSync(join(folder, file), 'utf8')
              .match(RIDDLES)
              ?.map((one) => `${file}: ${one}`) ?? [],
        ),
    );
    expect(faults).toEqual([]);
  });
});
