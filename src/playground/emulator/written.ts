import type { Core } from './core.ts';
import { walk } from './elements.ts';

/**
 * Returns a copy in which the control characters of every plain_text are entities, as Slack returns blocks to an app
 * (slackapi/bolt-python#513). Only `value` stays as it was, so an app must keep there what it needs to read again.
 */
export function escapePlainText<T>(value: T): T {
  const copy = structuredClone(value);
  for (const { node } of walk(copy, '')) {
    if (node.type === 'plain_text' && typeof node.text === 'string') node.text = escapeControls(node.text);
  }
  return copy;
}

function escapeControls(text: string): string {
  return text
    .replaceAll(/&(?!(?:amp|lt|gt);)/g, '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;');
}

/**
 * Returns a person's text as Slack sends it to the app (a command's text: only with `should_escape`). Control characters become
 * entities, `@name` and `#name` become ids, and web addresses get angle brackets. Escaped references are kept.
 */
export function escapeText(core: Core, text: string): string {
  return text
    .split(/(<[@#!][^>]*>|<https?:[^>]*>)/)
    .map((part, index) => (index % 2 === 1 ? part : escapePart(core, part)))
    .join('');
}

/** Pattern of bare domains. Slack knows many more endings than these. */
const DOMAIN = /(?<![\w@./:<|-])((?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|app|co))(?![\w@-])/gi;
const MAIL = /(?<![\w.+<|-]|mailto:)([\w.+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,})(?![\w>|])/gi;

/**
 * Returns a message as Slack sends it to the app. Besides `escapeText`, bare domains and mail addresses become links, and
 * mentions have no name: docs.slack.dev/messaging/formatting-message-text.
 */
export function escapeMessage(core: Core, text: string): string {
  return escapeText(core, text)
    .replaceAll(/<([@#][A-Z0-9]+)\|[^>]*>/g, '<$1>')
    .replaceAll(MAIL, (address) => `<mailto:${address}|${address}>`)
    .replaceAll(DOMAIN, (domain) => `<http://${domain}|${domain}>`);
}

function escapePart(core: Core, text: string): string {
  return escapeControls(text)
    .replaceAll(/(?<![\w/])https?:\/\/[^\s"”]+/g, (url) => `<${url}>`)
    .replaceAll(/(?<![\w@.])@([\w.-]+)/g, (whole, name: string) => {
      const user = [...core.state.users.values()].find((one) => one.name === name);
      if (user) return `<@${user.id}|${user.name}>`;
      const group = [...core.state.userGroups.values()].find((one) => one.handle === name);
      return group ? `<!subteam^${group.id}|@${group.handle}>` : whole;
    })
    .replaceAll(/(?<![\w#&])#([\w-]+)/g, (whole, name: string) => {
      const channel = [...core.state.channels.values()].find((one) => one.name === name);
      return channel ? `<#${channel.id}|${channel.name}>` : whole;
    });
}
