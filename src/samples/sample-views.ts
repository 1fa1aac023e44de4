import { createPoolAdmin } from '../admin/pool-admin.ts';
import { ALERT_KINDS } from '../domain/alert.ts';
import { DIGEST_SECTIONS } from '../domain/digest.ts';
import type { Filter } from '../domain/filter.ts';
import type { Question } from '../domain/report.ts';
import { buildAlertForm, buildAskForm, buildFilterForm, buildSaveForm } from '../messages/answer-forms.ts';
import { buildClientForm, buildClients } from '../messages/client-form.ts';
import { buildDigestForm, defaultSchedule } from '../messages/digest-form.ts';
import { buildHome, buildRefusedHome } from '../messages/home.ts';
import { buildChangeForm, buildPoolForm, buildScopeForm, buildTextForm } from '../messages/pool-form.ts';
import { buildScope, buildScopes } from '../messages/pool-list.ts';
import { buildRoutingForm, type Routing } from '../messages/routing-form.ts';
import { type Block, option } from '../messages/text.ts';
import type { ClientSummary, ScopeSummary } from '../slack/ports.ts';
import { listAlerts, listAudit, listSampleDigests, SAMPLE_CONFIG } from './sample-notices.ts';
import { SAMPLE_NOW, SAMPLE_ZONE, type Sample, type SampleNames, type SampleWorld } from './sample-world.ts';

const PLACE = { channel: 'C0123456789', threadTs: '1795165200.000000', inThread: true };
const PERSON = 'U0123456789';
const NO_POOL = {
  ...{ name: '', anchor: '', from: '', until: '', base: '', max: '', priority: '', thresholds: '', valid_from: '' },
  grants: [],
};
const NO_CLIENT = { name: '', ids: '', owner: '', team: '' };
const NO_SCOPE = { name: '', title: '', rate_limit_per_minute: '', 'links.addon': '', 'links.upgrade': '' };

/** Every form and window, new and filled in, and the Home tab. */
export async function listViewSamples(world: SampleWorld, names: SampleNames): Promise<Sample[]> {
  const pools = createPoolAdmin({ db: world.db, calendar: world.calendar, now: () => world.nowMs });
  const scopes = await pools.list();
  return [
    ...listAnswerForms(names),
    ...listRoutingForms(),
    ...listPoolForms(scopes),
    ...listClientForms(await pools.clients()),
    view('Pools as text', buildTextForm(PLACE, await pools.show(scopes[0]?.name))),
    view('Pools as text, of all scopes', buildTextForm(PLACE, await pools.show(undefined))),
    ...(await listHomes(world, names)),
  ];
}

function view(name: string, blocks: Block): Sample {
  return { name: `Form: ${name}`, view: blocks };
}

function listClientForms(clients: readonly ClientSummary[]): Sample[] {
  return [
    view('Clients', buildClients(PLACE, clients, 'Saved.')),
    view('Clients, where there are none', buildClients(PLACE, [])),
    view('New client', buildClientForm(PLACE, NO_CLIENT)),
    ...clients
      .slice(0, 1)
      .map(({ fields, basis }) => view('Change client', buildClientForm({ ...PLACE, basis }, fields))),
  ];
}

function listAnswerForms({ clients, users }: SampleNames): Sample[] {
  const question: Question = { report: 'top', dimension: 'client', range: '7d' };
  const about = { ...PLACE, answerId: 'sample0000', question, responseUrl: 'https://hooks.slack.com/actions/T0/1/x' };
  const filters: Filter[] = [
    { key: 'client', not: false, patterns: clients },
    { key: 'user', not: false, patterns: users },
    { key: 'status', not: false, patterns: ['429', '5xx'] },
  ];
  // As much as the form is opened with.
  const limits = { filters: filters.map((filter) => ({ ...filter, patterns: filter.patterns.slice(0, 3) })) };
  const digest = {
    ...{ zone: SAMPLE_ZONE, sections: DIGEST_SECTIONS, channel: PLACE.channel },
    next: `Next: 22 Nov 2026 09:00 (${SAMPLE_ZONE})`,
  };
  return [
    view('Filters', buildFilterForm(about, filters)),
    view('Filters, none chosen', buildFilterForm(PLACE, [])),
    view('Save as view', buildSaveForm(about)),
    view('Set an alert', buildAlertForm(about, { counted: clients.join(', '), route: 'the admins' })),
    view('Ask in a thread', buildAskForm(PLACE)),
    view('New digest', buildDigestForm({ ...digest, limits, only: clients.join(', ').slice(0, 500) })),
    view(
      'Change a digest',
      buildDigestForm({ ...digest, digest: listSampleDigests()[0], next: defaultSchedule('UTC') }),
    ),
  ];
}

function listRoutingForms(): Sample[] {
  const kinds = ALERT_KINDS.map(({ kind, title, on }) => ({ kind, title, on }));
  const fields: Routing = {
    ...({ to: 'channel', channel: PLACE.channel, who: 'group', person: '' } as const),
    ...{ group: option('on-call', 'S0123456789'), kinds: ['level', 'rate'] },
  };
  return [
    view('Alert routing', buildRoutingForm(PLACE, fields, kinds)),
    view(
      'Alert routing, to one person',
      buildRoutingForm(PLACE, { ...fields, channel: '', who: 'person', person: PERSON, group: undefined }, kinds),
    ),
    view(
      'Alert routing, to nobody',
      buildRoutingForm(PLACE, { ...fields, to: 'admins', who: 'nobody', group: undefined, kinds: [] }, kinds),
    ),
  ];
}

function listPoolForms(scopes: readonly ScopeSummary[]): Sample[] {
  const periods = ['rolling-24h', 'day', 'month', 'year', 'once'];
  const shown = scopes
    .slice(0, 1)
    .flatMap((scope) => [
      view('One scope', buildScope(PLACE, scope, 'Saved: the amount of a pool.')),
      view('Change scope', buildScopeForm({ ...PLACE, scope: scope.name, basis: scope.basis }, scope.fields)),
      ...(['pools', 'limits'] as const).flatMap((part) =>
        scope[part].flatMap((summary) =>
          [false, true].map((more) =>
            view(
              `Change ${part === 'pools' ? 'pool' : 'limit'} ${summary.pool.name}${more ? ', with another grant' : ''}`,
              buildChangeForm(PLACE, { scope: scope.name, part, summary, more }),
            ),
          ),
        ),
      ),
    ]);
  return [
    view('Pools', buildScopes(PLACE, scopes, 'Saved.')),
    view('Pools, where there are none', buildScopes(PLACE, [])),
    view('New scope', buildScopeForm(PLACE, NO_SCOPE)),
    ...periods.map((period) =>
      view(
        `New pool: ${period}`,
        buildPoolForm(
          { ...PLACE, scope: scopes[0]?.name ?? 'crm', part: 'pools', grants: [0] },
          { ...NO_POOL, period },
        ),
      ),
    ),
    ...shown,
  ];
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
    failed: [{ kind: 'alert', channel: PLACE.channel, dueMs: nowMs, error: 'not_in_channel' }],
    orphans: digests,
    audit: listAudit(names).slice(0, 5),
    version: '0.1.0',
    lastTickMs: SAMPLE_NOW,
  };
  const home = (name: string, blocks: readonly Block[]): Sample => ({ name, view: { type: 'home', blocks } });
  return [
    home('Home, of a member', buildHome({ ...member, digests: [], views: [] })),
    home('Home, of an admin', buildHome({ ...member, admin })),
    home('Home, of somebody who may not see it', buildRefusedHome()),
  ];
}
