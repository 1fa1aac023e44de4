import { describe, expect, it } from 'vitest';
import { type Rig, sendSigned, startRig } from './support.ts';

/** Sends a slash command signed for a time. Returns the status. */
function send(rig: Rig, stampS: number, { secret }: { secret?: string } = {}): Promise<number> {
  const command = { command: '/usage', text: 'help', user_id: 'U01ALICE', channel_id: 'C01USAGE' };
  const body = new URLSearchParams(command).toString();
  return sendSigned(rig, body, { stampS, ...(secret ? { secret } : {}) }).then(({ status }) => status);
}

const nowS = () => Math.floor(Date.now() / 1000);

describe('a signed request', () => {
  it.each([
    ['old', -301, 401],
    ['not quite old', -290, 200],
    ['ahead', 305, 401],
    ['a little ahead', 290, 200],
  ])('%s is answered %i s from now with %i', async (_name, offsetS, status) => {
    const rig = await startRig();
    expect(await send(rig, nowS() + offsetS)).toBe(status);
  });

  it('with a wrong signature, or none, is 401', async () => {
    const rig = await startRig();
    expect(await send(rig, nowS(), { secret: 'another' })).toBe(401);
    expect((await fetch(rig.url, { method: 'POST', body: 'x=1' })).status).toBe(401);
    expect(rig.slack.calls.filter(({ method }) => method !== 'auth.test')).toEqual([]);
  });

  it('is done once: the same again is acknowledged and does nothing, also at another instance', async () => {
    const rig = await startRig();
    const sent = await rig.slack.command({ user: 'alice', channel: 'api-usage', text: 'status' });
    await rig.slack.waitFor(() => rig.questions.length === 1, 'it is asked');
    expect((await rig.slack.replay(sent.delivery!)).status).toBe(200);
    const other = await startRig({ db: rig.db });
    rig.slack.eventsUrl = other.url;
    expect((await rig.slack.replay(sent.delivery!)).status).toBe(200);
    await rig.slack.command({ user: 'alice', channel: 'api-usage', text: 'pool' });
    await other.slack.waitFor(() => other.questions.length === 1, 'the next one is asked');
    expect(rig.questions.map(({ report }) => report)).toEqual(['status']);
    expect(other.questions.map(({ report }) => report)).toEqual(['pool']);
  });

  it('is acknowledged before anything is done for it', async () => {
    const rig = await startRig();
    rig.slack.faults.fail('users.info', { timeout: true });
    const sent = await rig.slack.command({ user: 'alice', channel: 'api-usage', text: 'status' });
    expect(sent.status).toBe(200);
    expect(rig.questions).toEqual([]);
    rig.slack.faults.clear();
  });
});

describe('a look at the address', () => {
  it('before it is taken is answered with its challenge', async () => {
    const rig = await startRig();
    const body = JSON.stringify({ type: 'url_verification', token: 'x', challenge: '3eZbrw1aBm2rZgRNFdxV' });
    const { status, text } = await sendSigned(rig, body, { json: true });
    expect([status, JSON.parse(text)]).toEqual([200, { challenge: '3eZbrw1aBm2rZgRNFdxV' }]);
    expect((await sendSigned(rig, body, { json: true, secret: 'another' })).status).toBe(401);
  });

  it('for its certificate is answered though Slack does not sign it, and does nothing else', async () => {
    const rig = await startRig();
    const look = (fields: Record<string, string>) =>
      fetch(rig.url, { method: 'POST', body: new URLSearchParams(fields) });
    expect((await look({ ssl_check: '1', token: 'x' })).status).toBe(200);
    const command = { command: '/usage', text: 'status', user_id: 'U01ALICE', channel_id: 'C01USAGE' };
    expect((await look({ ...command, ssl_check: '1' })).status).toBe(200);
    expect((await look({ ...command, ssl_check: '2' })).status).toBe(401);
    expect((await look(command)).status).toBe(401);
    await rig.app.stop();
    expect(rig.questions).toEqual([]);
  });
});

describe('an event', () => {
  it('that Slack delivers again is answered once, by whichever instance', async () => {
    const rig = await startRig();
    const other = await startRig({ db: rig.db });
    const event = {
      type: 'event_callback',
      event_id: 'Ev1',
      team_id: rig.slack.teamId,
      api_app_id: 'A01HEADROOM',
      event: {
        type: 'app_mention',
        user: 'U01ALICE',
        text: `<@${rig.slack.botUserId}> status`,
        channel: 'C01USAGE',
        ts: '1.0',
      },
    };
    await rig.slack.event(event);
    rig.slack.eventsUrl = other.url;
    await rig.slack.event(event, { num: 1, reason: 'http_timeout' });
    await rig.slack.event({
      ...event,
      event_id: 'Ev2',
      event: { ...event.event, text: `<@${rig.slack.botUserId}> pool` },
    });
    await rig.slack.waitFor(() => other.questions.length === 1, 'the second event is answered');
    expect([...rig.questions, ...other.questions].map(({ report }) => report)).toEqual(['status', 'pool']);
  });
});
