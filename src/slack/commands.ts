import { z } from 'zod';
import { ACTIONS } from '../messages/action-ids.ts';
import type { Command } from './command/command.ts';
import { sendDigest } from './digests.ts';
import { command, ignore, type Listener, type Press, press } from './listen.ts';
import { perform, performText } from './perform.ts';

/** A button that does what a command does. */
function does<V = string>(
  on: string,
  toCommand: (value: V, press: Press<V>) => Command | Promise<Command>,
  row: Pick<Parameters<typeof press<V>>[0], 'needs' | 'value' | 'window'> = {},
): Listener {
  return press<V>({
    ...{ ...row, on },
    run: async (pressed) => perform(pressed, await toCommand(pressed.value, pressed)),
  });
}

/** Opens a window, for which Slack gives 3 s. */
const window = true;
const value = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number);
/** The digest, and `resume` where it rests. */
const PAUSE = z.string().regex(/^\d{1,9}(:pause|:resume)?$/);
/** `route`, or `pools:` or `mute:choice:` with the alert's id. */
const MORE = z.string().regex(/^(route|pools:.+|mute:(hour|tomorrow|period):.+)$/);

/** Everything that can be typed, and the buttons that do the same. Rights beyond seeing answers are asked by the command. */
export const COMMANDS: readonly Listener[] = [
  command((served) => performText(served, served.text)),
  press({ on: ACTIONS.run, run: (pressed) => performText(pressed, pressed.value) }),
  press({
    on: ACTIONS.alertAsk,
    // What an alert leads to is read beside it, by everybody who looks into it.
    run: (pressed) => {
      const { asked } = pressed;
      const threadTs = asked.ephemeral ? undefined : (asked.threadTs ?? asked.messageTs);
      return performText({ ...pressed, asked: { ...asked, threadTs } }, pressed.value);
    },
  }),
  // Slack opens the link itself, also for those who may nothing here.
  ignore(ACTIONS.link),
  does(ACTIONS.digestNew, () => ({ kind: 'digest', action: 'add' }), { window }),
  does(ACTIONS.digestEdit, (id) => ({ kind: 'digest', action: 'edit', id }), { window, value }),
  does(
    ACTIONS.digestPause,
    (paused) => {
      const [id, word] = paused.split(':');
      return { kind: 'digest', action: word === 'resume' ? word : 'pause', id: Number(id) };
    },
    { value: PAUSE },
  ),
  does(ACTIONS.digestRemove, (id) => ({ kind: 'digest', action: 'remove', id }), { value }),
  does(ACTIONS.digestTakeOver, (id) => ({ kind: 'digest', action: 'takeover', id }), { value }),
  does(ACTIONS.digestPreview, (id) => ({ kind: 'digest', action: 'preview', id }), { value }),
  press({
    on: ACTIONS.digestSend,
    value,
    run: (pressed) => sendDigest(pressed, pressed.value),
  }),
  does(ACTIONS.alertAcknowledge, (what) => ({ kind: 'alerts', action: 'acknowledge', what })),
  does(ACTIONS.alertMute, (what) => ({ kind: 'alerts', action: 'mute', what, until: '24h' }), { needs: 'admin' }),
  does(ACTIONS.alertUnmute, (what) => ({ kind: 'alerts', action: 'unmute', what }), { needs: 'admin' }),
  does(ACTIONS.alertRemove, (what) => ({ kind: 'alerts', action: 'remove', what })),
  does(ACTIONS.alertTest, () => ({ kind: 'alerts', action: 'test' }), { needs: 'admin' }),
  does(ACTIONS.alertRoute, () => ({ kind: 'alerts', action: 'route' }), { needs: 'admin', window }),
  does(ACTIONS.alertMore, choose, { needs: 'admin', window, value: MORE }),
  does(ACTIONS.poolEdit, (scope) => ({ kind: 'pools', action: 'edit', ...(scope ? { scope } : {}) }), {
    ...{ needs: 'admin', window },
  }),
];

/** An entry in the menu of an alert. “Tomorrow” is that of whoever chooses it. */
async function choose(value: string, { ctx }: Press): Promise<Command> {
  const [, what, choice, id] = /^(route|pools|mute):?(?:(hour|tomorrow|period):)?(.*)$/.exec(value)!;
  if (what === 'route') return { kind: 'alerts', action: 'route' };
  const alert = await ctx.alerts.find(id!);
  if (what === 'pools') return { kind: 'pools', action: 'edit', ...(alert?.scope ? { scope: alert.scope } : {}) };
  // An alert may be older than its period.
  const periodEndMs = alert?.periodEndMs !== undefined && alert.periodEndMs > ctx.now() ? alert.periodEndMs : undefined;
  const until = choice === 'hour' ? '1h' : choice === 'tomorrow' ? 'tomorrow' : (periodEndMs ?? '24h');
  return { kind: 'alerts', action: 'mute', what: id!, until };
}
