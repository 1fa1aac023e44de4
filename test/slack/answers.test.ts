import { describe, expect, it } from 'vitest';
import { entryOf, PICTURE, startRig, typesOf } from './support.ts';

describe('an answer in a channel', () => {
  it.each([
    ['', 'crm has used 93%'],
    ['top clients 7d', 'acme-web made 947,000'],
    ['status', '90% of 7,000 requests'],
    ['pool', 'crm: 93%'],
    ['daily', '7,021 requests'],
    ['history', '125,000 a month'],
    ['client acme-web', 'acme-web made'],
  ])('/usage %s is a sentence, a picture, a line of context and a row of controls', async (text, sentence) => {
    const { slack } = await startRig();
    const sent = await slack.command({ user: 'alice', channel: 'api-usage', text });
    expect(sent.status).toBe(200);
    const message = await slack.waitFor(
      () => slack.messages('api-usage').find((one) => typesOf(one).includes('image')),
      'the answer has its picture',
    );
    expect(message.text).toMatch(new RegExp(`^${RegExp.escape(sentence)}`));
    const types = typesOf(message).filter((type) => type !== 'actions');
    expect(types).toEqual(
      text === 'status' ? ['rich_text', 'rich_text', 'image', 'context'] : ['rich_text', 'image', 'context'],
    );
    const rows = message.blocks!.filter(({ type }) => type === 'actions');
    for (const { elements } of rows) expect((elements as unknown[]).length).toBeLessThanOrEqual(5);
    expect(JSON.stringify(rows)).toContain('Table');
    expect(slack.messages('api-usage')).toHaveLength(1);
    slack.assertNoProblems();
  });

  it('states the numbers in its text, and range, zone and age in small print', async () => {
    const { slack } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients 7d' });
    const [message] = await slack.waitFor(
      () => slack.messages('api-usage').length > 0 && slack.messages('api-usage'),
      'it is there',
    );
    expect(message!.text).toContain('acme-web 947,000 requests (41.0% of total, 852,300 OK, 94,700 failed)');
    expect(message!.text).toContain('14–20 Nov 2026 · Europe/Berlin');
    const body = JSON.stringify(message!.blocks);
    expect(body).toContain('14–20 Nov 2026 · Europe/Berlin · asked by <@U01ALICE>');
  });
});

it('a picture is described to screen readers, in the answer, in its file and in the one that comes by direct message', async () => {
  const { slack } = await startRig({ config: { answers: 'private' } });
  await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients share' });
  const shared = await slack.waitFor(
    () => slack.messages('api-usage').find((one) => typesOf(one).includes('image')),
    'the answer',
  );
  const image = shared.blocks!.find(({ type }) => type === 'image') as unknown as {
    slack_file: { id: string };
    alt_text: string;
  };
  expect(image.alt_text).toBe(PICTURE.altText);
  expect(slack.file(image.slack_file.id)!.alt_txt).toBe(PICTURE.altText);
  await slack.command({ user: 'alice', channel: 'api-usage', text: 'top clients' });
  const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'the private answer');
  await slack.click({ user: 'alice', message: told, ...entryOf(told, 'Send image by DM') });
  const sent = () => slack.directMessages('alice').flatMap(({ files = [] }) => files as { id: string }[])[0];
  const file = await slack.waitFor(sent, 'the file');
  expect(slack.file(file.id)!.alt_txt).toBe(PICTURE.altText);
});

describe('help and errors', () => {
  it('go to the asker alone', async () => {
    const { slack } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'help' });
    const help = await slack.waitFor(() => slack.ephemerals('alice')[0], 'help is there');
    expect(help.text).toContain('/usage top clients 7d');
    expect(slack.messages('api-usage')).toEqual([]);
    slack.assertNoProblems();
  });

  it('offer the nearest valid commands as buttons that run', async () => {
    const { slack, questions } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'statsu' });
    const offer = await slack.waitFor(() => slack.ephemerals('alice')[0], 'an offer is there');
    expect(JSON.stringify(offer.blocks)).toContain('"value":"status"');
    await slack.click({ user: 'alice', message: offer, action_id: 'run:0' });
    await slack.waitFor(() => slack.messages('api-usage')[0], 'the status is there');
    expect(questions.at(-1)).toMatchObject({ report: 'status' });
    slack.assertNoProblems();
  });

  it('name what cannot be answered', async () => {
    const { slack } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'client nobody' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'it is said');
    expect(told.text).toBe('There is no client nobody.');
    expect(JSON.stringify(told.blocks)).toContain('"value":"client acme-web"');
  });

  it('give a defect a short id that the log has too', async () => {
    const { slack, log } = await startRig();
    await slack.command({ user: 'alice', channel: 'api-usage', text: 'client defect' });
    const told = await slack.waitFor(() => slack.ephemerals('alice')[0], 'it is said');
    const id = /the id (\w+)/.exec(told.text)![1];
    expect(told.text).not.toContain('undefined');
    expect(log.find((line) => line.id === id)).toMatchObject({
      level: 'error',
      error: expect.stringContaining('undefined is not'),
    });
  });
});
