import type { App } from '@slack/bolt';
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
import { requireAdmin, serve } from '../failure.ts';
import { publishHome } from '../home.ts';
import { updateView } from '../modals.ts';
import { toActor } from '../perform.ts';
import { prepareChannel } from '../perform-digests.ts';
import { openPools } from '../pools.ts';
import type { RoutingChange } from '../ports.ts';
import type { OnPress } from './actions.ts';
import { askedByPress, type PressBody } from './asked.ts';
import { type Fields, type FormFields, readFields } from './fields.ts';
import { type Faults, faultAt, onForm, type Submitted } from './form.ts';

/** Where the form of where alerts go is opened. */
export function registerRoutingButtons(on: OnPress, ctx: SlackContext): void {
  on(ACTIONS.alertRoute, async ({ asked, person }) => {
    requireAdmin(person);
    await openRouting(ctx, asked);
  });
  on(ACTIONS.alertMore, async ({ asked, person, value }) => {
    requireAdmin(person);
    const alert = /^pools:(.+)$/.exec(value)?.[1];
    if (alert === undefined) return openRouting(ctx, asked);
    await openPools(ctx, asked, await ctx.alerts.findScope(alert));
  });
}

/** The form of where alerts go, while it is filled in and when it is sent. */
export function registerRoutingForm(app: App, ctx: SlackContext): void {
  app.action(new RegExp(`^${ACTIONS.alertForm}:`), async ({ ack, body }) => {
    await ack();
    const press = body as PressBody;
    await serve(ctx, askedByPress(press, ctx.now()), async (person) => {
      requireAdmin(person);
      const form = press.view as unknown as {
        id: string;
        hash: string;
        private_metadata: string;
        state: { values: Fields };
      };
      const { kinds } = await ctx.alerts.routing();
      const metadata = JSON.parse(form.private_metadata) as RoutingMetadata;
      await updateView(ctx, form, buildRoutingModal(metadata, readRouting(form.state.values), kinds));
    });
  });
  onForm<RoutingMetadata>(
    app,
    ctx,
    CALLBACKS.alertRoute,
    (given) => saveRouting(ctx, given),
    async (given) => {
      // Whoever may not is told so after the acknowledgement.
      const { admin } = await ctx.people.find(given.asked.user);
      return admin ? checkRouting(ctx, given) : {};
    },
  );
}

async function saveRouting(ctx: SlackContext, given: Submitted<RoutingMetadata>): Promise<void> {
  const { asked, person } = given;
  requireAdmin(person);
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

/** What stands in the form, with the names of what is chosen by search. */
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
