import type { SlackConfig } from '../slack/deps.ts';
import { ACTIONS } from './action-ids.ts';
import { type Block, button, leaf, type Message, richText } from './text.ts';

/** The first answer on an empty database: how to send the first event. */
export function buildWelcome({ publicUrl, command }: Pick<SlackConfig, 'publicUrl' | 'command'>): Message {
  const curl = [
    `curl ${publicUrl.replace(/\/$/, '')}/v1/events \\`,
    `  -H "Authorization: Bearer $INGEST_TOKEN" \\`,
    `  -H "Content-Type: application/json" \\`,
    `  -d '{"client": "my-first-client", "method": "GET", "url": "/v1/orders/17", "status": 200}'`,
  ].join('\n');
  const name = command ?? '/usage';
  return {
    text: `No API usage has arrived yet. Send the first event to ${publicUrl}/v1/events, then ask ${name} again.`,
    blocks: [
      richText(
        leaf('No API usage has arrived yet.', { bold: true }),
        '\nSend the first event from a terminal; INGEST_TOKEN is the token of a source (headroom sources add NAME prints one):',
      ),
      { type: 'rich_text', elements: [{ type: 'rich_text_preformatted', elements: [leaf(curl)] }] },
      richText(`Then ask ${name} again. Connecting gateways, logs and OpenTelemetry: ${name} help sources.`),
      { type: 'actions', elements: [button({ action: `${ACTIONS.run}:0`, text: 'Ask again', value: 'summary' })] },
    ],
  };
}

/** Said once in a channel that the bot is invited to, and to whoever mentions it without a question. */
export function buildIntroduction(command: string, botName: string): Message {
  const line = 'I tell how much of your API allowance is used, by whom, and how much headroom is left.';
  const actions: Block = {
    type: 'actions',
    elements: [
      button({ action: `${ACTIONS.run}:today`, text: 'Show today', value: 'summary', style: 'primary' }),
      button({ action: ACTIONS.digestNew, text: 'Set up a daily digest' }),
      button({ action: `${ACTIONS.run}:help`, text: 'Help', value: 'help' }),
    ],
  };
  return {
    text: `${line} Try ${command}, ${command} top clients, or mention me in a thread: @${botName} top routes 30d`,
    blocks: [
      richText(line),
      richText(
        'Try ',
        leaf(command, { code: true }),
        ', ',
        leaf(`${command} top clients 7d`, { code: true }),
        ', or in a thread ',
        leaf(`@${botName} status today`, { code: true }),
        '. Every member may ask and set up digests; admins change pools, sources and settings.',
      ),
      actions,
    ],
  };
}
