import { HeadroomError } from '../errors.ts';

/** Faults of a database that its operator can cure, by the codes of SQLite, PostgreSQL and the network. */
const FAULTS: readonly (readonly [codes: RegExp, what: string, cure?: string])[] = [
  [
    /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|28P01|28000|3D000|SQLITE_CANTOPEN|SQLITE_NOTADB)/,
    'The database cannot be opened',
  ],
  [/^(SQLITE_FULL|53100)/, 'The disk of the database is full', 'make room, then run this again'],
  [
    /^(SQLITE_BUSY|SQLITE_LOCKED|55P03|57014)/,
    'Another process has held the database for long',
    'end that, then run this again',
  ],
  [
    /^(SQLITE_READONLY|SQLITE_PERM|42501|25006)/,
    'The database can be read, but not written',
    'run this as the user to whom it belongs, folder included',
  ],
  [
    /^(SQLITE_CORRUPT|SQLITE_IOERR|XX00[12])/,
    'The database or its disk is damaged',
    'check the disk, and put a backup back with "headroom restore FILE"',
  ],
  [
    /^(57P0[123]|08|ECONNRESET|EPIPE|Connection terminated|Client has encountered a connection error)/,
    'The connection to the database was lost',
    'see that it runs, then run this again; what was counted counts once',
  ],
];

/** Explains a known fault with its cure; returns other errors as they are. `cure`: for a database that cannot be opened. */
export function toDatabaseError(error: unknown, cure = 'check DATABASE_URL'): unknown {
  if (error instanceof HeadroomError || !(error instanceof Error)) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  const fault = FAULTS.find(([codes]) => codes.test(code ?? message));
  if (!fault) return error;
  const [, what, ownCure = cure] = fault;
  return new HeadroomError('database', `${what} (${message || code}): ${ownCure}.`, { cause: error });
}
