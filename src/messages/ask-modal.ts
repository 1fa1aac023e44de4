import { CALLBACKS } from './action-ids.ts';
import { type FormPlace, input, modal } from './modal.ts';
import type { Block } from './text.ts';

export interface AskMetadata extends FormPlace {
  responseUrl?: string | undefined;
}

/** The form that asks for a command to answer in the thread of a message, where slash commands do not work. */
export function buildAskModal(metadata: AskMetadata): Block {
  return modal({
    callback: CALLBACKS.ask,
    title: 'Usage in this thread',
    submit: 'Answer here',
    metadata,
    blocks: [
      input({
        id: 'text',
        label: 'What do you want to know?',
        optional: true,
        element: { type: 'plain_text_input', max_length: 500 },
        hint: 'For example: top clients 7d · status today · client "Acme CRM" 30d. Empty: the usage cards.',
      }),
    ],
  });
}
