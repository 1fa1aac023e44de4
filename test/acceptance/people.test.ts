import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { typePools } from '../support/pool-text.ts';
import { between, calls, EVENTS, lastWeek, NOW, POOLS } from './sample.ts';
import { ADMIN, ALICE, CHANNEL, grouped, ONCALL, type Stage, startStage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage({ nowMs: NOW, pools: POOLS, zone: 'Europe/Berlin' });
  await stage.send(EVENTS);
});
afterAll(async () => {
  stage.slack.assertNoProblems();
  await stage.stop();
});

const pressRun = async (label: string, seen: Awaited<ReturnType<Stage['ask']>>) => {
  const buttons = seen.message.blocks!.flatMap(
    (block) => (block.elements ?? []) as { action_id: string; text: { text: string } }[],
  );
  const button = buttons.find(({ text }) => text?.text === label);
  expect(button, `a button ${label}`).toBeDefined();
  return stage.see(() => stage.slack.click({ user: ALICE, message: seen.message, action_id: button!.action_id }));
};

describe('what people type', () => {
  it('takes the one client that begins so, and says it', async () => {
    const seen = await stage.ask('client acme 7d');
    expect(seen.text).toContain(`Acme CRM made ${calls(berlinWeek('Acme CRM'))} requests`);
    expect(seen.text).toContain('“acme” was read as Acme CRM.');
  });

  it.each(['how many calls did ACME crm make in the last 7 days', 'acme crm 7d', 'client "ACME CRM" 7d'])(
    'knows a name in any case: %s',
    async (text) => {
      expect((await stage.ask(text)).text).toContain(`Acme CRM made ${calls(berlinWeek('Acme CRM'))} requests`);
    },
  );

  it('offers the name that a part of one may mean', async () => {
    const seen = await stage.ask('how many calls did Acme make in the last 7 days');
    expect(seen.text).toContain("I don't know “Acme”");
    expect((await pressRun('how many calls did "Acme CRM" make in the last 7 days', seen)).text).toContain(
      'Acme CRM made 49 requests',
    );
  });

  it('knows a route by its last word', async () => {
    const seen = await stage.ask('coql last week');
    expect(seen.text).toContain('/crm/v7/coql got');
    expect((await stage.ask('route /crm/v7/coql last week')).table).toEqual(seen.table);
  });

  it('asks which of two names is meant', async () => {
    await stage.send([{ id: 'acmeo', time: new Date(NOW).toISOString(), client: 'Acme CRM old', scope: 'public-api' }]);
    const seen = await stage.ask('client acm');
    expect(seen.text).toContain('No client is called “acm”');
    expect(seen.controls).toEqual(expect.arrayContaining(['Acme CRM', 'Acme CRM old']));
    expect((await pressRun('Acme CRM old', seen)).text).toContain('None: no requests by Acme CRM old');
  });

  it('finds a name that is no client elsewhere', async () => {
    const scope = await stage.ask('client crm');
    expect(scope.text).toContain('No client is called “crm”');
    expect((await pressRun('Pools of crm', scope)).text).toContain('Monthly credits');
    expect((await stage.ask('how is crm')).text).toContain('Monthly credits');
    const user = await stage.ask('client Ana last week');
    expect((await pressRun('Calls of the user ana', user)).text).toMatch(/\/crm\/v8\/Leads[\s\S]*Filters: user:ana/);
    expect((await stage.ask('how many calls did Ana make last week')).text).toMatch(/Filters: user:ana/);
  });

  it('does not answer for now where another day was asked for', async () => {
    expect((await stage.ask('usage yesterday')).table[0]![0]).toBe('Hour');
    expect((await stage.ask('usage of "acme crm" 7d')).text).toContain('49 requests');
  });

  it('offers names that look like mentions so that their buttons ask for them', async () => {
    const name = '<@U01ALICE> & <!channel>';
    await stage.send([{ id: 'mention', time: new Date(NOW).toISOString(), client: name, scope: 'crm' }]);
    const seen = await stage.ask('client "&lt;@U01ALICF&gt; &amp; &lt;!channel&gt;" today');
    expect(seen.text).toContain('No client is called');
    expect((await pressRun(name, seen)).text).toContain(`${name} made 1 request`);
  });

  it('offers the nearest command for a slip of the hand', async () => {
    const seen = await stage.ask('tpo clients');
    expect(seen.text).toContain("I don't know “tpo”");
    expect((await pressRun('top clients', seen)).text).toContain('Orchestrator');
  });

  it('offers ranges that can be for one that cannot', async () => {
    for (const command of ['status 2027-01-01', 'export status 2027-01-01']) {
      const seen = await stage.ask(command);
      expect(seen.text).toContain('still to come');
      expect(seen.controls.length, command).toBeGreaterThan(0);
      expect((await pressRun(seen.controls[0]!, seen)).table[0]![0]).toBe('Status');
    }
  });

  it('does not answer a what-if about a quantity that there is not', async () => {
    const seen = await stage.ask('pool bigin if seats=25');
    expect(seen.text).toContain('No quantity is called “seats”; there are Users.');
    expect((await pressRun('Users = 25', seen)).text).toContain('of 56,250');
    expect((await stage.ask('licences if users=25')).text).toMatch(/45 licences[\s\S]*What if: 25 users/);
  });

  it('reads hours as hours, and exports them exactly', async () => {
    const seen = await stage.ask('day 2026-11-20');
    expect(seen.table.slice(1, 3).map(([hour]) => hour)).toEqual(['00:00', '01:00']);
    expect(seen.text).toMatch(/busiest at \d\d:00 with/);
    const [first] = await stage.csv('day 2026-11-20');
    expect(first!.hour).toBe('2026-11-20T00:00+01:00');
    expect(Object.keys(first!)).not.toContain('label');
    expect((await stage.ask('daily 7d')).text).toMatch(/busiest on \d+ Nov with/);
  });
});

describe('what a team would miss', () => {
  it('counts late events on the day of their call', async () => {
    const before = await stage.ask('daily 2026-11-05..2026-11-06');
    await stage.send([{ id: 'late', time: '2026-11-05T12:00:00Z', client: 'portal', scope: 'carriers', count: 5 }]);
    const after = await stage.ask('daily 2026-11-05..2026-11-06');
    const count = (seen: typeof before, row: number) => Number(seen.table[row]![1]!.replaceAll(',', ''));
    expect(count(after, 1) - count(before, 1)).toBe(5);
    expect(count(after, 2)).toBe(count(before, 2));
  });

  it('weighs calls by route, kind and records, also with nothing', async () => {
    await apply(`
scopes:
  - name: weighed
    costs:
      - { kind: seen, credits: 0 }
      - { route: /v1/records, credits: 1, per_records: 10, max: 10 }
      - { route: /v1/bulk, credits: 50 }
    pools: [{ name: Pool, period: month, base: 1000 }]
`);
    const call = { time: new Date(NOW).toISOString(), client: 'portal', scope: 'weighed', status: 200 };
    await stage.send([
      { ...call, id: 'w1', kind: 'seen', count: 40 },
      { ...call, id: 'w2', route: '/v1/records', records: 95 },
      { ...call, id: 'w3', route: '/v1/records', records: 900 },
      { ...call, id: 'w4', route: '/v1/bulk' },
      { ...call, id: 'w5', route: '/v1/other', count: 3 },
      { ...call, id: 'w6', route: '/v1/other', credits: 2.5 },
    ]);
    const seen = await stage.ask('pool weighed');
    expect(seen.table[1]).toEqual(expect.arrayContaining(['75.5', '1,000', '924.5']));
    expect((await stage.ask('today scope:weighed')).text).toContain('47 requests');
  });

  it('caps a pool, and takes the thresholds that it is given', async () => {
    await apply(`
scopes:
  - name: capped
    pools: [{ name: Pool, period: day, base: 50, grants: [{ name: Users, quantity: 10, each: 50 }], max: 200, thresholds: [40, 60] }]
`);
    await stage.send([{ id: 'c1', time: new Date(NOW).toISOString(), client: 'portal', scope: 'capped', count: 90 }]);
    const seen = await stage.ask('pool capped');
    expect(seen.table[1]).toEqual(expect.arrayContaining(['90', '200', '110', '45%', 'approaching']));
    expect(seen.words).toMatch(/50 \+ 10 × 50 Users.*200/);
    await stage.slack.waitFor(
      () => stage.slack.messages(ONCALL).find(({ text }) => text.includes('capped has used 45% of its pool')),
      'the alert at 40%',
    );
  });

  it('shows overage, and blocks nothing', async () => {
    await stage.send([{ id: 'c2', time: new Date(NOW).toISOString(), client: 'portal', scope: 'capped', count: 150 }]);
    expect((await stage.ask('today scope:capped')).text).toContain('240 requests');
    const { words, table } = await stage.ask('pool capped');
    expect(table[1]).toEqual(expect.arrayContaining(['200', '0', '100%', 'exhausted']));
    expect(words).toContain('Overage\n40');
  });

  it('records but does not draw on metering holidays', async () => {
    await apply(`
scopes:
  - name: resting
    pools: [{ name: Pool, period: month, base: 1000 }]
holidays: [{ scope: resting, from: 2026-11-20, until: 2026-11-22 }]
`);
    await stage.send([{ id: 'h1', time: new Date(NOW).toISOString(), client: 'portal', scope: 'resting', count: 90 }]);
    expect((await stage.ask('today scope:resting')).text).toContain('90 requests');
    expect((await stage.ask('pool resting')).table[1]).toEqual(expect.arrayContaining(['0', '1,000']));
    expect((await stage.ask('explain resting')).words).toContain('Recorded but not charged from');
  });

  it('corrects a count, with its reason', async () => {
    const told = await stage.ask('correct capped -50 2026-11-21 counted twice', { user: ADMIN });
    expect(told.text).toContain('on Sat 21 Nov 2026: counted twice');
    expect((await stage.ask('pool capped')).table[1]).toEqual(expect.arrayContaining(['190', '200', '10']));
    expect((await stage.ask('explain capped')).words).toMatch(/-50 credits of capped.*counted twice/);
  });

  it('turns kinds of alerts on by the words that people use', async () => {
    for (const words of ['unknown clients', 'forecast', 'run-out', 'rate limit']) {
      expect((await stage.ask(`alerts on ${words}`, { user: ADMIN })).text).toMatch(/: on\.$/m);
    }
    const list = await stage.ask('alerts', { user: ADMIN });
    expect(list.text).toContain('A new client appears: on');
    expect((await stage.ask('alerts on nothing', { user: ADMIN })).text).toContain('unknown-client');
  });

  it('says who sees nothing of a message in the channel', async () => {
    expect((await stage.ask('top clients 7d', { user: 'U01GUEST' })).text).toMatch(/^API usage is for full members/);
    expect(stage.slack.messages(CHANNEL).some(({ text }) => text.startsWith('API usage is for'))).toBe(false);
  });

  it('agrees with days of its own zone', async () => {
    expect((await stage.ask('top clients')).text).toContain(`of ${grouped(calls(berlinWeek()))} requests`);
    expect(calls(berlinWeek())).not.toBe(calls(lastWeek()));
  });
});

async function apply(yaml: string): Promise<void> {
  await typePools(stage.slack, { user: ADMIN, channel: CHANNEL, yaml });
}

/** Lists the events of the seven whole days before now, in Berlin's time. */
function berlinWeek(name?: string) {
  const [from, to] = [Date.parse('2026-11-13T23:00:00Z'), Date.parse('2026-11-20T23:00:00Z')];
  return between('2026-11-13', '2026-11-21', name === undefined ? {} : { name }).filter(
    ({ time }) => Date.parse(time) >= from && Date.parse(time) < to,
  );
}
