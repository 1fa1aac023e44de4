import type { SourceHealth } from '../domain/source-health.ts';
import { formatMoment } from '../report/format.ts';
import { findAlert } from '../store/alert-repository.ts';
import { type AlertSetting, raiseAlert } from './alert-setting.ts';
import { isSilent } from './silent-sources.ts';

/** Tells that a source sends nothing though it used to at this time: once per silence. */
export async function evaluateSilence(setting: AlertSetting, sources: readonly SourceHealth[]): Promise<void> {
  if (!setting.isOn('silent')) return;
  const { calendar, nowMs, usage } = setting;
  for (const health of sources) {
    const { name, lastReceivedMs } = health;
    const key = `silent:${name}:${lastReceivedMs}`;
    if (lastReceivedMs === undefined || (await findAlert(setting.db, key))) continue;
    if (!(await isSilent(health, usage, calendar, nowMs))) continue;
    await raiseAlert(setting, {
      key,
      kind: 'silent',
      subject: `source ${name}`,
      period: String(lastReceivedMs),
      content: {
        kind: 'silent',
        sign: '🟠',
        title: `Source ${name} is silent`,
        lines: [
          `Nothing since ${formatMoment(lastReceivedMs, calendar.zone)} (${calendar.zone}). Usage since then is unknown, not zero; levels stay as they were.`,
          'Check that the sender runs, reaches this address and has the right token: /usage sources.',
        ],
        mention: false,
        chart: 'sources',
      },
    });
  }
}
