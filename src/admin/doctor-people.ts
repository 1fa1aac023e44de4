import type { WebClient } from '@slack/web-api';
import type { Config } from '../config.ts';
import { slackErrorOf } from '../slack/client/errors.ts';
import { bad, type Finding, good } from './finding.ts';

/** The people that settings name, and who is mentioned by alerts: whether Slack knows them, and whether a group holds anybody. */
export async function checkPeople(client: WebClient, config: Config, mention: string | undefined): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [setting, ids] of [
    ['ADMINS', config.admins],
    ['VIEWERS', config.viewers],
    [mention === config.oncall ? 'ONCALL' : 'On-call', mention === undefined ? [] : [mention]],
  ] as const) {
    const faults: string[] = [];
    for (const id of ids) faults.push(...(await findFault(client, id)));
    if (faults.length > 0) findings.push(bad(`${setting}: ${faults.join('; ')}: correct it.`));
    else if (ids.length > 0) findings.push(good(`${setting}: Slack knows ${ids.join(', ')}.`));
  }
  return findings;
}

async function findFault(client: WebClient, id: string): Promise<string[]> {
  try {
    if (id.startsWith('S')) {
      const { users } = await client.usergroups.users.list({ usergroup: id });
      return users && users.length > 0 ? [] : [`the group ${id} is empty`];
    }
    const { user } = await client.users.info({ user: id });
    if (user?.deleted) return [`${id} (${user.name}) is deactivated`];
    return user?.is_restricted || user?.is_ultra_restricted
      ? [`${id} (${user.name}) is a guest, whom Headroom refuses`]
      : [];
  } catch (error) {
    const reason = slackErrorOf(error) ?? (error as Error).message;
    return [`${id} cannot be found (${reason})`];
  }
}
