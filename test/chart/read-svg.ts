import { measureText, type Weight } from '../../src/chart/text.ts';

export interface DrawnText {
  text: string;
  size: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Lists the texts of a picture with their places. The outlines behind texts are left out. */
export function readTexts(svg: string): DrawnText[] {
  const texts: DrawnText[] = [];
  const shifts: [x: number, y: number][] = [[0, 0]];
  for (const match of svg.matchAll(/<(\/?g|text)\b[^>]*>/g)) {
    const [tag, name] = match;
    if (name === '/g') shifts.pop();
    else {
      const [, dx = '0', dy = '0'] = /translate\(([-\d.e]+),([-\d.e]+)\)/.exec(tag) ?? [];
      const [x, y] = shifts.at(-1)!;
      if (name === 'g') shifts.push([x + Number(dx), y + Number(dy)]);
      else if (!tag.includes('stroke=') && !tag.endsWith('/>'))
        texts.push(...readText(svg.slice(match.index + tag.length), tag, x + Number(dx), y + Number(dy)));
    }
  }
  return texts;
}

function readText(rest: string, tag: string, x: number, y: number): DrawnText[] {
  const body = rest.slice(0, rest.indexOf('</text>'));
  const lines = body.includes('<tspan') ? [...body.matchAll(/>([^<]*)<\/tspan>/g)].map((match) => match[1]!) : [body];
  const size = Number(/font-size="([\d.]+)px"/.exec(tag)![1]);
  const weight = Number(/font-weight="(\d+)"/.exec(tag)?.[1] ?? 400) as Weight;
  const anchor = /text-anchor="(\w+)"/.exec(tag)?.[1];
  return lines.map(toPlain).map((text, line) => {
    const width = measureText(text, size, weight);
    const left = anchor === 'end' ? x - width : anchor === 'middle' ? x - width / 2 : x;
    const bottom = y + line * 18;
    return { text, size, left, right: left + width, top: bottom - size * 0.73, bottom };
  });
}

function toPlain(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
