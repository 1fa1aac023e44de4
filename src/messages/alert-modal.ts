import { CALLBACKS } from './action-ids.ts';
import { type AnswerReference, type FormPlace, input, modal } from './modal.ts';
import { type Block, clip, option, richText } from './text.ts';

export interface AlertMetadata extends AnswerReference, FormPlace {}

const MAX_NAME = 60;
const OVER = '1000';

/** A bound on what an answer counts. `counted`: what that is, in the words of a filter, or all requests. */
export function buildAlertModal(
  metadata: AlertMetadata,
  { counted, route }: { counted: string; route: string },
): Block {
  const pers = [option('in one hour', 'hour'), option('in one day', 'day')];
  return modal({
    callback: CALLBACKS.alert,
    title: 'Set an alert',
    submit: 'Save',
    metadata,
    blocks: [
      richText(`Counts: ${clip(counted, 500)}`),
      input({
        id: 'name',
        label: 'Name',
        element: { type: 'plain_text_input', max_length: MAX_NAME, initial_value: clip(counted, MAX_NAME) },
        hint: `What the alert is called. It goes to ${route}.`,
      }),
      input({
        id: 'over',
        label: 'Alert above',
        element: { type: 'number_input', is_decimal_allowed: false, min_value: '0', initial_value: OVER },
      }),
      input({
        id: 'per',
        label: 'Requests',
        element: { type: 'radio_buttons', options: pers, initial_option: pers[0] },
      }),
    ],
  });
}
