import type { JsonObject } from '../emulator/types.ts';
import { renderMrkdwn } from './mrkdwn.ts';
import type { ReactNode, Scene } from './scene.ts';
import { withSigns } from './signs.ts';

/** A text object: `mrkdwn` is markup, `plain_text` is not. */
export function renderText(object: unknown, scene: Scene): ReactNode {
  const { type, text } = (object ?? {}) as JsonObject;
  if (typeof text !== 'string') return '';
  return type === 'mrkdwn' ? renderMrkdwn(text, scene) : withSigns(text);
}

/** The words of a plain_text object. */
export function plainOf(object: unknown, otherwise = ''): string {
  const { text } = (object ?? {}) as JsonObject;
  return typeof text === 'string' ? text : otherwise;
}
