import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';

/** A process that is in the middle of its first write to a new file: it holds the lock for a while, then lets go. */
const sqlite = new Sqlite(workerData.path);
sqlite.exec('begin immediate');
parentPort!.postMessage('held');
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
sqlite.exec('create table theirs (id integer); commit');
sqlite.close();
