import type { HttpAnswer } from './answer.ts';

/** Whether events can be committed, and how the rest is doing. */
export interface Readiness {
  /** Undefined: events can be committed. Else why not. */
  writerFault?: string | undefined;
  /** `connected`, `http`, `disconnected since …`: said, but no reason to take the instance out. */
  slack: string;
  /** Newest run of the scheduler's tick, epoch ms. */
  tickMs?: number | undefined;
}

/** `/healthz`: this process answers. */
export function answerHealth(): HttpAnswer {
  return { status: 200, body: { status: 'alive' } };
}

/** `/readyz`: 200 while events can be committed, else 503. */
export function answerReadiness({ writerFault, slack, tickMs }: Readiness): HttpAnswer {
  const body = {
    status: writerFault === undefined ? 'ready' : 'not ready',
    writer: writerFault ?? 'ok',
    slack,
    tick: tickMs === undefined ? 'not yet' : new Date(tickMs).toISOString(),
  };
  return writerFault === undefined ? { status: 200, body } : { status: 503, body, headers: { 'retry-after': '2' } };
}
