import { z } from 'zod';

/** Schemas of texts and other parts of blocks: docs.slack.dev/reference/block-kit/composition-objects, blocks/rich-text-block. */

/** Schema of an object with this `type` and these fields only. */
export const typed = <const T extends string, const Shape extends z.core.$ZodLooseShape>(type: T, shape: Shape) =>
  z.strictObject({ type: z.literal(type), ...shape });
export const matching = (pattern: RegExp) => z.string().regex(pattern, `must match pattern: ${pattern.source}`);
export const user = matching(/^[UW][A-Z0-9]+$/);
export const list = <T extends z.ZodType>(item: T, most = 100) => z.array(item).min(1).max(most);
export const flag = z.boolean().optional();
export const id = z.string().min(1).max(255).optional();

/** Schema of a text that is not blank. Slack asks for one character; a lone space is known to work in cells only (vercel/chat#327). */
export const words = (most = 3000) =>
  z
    .string()
    .max(most)
    .refine((text) => text.trim() !== '', 'must be more than 0 characters');

/** Schema of an address that opens in the reader's browser: block-elements/button-element. */
export const address = z
  .string()
  .max(3000)
  .refine((url) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol), 'must be a valid URL');

/** Tokens of a date: docs.slack.dev/messaging/formatting-message-text#date-formatting. A format without one shows no date. */
const DATE_FORMAT =
  /\{(date_num|date_slash|date|date_short|date_long|date_pretty|date_short_pretty|date_long_pretty|time|time_secs|ago)\}/;
/** Tells whether every date in a text's markup has a format with a known token, and a fallback text for old clients. */
function hasRightDates(text: string): boolean {
  const dates = [...text.matchAll(/<!date\^([^>]*)>/g)].map(([, date]) => date!);
  return dates.every((date) => /^\d+\^[^|^]+(\^https?:[^|]+)?\|.+$/.test(date) && DATE_FORMAT.test(date));
}

export const plain = (most?: number) => typed('plain_text', { text: words(most), emoji: flag });
export const mrkdwn = (most?: number) =>
  typed('mrkdwn', { text: words(most).refine(hasRightDates, 'invalid date format'), verbatim: flag });
export const text = (most?: number) => z.discriminatedUnion('type', [plain(most), mrkdwn(most)]);

const style = z
  .strictObject({ bold: flag, italic: flag, strike: flag, code: flag })
  .refine((styles) => Object.keys(styles).length > 0, 'must not be empty')
  .optional();
/** A text leaf may be a line break alone, but not empty: NousResearch/hermes-agent#59621, slack-go/slack#1412. */
const textLeaf = typed('text', { text: z.string().min(1), style });
const linkLeaf = typed('link', { url: address, text: words().optional(), style });
const leaf = z.discriminatedUnion('type', [
  textLeaf,
  linkLeaf,
  typed('user', { user_id: user, style }),
  typed('usergroup', { usergroup_id: matching(/^S[A-Z0-9]+$/), style }),
  typed('channel', { channel_id: matching(/^[CDG][A-Z0-9]+$/), style }),
  typed('emoji', { name: z.string().min(1), unicode: z.string().min(1).optional() }),
  typed('date', {
    timestamp: z.int().min(0),
    format: z.string().regex(DATE_FORMAT, 'invalid date format'),
    fallback: words().optional(),
    url: address.optional(),
    style,
  }),
]);
/**
 * Refuses an empty list. Sources disagree: Block Kit Builder accepts it (slackapi/python-slack-sdk#1576), elsewhere it is a
 * "missing element" (NousResearch/hermes-agent#59621).
 */
const filled = <T extends z.ZodType>(item: T) => z.array(item).min(1, 'missing element');
const leaves = filled(leaf);
const section = typed('rich_text_section', { elements: leaves });
export const richText = z
  .array(
    z.discriminatedUnion('type', [
      section,
      typed('rich_text_list', {
        style: z.enum(['bullet', 'ordered']),
        elements: filled(section),
        indent: z.int().min(0).optional(),
        offset: z.int().min(0).optional(),
      }),
      typed('rich_text_quote', { elements: leaves }),
      // Only text and links: RichTextPreformatted of @slack/types.
      typed('rich_text_preformatted', {
        elements: filled(z.discriminatedUnion('type', [textLeaf, linkLeaf])),
        language: z.string().min(1).optional(),
      }),
    ]),
  )
  .min(1, 'missing element');
