import { renderMessage, type ShownMessage } from './render/message.ts';
import type { Scene } from './render/scene.ts';

/** HTML by message and reader, with what it was made from. */
const drawn = new WeakMap<ShownMessage['message'], Map<string, { from: string; html: string }>>();

/**
 * Draws a message, or gives what was drawn before for the same reader, theme and day as long as nothing in it has changed:
 * the page asks for a whole conversation every time that something happens, and React's garbage of it is not small.
 */
export function drawMessage(shown: ShownMessage, scene: Scene, today: string): string {
  const byReader = drawn.get(shown.message) ?? new Map<string, { from: string; html: string }>();
  drawn.set(shown.message, byReader);
  const reader = `${scene.reader.id} ${scene.theme} ${shown.inThread}`;
  const from = JSON.stringify([shown.message, shown.replies, today]);
  const known = byReader.get(reader);
  if (known?.from === from) return known.html;
  const html = renderMessage(shown, scene);
  byReader.set(reader, { from, html });
  return html;
}
