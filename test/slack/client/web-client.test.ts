import { WebAPIRateLimitedError } from '@slack/web-api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLogger } from '../../../src/log.ts';
import { classifyFailure, cureOf, describeRefusal } from '../../../src/slack/client/errors.ts';
import { createWebClient } from '../../../src/slack/client/web-client.ts';

const TOKEN = 'xoxb-1-secret';
const lines: Record<string, unknown>[] = [];
const log = createLogger('debug', { write: (line) => void lines.push(JSON.parse(line)) });

/** Creates a client whose calls all get this answer. */
function openClient(answer: () => Response | Promise<Response>) {
  lines.length = 0;
  return createWebClient(TOKEN, { log, fetch: async () => answer(), apiUrl: 'http://bot:hunter2@slack.example/api' });
}

const failureOf = async (answer: () => Response | Promise<Response>) =>
  openClient(answer)
    .chat.postMessage({ channel: 'C1', text: 'x' })
    .then(() => undefined, classifyFailure);

afterEach(() => vi.restoreAllMocks());

describe('what the library says', () => {
  it('goes through our log as JSON, without secrets, and never to the console', async () => {
    const methods = ['log', 'info', 'warn', 'error', 'debug'] as const;
    const spies = methods.map((method) => vi.spyOn(console, method));
    const metadata = { warnings: [`superfluous ${TOKEN}`], messages: ['[ERROR] no good'] };
    await openClient(() => Response.json({ ok: true, response_metadata: metadata })).api.test();
    expect(lines.map(({ level, from, msg }) => `${level} ${from}: ${msg}`)).toEqual([
      'warn @slack: superfluous <secret>',
      'error @slack: no good',
    ]);
    await failureOf(() => Promise.reject(new Error('connect to http://bot:hunter2@slack.example refused')));
    expect(lines.map(({ level }) => level)).toEqual(['debug']);
    expect(JSON.stringify(lines)).not.toMatch(/hunter2|xoxb/);
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });
});

describe('a failed call', () => {
  it.each([
    ['is_archived', 'refused', false],
    ['invalid_blocks', 'blocks', false],
    ['slack_connect_file_link_sharing_blocked', 'picture', false],
    ['slack_connect_file_upload_sharing_blocked', 'picture', false],
    ['missing_file_data', 'picture', false],
    ['file_not_found', 'picture', false],
    ['file_deleted', 'picture', false],
    ['file_share_limit_reached', 'picture', false],
    ['max_file_sharing_exceeded', 'picture', false],
    ['unable_to_share_files', 'picture', false],
    ['blocked_file_type', 'picture', false],
    ['invalid_attachments', 'blocks', false],
    ['msg_blocks_too_long', 'blocks', false],
    ['restricted_action_thread_locked', 'thread', false],
    ['restricted_action_thread_only_channel', 'refused', false],
    ['plan_upgrade_required', 'refused', false],
    ['no_such_subteam', 'refused', false],
    ['thread_not_found', 'thread', false],
    ['token_revoked', 'token', false],
    ['internal_error', 'transient', true],
    ['service_unavailable', 'transient', false],
    ['message_limit_exceeded', 'rate_limited', false],
    ['moon_phase_unfavorable', 'unknown', true],
    ['constructor', 'unknown', true],
    ['__proto__', 'unknown', true],
  ])('with %s is %s, and unclear: %s', async (error, reason, unclear) => {
    expect(await failureOf(() => Response.json({ ok: false, error }))).toMatchObject({ reason, error, unclear });
  });

  it.each([
    '',
    '<html>',
    '[]',
    'null',
    '7',
    '{}',
    '{"ok":false}',
    '{"ok":false,"error":"No access."}',
    '{"ok":"true"}',
  ])('with a body that is not Slack’s is unclear: %s', async (body) => {
    const failure = await failureOf(() => new Response(body));
    expect(failure).toMatchObject({ reason: 'transient', unclear: true });
    expect(cureOf(failure!.error)).toContain('not an answer of Slack');
  });

  it('told to wait waits as long as Slack says, or a second where it does not say', async () => {
    const limit = (headers: Record<string, string>) => failureOf(() => new Response('', { status: 429, headers }));
    expect(await limit({ 'retry-after': '30' })).toMatchObject({ reason: 'rate_limited', retryAfterMs: 30_000 });
    expect(await limit({})).toMatchObject({ reason: 'rate_limited', retryAfterMs: 1000 });
    expect(await limit({ 'retry-after': 'soon' })).toMatchObject({ reason: 'rate_limited', retryAfterMs: 1000 });
    expect(describeRefusal(new WebAPIRateLimitedError(30))).toContain('try again in 30 seconds');
  });
});
