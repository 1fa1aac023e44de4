/** Markup that is safe to put into a page. Make it with `html`, which escapes the texts put into it. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Contents of a template: markup is kept, text is escaped, lists are joined; false, null and undefined become nothing. */
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

/** Templates without the line breaks and indents that they have for readers of the source. */
const templates = new WeakMap<TemplateStringsArray, string[]>();

export function html(parts: TemplateStringsArray, ...contents: Content[]): Html {
  const raw = templates.getOrInsertComputed(parts, () => parts.map((part) => part.replace(/\n\s*/g, '')));
  return new Html(String.raw({ raw }, ...contents.map(toText)));
}

/** Writes attributes as ` name="value"`. Undefined and false ones are left out; true ones get an empty value. */
export function attributes(values: Readonly<Record<string, string | number | boolean | undefined>>): Html {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== false);
  return new Html(set.map(([name, value]) => ` ${name}="${value === true ? '' : escapeText(String(value))}"`).join(''));
}
