import type { NameSource } from '../domain/names.ts';
import type { Report, Reporter } from '../domain/report.ts';
import type { UsageReader } from '../domain/usage.ts';
import type { Logger } from '../log.ts';
import type { Db } from '../store/database.ts';
import type { RefusedBlocks } from './client/send-repaired.ts';
import type {
  AlertPort,
  AlertRoutingPort,
  AlertRulePort,
  Charts,
  CorrectionPort,
  DigestPort,
  DigestPostPort,
  DoctorPort,
  InstancePort,
  PoolPort,
} from './ports.ts';

/** Settings that the Slack app needs. */
export interface SlackConfig {
  botToken: string;
  /** HTTP mode, unless `appToken` is given. */
  signingSecret?: string;
  /** Socket Mode. */
  appToken?: string;
  /** Default Slack's. */
  apiUrl?: string;
  /** User and user-group ids. Empty: workspace admins. */
  admins: readonly string[];
  /** User and user-group ids. Empty: every full member. */
  viewers: readonly string[];
  /** `private`: every answer goes to the asker alone. */
  answers: 'channel' | 'private';
  /** Report time zone. */
  zone: string;
  /** Address that events can be sent to, for the example on an empty database. */
  publicUrl: string;
  /** Name of the slash command, `/usage`. */
  command?: string;
}

export interface SlackDeps {
  config: SlackConfig;
  reporter: Reporter & NameSource;
  charts: Charts;
  toCsv(report: Report): string;
  usage: Pick<UsageReader, 'values'>;
  db: Db;
  digests: DigestPort;
  digestPosts: DigestPostPort;
  alerts: AlertPort;
  alertRules: AlertRulePort;
  alertRouting: AlertRoutingPort;
  pools: PoolPort;
  corrections: CorrectionPort;
  doctor: DoctorPort;
  instance: InstancePort;
  /** Notes blocks that Slack refuses. */
  refused: RefusedBlocks;
  log: Logger;
  /** Epoch ms. */
  now(): number;
  /** Default: a timer. Tests decide by it what comes first, instead of waiting. */
  wait?(ms: number): Promise<void>;
}
