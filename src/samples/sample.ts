import { fitMessage } from '../messages/fit.ts';
import type { Block, Message } from '../messages/text.ts';

/** One message, modal or Home view as it would go to Slack. `name` says which, for people. */
export type Sample = { name: string } & ({ message: Message } | { view: Block });

/** As it is sent: within the limits. */
export function sampleMessage(name: string, message: Message): Sample {
  return { name, message: fitMessage(message) };
}
