import pg from 'pg';

const PARSERS = new Map<number, (text: string) => unknown>([
  [pg.types.builtins.INT8, Number],
  [pg.types.builtins.NUMERIC, Number],
  [pg.types.builtins.DATE, (text) => text],
]);

/**
 * Opens connections that cannot hold a lock for long: the server cuts off an instance that freezes inside a transaction after
 * 4 s. Integers beyond 2^31 are read as numbers (all of ours stay below 2^53), dates as text.
 */
export function openPool(url: string, connections: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    pipeline: true,
    connectionTimeoutMillis: 10_000,
    idle_in_transaction_session_timeout: 4000,
    options: '-c tcp_user_timeout=5000',
    types: {
      getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
        (format !== 'binary' && PARSERS.get(oid)) ||
        pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
    },
  });
  // A connection that the server closes is replaced at the next use; in the middle of a transaction its statements fail.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
