import { ACTIONS } from '../../messages/action-ids.ts';
import { NEXT_RUNS_BLOCK } from '../../messages/digest-modal.ts';
import { type Block, plainContext } from '../../messages/text.ts';
import type { SlackContext } from '../context.ts';
import { describeNextRuns, updateView } from '../modals.ts';
import { type Fields, readFields, toSchedule } from './fields.ts';
import type { Listen } from './listen.ts';

/** A form as Slack hands it back. */
interface OpenForm {
  id: string;
  hash: string;
  callback_id: string;
  title: object;
  submit: object;
  close: object;
  private_metadata: string;
  blocks: { block_id?: string }[];
  state: { values: Fields };
}

/** While days, time and zone of a digest are chosen, its form shows the next three runs. */
export function registerDigestForm(listen: Listen, ctx: SlackContext): void {
  listen.press(ACTIONS.digestWhen, ({ person, body }) =>
    showNextRuns(ctx, body.view as unknown as OpenForm, person.zone),
  );
}

async function showNextRuns(ctx: SlackContext, form: OpenForm, zone: string): Promise<void> {
  const line = await describeNextRuns(ctx, toSchedule(readFields(form.state.values).field), zone);
  const next = { ...plainContext(line), block_id: NEXT_RUNS_BLOCK };
  const { callback_id, title, submit, close, private_metadata, blocks } = form;
  const view: Block = {
    ...{ type: 'modal', callback_id, title, submit, close, private_metadata },
    blocks: blocks.map((block) => (block.block_id === NEXT_RUNS_BLOCK ? next : block)),
  };
  await updateView(ctx, form, view);
}
