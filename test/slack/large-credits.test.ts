import { afterEach, expect, it } from 'vitest';
import { startWholeApp, type WholeApp } from './whole-app.ts';

const NOW = Date.parse('2026-11-21T10:30:00Z');
const YAML = `scopes:
  - name: crm
    pools: [{ name: Daily credits, period: rolling-24h, base: 1000000000000 }]
`;
let bot: WholeApp;

afterEach(async () => {
  expect(bot.errors).toEqual([]);
  bot.slack.assertNoProblems();
  await bot.stop();
});

it('credits of more than 2^53 thousandths are exact on cards, in answers, files and alerts', async () => {
  bot = await startWholeApp({ nowMs: NOW, env: { READ_TOKEN: 'read-0123456789abcdef' } });
  const { slack } = bot;
  const command = (text: string) => slack.command({ user: 'ada', channel: 'general', text });
  await command('pool edit');
  const list = await slack.waitFor(() => slack.modal('ada'), 'the list');
  await slack.click({ user: 'ada', message: list, action_id: 'pool_text' });
  const form = await slack.waitFor(() => slack.modal('ada')?.id !== list.id && slack.modal('ada'), 'the text');
  await slack.submitView({ user: 'ada', viewId: form.id, values: { yaml: YAML } });
  await slack.waitFor(() => JSON.stringify(slack.modal('ada')).includes('new scope'), 'it is saved');

  const time = '2026-11-21T09:00:00Z';
  await bot.send(
    Array.from({ length: 9100 }, () => ({ client: 'acme', scope: 'crm', time, credits: 999_999_999.999 })),
  );
  // 9,100 × 999,999,999.999: a float would say 9,099,999,999,990.898 or so.
  const exact = '9,099,999,999,990.9';
  const alert = await slack.waitFor(() => slack.messages('oncall')[0], 'the alert', 20_000);
  expect(alert.text).toContain(`${exact} of 1,000,000,000,000`);
  const texts: string[] = [];
  for (const question of ['', 'pool crm', 'top clients by credits today table', 'top clients by credits today vs']) {
    const before = slack.messages('general').length;
    await command(question);
    texts.push(
      JSON.stringify(await slack.waitFor(() => slack.messages('general')[before], `the answer to ${question}`)),
    );
  }
  for (const text of texts) expect(text).toContain(exact);
  const ask = async (as: string) => {
    const url = `${bot.app.url}/v1/ask?q=top+clients+by+credits+today&as=${as}`;
    const response = await fetch(url, { headers: { authorization: 'Bearer read-0123456789abcdef' } });
    expect(response.status).toBe(200);
    return Buffer.from(await response.arrayBuffer());
  };
  expect((await ask('json')).toString()).toContain('"credits":9099999999990.9');
  expect((await ask('csv')).toString()).toContain(',9099999999990.9,');
  expect((await ask('png')).subarray(1, 4).toString()).toBe('PNG');
  const metrics = await (await fetch(`${bot.app.url}/metrics`)).text();
  expect(metrics).toMatch(/^headroom_pool_used\{scope="crm",pool="Daily credits"\} 9099999999990\.9/m);
});
