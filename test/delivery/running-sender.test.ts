import { expect, it } from 'vitest';
import { systemClock } from '../../src/delivery/clock.ts';
import { findDelivery, insertDelivery } from '../../src/store/delivery-repository.ts';
import { describeEachDialect } from '../support/databases.ts';
import { CHANNEL, OTHER_CHANNEL, openStage } from './slack-stage.ts';

describeEachDialect('a running sender', (databases) => {
  it('sends what is put into the log, woken or not, goes on after a failure, and stops when told, twice', async () => {
    const { slack, openSender } = await openStage();
    const db = await databases.open();
    const sender = openSender(db, { clock: systemClock });
    sender.start();
    const put = (key: string, channel: string) =>
      insertDelivery(db, { key, kind: 'alert', channel, content: { text: key }, dueMs: Date.now() });
    await put('alert:1', CHANNEL);
    sender.wake();
    await slack.waitFor(() => slack.messages(CHANNEL).length === 1, 'the first is posted');
    slack.faults.fail('chat.postMessage', { status: 503 });
    await put('alert:2', OTHER_CHANNEL);
    await slack.waitFor(() => slack.messages(OTHER_CHANNEL).length === 1, 'the second is posted after all');
    await sender.stop();
    await sender.stop();
    await put('alert:3', CHANNEL);
    sender.wake();
    expect(await findDelivery(db, 'alert:2')).toMatchObject({ state: 'sent', attempts: 2 });
  });

  it('lets a call that is under way finish before it stops', async () => {
    const { slack, openSender } = await openStage();
    const db = await databases.open();
    const sender = openSender(db, { clock: systemClock });
    await insertDelivery(db, { key: 'a', kind: 'alert', channel: CHANNEL, content: { text: 'a' }, dueMs: 0 });
    slack.faults.fail('chat.postMessage', { delayMs: 100 });
    sender.start();
    await slack.waitFor(() => slack.messages(CHANNEL).length === 1, 'it is posted');
    await sender.stop();
    expect(await findDelivery(db, 'a')).toMatchObject({ state: 'sent' });
  });
});
