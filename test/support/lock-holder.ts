import { parentPort, workerData } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';

/** Acts as another process that makes its first write to a new file: holds the lock for 200 ms, then commits. */
const sqlite = new Sqlite(workerData.path);
sqlite.exec('begin immediate');
parentPort!.postMessage('held');
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
sqlite.exec('create table theirs (id integer); commit');
sqlite.close();
