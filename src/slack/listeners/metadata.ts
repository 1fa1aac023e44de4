import { HeadroomError } from '../../errors.ts';
import type { Asked } from '../context.ts';

/** What a window carries (`private_metadata`), or a button (`value`), as an object. Throws for anything else. */
export function readMetadata<T extends object>(text: string | undefined): T {
  const value = parse(text || '{}');
  if (typeof value === 'object' && value !== null) return value as T;
  throw new HeadroomError('question', 'This window is out of date: close it and open it again.');
}

/** The place that a form was opened from, as the form carries it. */
export function readPlace(
  text: string | undefined,
): Partial<Pick<Asked, 'channel' | 'threadTs' | 'inThread' | 'responseUrl'>> {
  const value = parse(text || '{}');
  const { channel, threadTs, inThread, responseUrl } = (typeof value === 'object' && value ? value : {}) as Asked;
  return {
    ...(channel ? { channel } : {}),
    ...(threadTs ? { threadTs } : {}),
    ...(inThread ? { inThread } : {}),
    ...(responseUrl ? { responseUrl } : {}),
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
