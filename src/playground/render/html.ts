/** Markup that is safe to put into a page: made by `html` alone, which escapes whatever is put into it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What a template takes: markup as it is, words escaped, lists joined; nothing for what is not there. */
export type Content = Html | string | number | false | null | undefined | readonly Content[];

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#x27;' };

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (char) => ESCAPES[char]!);
}

function toText(content: Content): string {
  if (content === undefined || content === null || content === false) return '';
  if (content instanceof Html) return content.text;
  if (typeof content === 'object') return content.map(toText).join('');
  return escapeText(String(content));
}

/** Templates without their line breaks and indents, which are for whoever reads them here. */
const templates = new WeakMap<TemplateStringsArray, string[]>();

export function html(parts: TemplateStringsArray, ...contents: Content[]): Html {
  const raw = templates.getOrInsertComputed(parts, () => parts.map((part) => part.replace(/\n\s*/g, '')));
  return new Html(String.raw({ raw }, ...contents.map(toText)));
}

/** Attributes as ` name="value"`; those that are undefined or false are left out. */
export function attributes(values: Readonly<Record<string, string | number | boolean | undefined>>): Html {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== false);
  return new Html(set.map(([name, value]) => ` ${name}="${value === true ? '' : escapeText(String(value))}"`).join(''));
}
