import type { Core } from './core.ts';
import { walk } from './elements.ts';

/**
 * A copy in which the control characters of plain_text are entities: so Slack hands blocks back to an app
 * (slackapi/bolt-python#513). What an app needs to read again belongs in `value`, which stays as it was.
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
 * Text as it arrives from a person: (in a command: with `should_escape`): control characters as entities, `@name` and `#name` as ids, web
 * addresses in angle brackets. References that are already in their escaped form are kept.
 */
export function escapeText(core: Core, text: string): string {
  return text
    .split(/(<[@#!][^>]*>|<https?:[^>]*>)/)
    .map((part, index) => (index % 2 === 1 ? part : escapePart(core, part)))
    .join('');
}

/** Endings that Slack knows as those of domains; a few of many. */
const DOMAIN = /(?<![\w@./:<|-])((?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|app|co))(?![\w@-])/gi;
const MAIL = /(?<![\w.+<|-]|mailto:)([\w.+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,})(?![\w>|])/gi;

/**
 * The same in a written message, where Slack also makes links of bare domains and mail addresses, and mentions carry no
 * name: docs.slack.dev/messaging/formatting-message-text.
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
