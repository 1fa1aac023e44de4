import Sqlite from 'better-sqlite3';
import { expect, it } from 'vitest';
import { toDatabaseError } from '../../src/store/database-fault.ts';

function fail(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

it.each([
  [fail('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:1'), 'check DATABASE_URL.'],
  [fail('ENOTFOUND', ''), 'The database cannot be opened (ENOTFOUND): check DATABASE_URL.'],
  [fail('SQLITE_FULL', 'database or disk is full'), 'make room, then run this again.'],
  [fail('53100', 'could not extend file'), 'make room, then run this again.'],
  [fail('SQLITE_BUSY', 'database is locked'), 'end that, then run this again.'],
  [fail('SQLITE_READONLY_DIRECTORY', 'attempt to write'), 'run this as the user to whom it belongs, folder included.'],
  [fail('SQLITE_CORRUPT', 'malformed'), 'put a backup back with "headroom restore FILE".'],
  [fail('57P01', 'terminating connection'), 'see that it runs, then run this again; what was counted counts once.'],
  [new Error('Connection terminated unexpectedly'), 'see that it runs, then run this again;'],
  [
    new Error('Client has encountered a connection error and is not queryable'),
    'The connection to the database was lost',
  ],
])('%s is told with its cure', (error, cure) => {
  const told = toDatabaseError(error);
  expect(told).toMatchObject({ name: 'HeadroomError', code: 'database', cause: error });
  expect((told as Error).message).toContain(cure);
  expect((told as Error).message).toContain(error.message);
});

it('is known of a database that is full', () => {
  const sqlite = new Sqlite(':memory:');
  sqlite.exec('create table filler (text text); pragma max_page_count = 3');
  const fill = () => sqlite.prepare('insert into filler values (?)').run('x'.repeat(20_000));
  let thrown: unknown;
  try {
    fill();
  } catch (error) {
    thrown = toDatabaseError(error);
  }
  sqlite.close();
  expect(thrown).toMatchObject({
    message: expect.stringMatching(/^The disk of the database is full \(.+\): make room/),
  });
});

it('leaves a defect as it is', () => {
  const defect = new TypeError('x is not a function');
  expect(toDatabaseError(defect)).toBe(defect);
  expect(toDatabaseError(fail('ERR_ASSERTION', 'no'))).toMatchObject({ name: 'Error' });
});
