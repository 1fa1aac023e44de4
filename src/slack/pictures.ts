import type { Report } from '../domain/report.ts';
import { callSlack } from './client/call.ts';
import type { SlackContext } from './context.ts';
import type { Picture } from './ports.ts';

/** An uploaded chart that blocks can show; `none`: there is nothing to draw; `failed`: it could not be drawn or uploaded. */
export type Drawn = { fileId: string; altText: string } | 'none' | 'failed';

/** Pauses between looks at an uploaded file, about 15 s in all: Slack scans it first, usually for a second. */
const LOOKS_MS = [150, 250, 400, 600, 800, 1000, 1500, 2000, 2500, 3000, 3000];
const MAX_UPLOAD_ALT_TEXT = 1000;

/** Draws, uploads and waits until Slack can show it. Never rejects: a chart is never worth an answer. */
export async function drawPicture(ctx: SlackContext, report: Report): Promise<Drawn> {
  const view = report.question.view;
  if (view === 'table') return 'none';
  try {
    const picture = await ctx.charts.render(report, { view });
    if (!picture) return 'none';
    const fileId = await uploadFile(ctx, { picture, report });
    return (await waitUntilReady(ctx, fileId)) ? { fileId, altText: picture.altText } : 'failed';
  } catch (error) {
    ctx.log.warn({ error: String(error), report: report.kind }, 'chart left out of an answer');
    return 'failed';
  }
}

/** Uploads without a channel: nobody sees the file until a message shows it. */
async function uploadFile(
  ctx: SlackContext,
  { picture, report }: { picture: Picture; report: Report },
): Promise<string> {
  const upload = await callSlack(
    () =>
      ctx.client.filesUploadV2({
        file: Buffer.from(picture.png),
        filename: `${fileStem(report)}.png`,
        title: report.title,
        alt_text: picture.altText.slice(0, MAX_UPLOAD_ALT_TEXT),
      }),
    { wait: ctx.wait, repeatable: true },
  );
  const id = (upload as { files?: { files?: { id?: string }[] }[] }).files?.[0]?.files?.[0]?.id;
  if (!id) throw new Error('Slack took the file but gave no id');
  return id;
}

/** A file without a mimetype is still being scanned, and a block that shows it would be refused. */
async function waitUntilReady(ctx: SlackContext, fileId: string): Promise<boolean> {
  for (const pauseMs of [0, ...LOOKS_MS]) {
    if (pauseMs > 0) await ctx.wait(pauseMs);
    const { file } = await callSlack(() => ctx.client.files.info({ file: fileId }), {
      wait: ctx.wait,
      repeatable: true,
    });
    if (file?.mimetype) return true;
  }
  return false;
}

/** `usage_top_clients_2026-11-14_2026-11-20_Europe-Berlin`: what, first and last day, zone. */
export function fileStem(report: Report): string {
  const { question, range, zone } = report;
  const subject =
    question.report === 'top' ? `${question.dimension ?? 'client'}s` : (question.scope ?? question.name ?? '');
  const days = range ? [isoDate(range.firstDay), isoDate(range.lastDay)] : [];
  return [
    'usage',
    question.report,
    subject,
    ...new Set(days.length === 2 && days[0] === days[1] ? [days[0]!] : days),
    zone,
  ]
    .map((part) =>
      part
        .replace(/[^\p{L}\p{N}.-]+/gu, '-')
        .replace(/^-+|-+$/g, '')
        .slice(0, 60),
    )
    .filter((part) => part !== '')
    .join('_');
}

function isoDate(day: number): string {
  return new Date(day * 86_400_000).toISOString().slice(0, 10);
}
