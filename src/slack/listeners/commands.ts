import type { SlackContext } from '../context.ts';
import { performText } from '../perform.ts';
import type { Listen } from './listen.ts';

/** `/usage …`: everything that can be typed. */
export function registerCommands(listen: Listen, ctx: SlackContext): void {
  listen.command((asked, person, text) => performText(ctx, asked, person, text));
}
