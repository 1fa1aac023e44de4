import { ACTIONS, CALLBACKS } from '../../messages/action-ids.ts';
import { buildNotice } from '../../messages/answer-message.ts';
import {
  buildRoutingModal,
  describeRouting,
  type RoutingFields,
  type RoutingMetadata,
} from '../../messages/routing-modal.ts';
import type { Option } from '../../messages/text.ts';
import { openRouting } from '../alert-routing.ts';
import { type SlackContext, tellPrivately } from '../context.ts';
import { publishHome } from '../home.ts';
import { updateView } from '../modals.ts';
import { prepareChannel } from '../perform-digests.ts';
import { toActor } from '../permissions.ts';
import { openPools } from '../pool-windows.ts';
import type { RoutingChange } from '../ports.ts';
import { readMetadata } from './asked.ts';
import { type Fields, type FormFields, readFields } from './fields.ts';
import { type Faults, faultAt, type Listen, type Submitted } from './listen.ts';

/** Registers the form of where alerts go: opened, refreshed while it is filled in, and sent. */
export function registerRouting(listen: Listen, ctx: SlackContext): void {
  listen.press(ACTIONS.alertRoute, ({ asked }) => openRouting(ctx, asked), 'admin');
  listen.press(
    ACTIONS.alertMore,
    async ({ asked, value }) => {
      const alert = /^pools:(.+)$/.exec(value)?.[1];
      if (alert === undefined) return openRouting(ctx, asked);
      await openPools(ctx, asked, await ctx.alerts.findScope(alert));
    },
    'admin',
  );
  listen.press(ACTIONS.alertForm, ({ body }) => reshape(ctx, body.view as unknown as OpenForm), 'admin');
  listen.form<RoutingMetadata>(CALLBACKS.alertRoute, {
    needs: 'admin',
    check: (given) => checkRouting(ctx, given),
    submit: (given) => saveRouting(ctx, given),
  });
}

interface OpenForm {
  id: string;
  hash: string;
  private_metadata: string;
  state: { values: Fields };
}

/** Another choice brings other fields. */
async function reshape(ctx: SlackContext, form: OpenForm): Promise<void> {
  const { kinds } = await ctx.alerts.routing();
  const metadata = readMetadata<RoutingMetadata>(form.private_metadata);
  await updateView(ctx, form, buildRoutingModal(metadata, readRouting(form.state.values), kinds));
}

async function saveRouting(ctx: SlackContext, given: Submitted<RoutingMetadata>): Promise<void> {
  const { asked, person } = given;
  const changed = await ctx.alerts.changeRouting(toChange(given), toActor(person));
  const notice = buildNotice(changed ? [] : ['Nothing differs: nothing changed.'], [
    { label: 'Alerts', command: 'alerts' },
    { label: 'Send a test alert', command: 'alerts test' },
  ]);
  const { text, blocks } = describeRouting(await ctx.alerts.routing());
  await tellPrivately(ctx, asked, {
    text: `${notice.text} ${text}`.trim(),
    blocks: [...blocks, ...notice.blocks],
  });
  if (asked.channel === '') await publishHome(ctx, person);
}

/** A choice that was sent before the field that it brings stood there has its fault at the choice. */
async function checkRouting(ctx: SlackContext, { field, has }: FormFields): Promise<Faults> {
  const [to, who, channel] = [field('to'), field('who'), field('channel')];
  const faults: Faults = {};
  if (to === 'channel' && channel === '') faults[has('channel') ? 'channel' : 'to'] = 'Choose the channel.';
  else if (to === 'channel') Object.assign(faults, await faultAt('channel', () => prepareChannel(ctx, channel)));
  if (who !== 'nobody' && field(who) === '') faults[has(who) ? who : 'who'] = `Choose the ${who}.`;
  else if (who === 'person') Object.assign(faults, await checkPerson(ctx, field('person')));
  return faults;
}

async function checkPerson(ctx: SlackContext, person: string): Promise<Faults> {
  const { fullMember, name } = await ctx.people.find(person);
  return fullMember ? {} : { person: `${name} is no full member of this workspace: choose somebody who is.` };
}

function toChange({ field, choices }: FormFields): RoutingChange {
  const who = field('who');
  return {
    channel: field('to') === 'channel' ? field('channel') : null,
    mention: who === 'nobody' ? null : field(who),
    kinds: choices('kinds'),
  };
}

/** Reads the form as filled in, with the names of what is chosen by search. */
function readRouting(values: Fields): RoutingFields {
  const { field, choices } = readFields(values);
  const group = Object.values(values.group ?? {})[0]?.selected_option as Option | null | undefined;
  return {
    to: field('to') as RoutingFields['to'],
    channel: field('channel'),
    who: field('who') as RoutingFields['who'],
    group: group ?? undefined,
    person: field('person'),
    kinds: choices('kinds'),
  };
}
