import { createPoolAdmin } from '../admin/pool-admin.ts';
import { parseDay } from '../domain/calendar.ts';
import { DIGEST_SECTIONS } from '../domain/digest.ts';
import type { Filter } from '../domain/filter.ts';
import type { Question } from '../domain/report.ts';
import { buildClients, buildScope, buildScopes } from '../messages/declaration-lists.ts';
import { buildClosedHome, buildHome, buildSent } from '../messages/home.ts';
import { MAX_INPUT_TEXT } from '../messages/limits.ts';
import { toText } from '../messages/repair.ts';
import { type Block, option } from '../messages/text.ts';
import { ROUTING_FORM } from '../slack/alerts.ts';
import { ALERT_FORM, FILTER_FORM, SAVE_FORM } from '../slack/answer-forms.ts';
import { cureOf } from '../slack/client/errors.ts';
import { ASK_FORM } from '../slack/commands.ts';
import { POOL_FORM, TEXT_FORM, toChange } from '../slack/declaration-form.ts';
import { CLIENT_FORM, SCOPE_FORM } from '../slack/declaration-windows.ts';
import { DIGEST_FORM } from '../slack/digests.ts';
import { whyClosed } from '../slack/permissions.ts';
import type { ClientSummary, PoolSummary, ScopeSummary } from '../slack/ports.ts';
import { refit } from '../slack/views.ts';
import { listAlerts, listAudit, listSampleDigests, SAMPLE_CONFIG } from './sample-notices.ts';
import { SAMPLE_NOW, SAMPLE_ZONE, type Sample, type SampleNames, type SampleWorld } from './sample-world.ts';

const PERSON = 'U0123456789';
const NO_POOL = {
  ...{ name: '', anchor: '', from: '', until: '', base: '', max: '', priority: '', thresholds: '', valid_from: '' },
  grants: [],
};

/** Lists every form and window, new and filled in, and the Home tab. */
export async function listViewSamples(world: SampleWorld, names: SampleNames): Promise<Sample[]> {
  const pools = createPoolAdmin({ db: world.db, calendar: world.calendar, now: () => world.nowMs });
  const scopes = await pools.list();
  return [
    ...listAnswerForms(names),
    ...listRoutingForms(),
    ...listPoolForms(scopes),
    ...listClientForms(await pools.clients()),
    view('Pools as text', TEXT_FORM.build({}, await pools.show(scopes[0]?.name))),
    view('Pools as text, of all scopes', TEXT_FORM.build({}, await pools.show(undefined))),
    view('Pools as text, too long', TEXT_FORM.build({}, '#'.repeat(MAX_INPUT_TEXT + 1))),
    view('That it was sent to Messages', buildSent()),
    view('That lost a field', listLost(names)),
    ...(await listHomes(world, names)),
  ];
}

/** Builds a form after Slack refused one of its fields. */
function listLost(names: SampleNames): Block {
  const form = FILTER_FORM.build({}, [{ key: 'client', not: false, patterns: names.clients }]);
  const blocks = form.blocks as Block[];
  return refit(form, [...blocks.slice(0, 1).flatMap((block) => toText(block) ?? []), ...blocks.slice(1)]);
}

function view(name: string, blocks: Block): Sample {
  return { name: `Form: ${name}`, view: blocks };
}

function listClientForms(clients: readonly ClientSummary[]): Sample[] {
  return [
    view('Clients', buildClients(clients, 'Saved.')),
    view('Clients, where there are none', buildClients([])),
    view('New client', CLIENT_FORM.build({}, {})),
    ...clients.slice(0, 1).map(({ fields, basis }) => view('Change client', CLIENT_FORM.build({ basis }, fields))),
  ];
}

function listAnswerForms({ clients, users }: SampleNames): Sample[] {
  const question: Question = { report: 'top', dimension: 'client', range: '7d' };
  const about = { answerId: 'sample0000', question };
  const filters: Filter[] = [
    { key: 'client', not: false, patterns: clients },
    { key: 'user', not: false, patterns: users },
    { key: 'status', not: false, patterns: ['429', '5xx'] },
  ];
  // Slack limits the data of a form: keep three patterns of each filter.
  const limits = { filters: filters.map((filter) => ({ ...filter, patterns: filter.patterns.slice(0, 3) })) };
  const keys = DIGEST_SECTIONS.map(({ key }) => key);
  const digest = {
    ...{ channel: 'C0123456789', rhythm: 'daily', time: '09:00', zone: SAMPLE_ZONE, sections: keys, thread: keys },
    ...{ next: `Next: 22 Nov 2026 09:00 (${SAMPLE_ZONE})`, only: undefined },
  };
  return [
    view('Filters', FILTER_FORM.build(about, filters)),
    view('Filters, none chosen', FILTER_FORM.build({}, [])),
    view('Save as view', SAVE_FORM.build(about, undefined)),
    view('Set an alert', ALERT_FORM.build(about, { counted: clients.join(', '), route: 'the admins' })),
    view('Ask in a thread', ASK_FORM.build({}, undefined)),
    view('New digest', DIGEST_FORM.build(limits, { ...digest, only: clients.join(', ').slice(0, 500) })),
    view('Change a digest', DIGEST_FORM.build({ id: 1 }, { ...digest, next: 'daily 09:00 UTC' })),
  ];
}

function listRoutingForms(): Sample[] {
  const fields = {
    ...({ to: 'channel', channel: 'C0123456789', who: 'group', person: '' } as const),
    ...{ group: option('on-call', 'S0123456789'), kinds: ['level', 'rate'] },
  };
  const build = (change: object, about = {}) => ROUTING_FORM.build(about, { ...fields, ...change });
  return [
    view('Alert routing', build({})),
    view('Alert routing, to one person', build({ channel: '', who: 'person', person: PERSON, group: undefined })),
    view('Alert routing, without groups', build({ who: 'nobody', group: undefined }, { noGroups: true })),
    view('Alert routing, to nobody', build({ to: 'admins', who: 'nobody', group: undefined, kinds: [] })),
  ];
}

function listPoolForms(scopes: readonly ScopeSummary[]): Sample[] {
  const periods = ['rolling-24h', 'day', 'month', 'year', 'once'];
  const shown = scopes
    .slice(0, 1)
    .flatMap((scope) => [
      view('One scope', buildScope(scope, 'Saved: the amount of a pool.')),
      view('One scope, with plans', buildScope({ ...scope, pools: scope.pools.map(plan), limits: [] })),
      ...scope.pools
        .slice(0, 1)
        .map((pool) =>
          view(
            'Change a planned pool',
            POOL_FORM.build(...toChange({ scope: scope.name, part: 'pools' }, plan(pool), false)),
          ),
        ),
      view('Change scope', SCOPE_FORM.build({ scope: scope.name, basis: scope.basis }, scope.fields)),
      ...(['pools', 'limits'] as const).flatMap((part) =>
        scope[part].flatMap((summary) =>
          [false, true].map((more) =>
            view(
              `Change ${part === 'pools' ? 'pool' : 'limit'} ${summary.pool.name}${more ? ', with another grant' : ''}`,
              POOL_FORM.build(...toChange({ scope: scope.name, part }, summary, more)),
            ),
          ),
        ),
      ),
    ]);
  const about = { scope: scopes[0]?.name ?? 'crm', part: 'pools', grants: [0] } as const;
  return [
    view('Pools', buildScopes(scopes, 'Saved.')),
    view(
      'Pools, more than one looks through',
      buildScopes(
        Array.from({ length: 40 }, () => scopes)
          .flat()
          .slice(0, 40),
      ),
    ),
    view('Pools, where there are none', buildScopes([])),
    view('New scope', SCOPE_FORM.build({}, {})),
    ...periods.map((period) =>
      view(`New pool: ${period}`, POOL_FORM.build({ ...about, grants: [0] }, { fields: { ...NO_POOL, period } })),
    ),
    ...shown,
  ];
}

function plan(pool: PoolSummary): PoolSummary {
  return { ...pool, planned: parseDay('2026-12-01') };
}

async function listHomes({ reporter, nowMs }: SampleWorld, names: SampleNames): Promise<Sample[]> {
  const digests = listSampleDigests();
  const person = { id: PERSON, name: 'ann', zone: SAMPLE_ZONE, fullMember: true, mayView: true, admin: true };
  const member = {
    report: await reporter.answer({ report: 'summary' }, nowMs),
    digests: digests.slice(0, 5),
    views: names.clients.map((name) => ({ name })),
    alerts: listAlerts(names),
    admin: undefined,
    person,
    config: SAMPLE_CONFIG,
    command: '/usage',
  };
  const admin = {
    sources: names.clients.join(', '),
    failed: [
      { kind: 'alert', channel: 'C0123456789', dueMs: nowMs, why: cureOf('not_in_channel') },
      { kind: 'webhook', channel: 'webhook', dueMs: nowMs, why: 'HTTP 500' },
    ],
    orphans: digests,
    audit: listAudit(names).slice(0, 5),
    version: '0.1.0',
    lastTickMs: SAMPLE_NOW,
  };
  const home = (name: string, blocks: readonly Block[]): Sample => ({ name, view: { type: 'home', blocks } });
  return [
    home('Home, of a member', buildHome({ ...member, digests: [], views: [] })),
    home('Home, of an admin', buildHome({ ...member, admin })),
    home('Home, before the first event', buildHome({ ...member, report: { ...member.report, asOfMs: 0 } })),
    home('Home, of somebody who may not', buildClosedHome(whyClosed({ ...person, fullMember: false }, 'Headroom')!)),
  ];
}
