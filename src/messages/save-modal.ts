import { CALLBACKS } from './action-ids.ts';
import { type AnswerReference, type FormPlace, input, modal } from './modal.ts';
import { type Block, option } from './text.ts';

export interface SaveMetadata extends AnswerReference, FormPlace {}

/** A name for a question, and whose view it becomes. */
export function buildSaveModal(metadata: SaveMetadata): Block {
  const owners = [option('Only me', 'user'), option('Everyone in this channel', 'channel')];
  return modal({
    callback: CALLBACKS.saveView,
    title: 'Save as view',
    submit: 'Save',
    metadata,
    blocks: [
      input({
        id: 'name',
        label: 'Name',
        element: { type: 'plain_text_input', max_length: 60 },
        hint: 'Opened again with: open NAME',
      }),
      input({
        id: 'owner',
        label: 'For',
        element: { type: 'radio_buttons', options: owners, initial_option: owners[0] },
      }),
    ],
  });
}
