import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { HeadroomError } from '../errors.ts';

/** Throws an `unreadable` error with reason and cure if a file cannot be read. */
export function requireFile(path: string): void {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw new HeadroomError('unreadable', describe(path, error as NodeJS.ErrnoException), { cause: error });
  }
  if (isFolder) throw new HeadroomError('unreadable', `${path} is a folder: name a file in it.`);
}

export function readBytes(path: string): Buffer {
  requireFile(path);
  return readFileSync(path);
}

/** Explains why a file cannot be written; returns other errors as they are. */
export function toWriteError(path: string, error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (!/^(ENOENT|EACCES|ENOSPC|EISDIR|ENOTDIR|EROFS|EPERM)$/.test(String(code))) return error;
  return new HeadroomError('unreadable', `${path} cannot be written (${message}): choose another place.`, {
    cause: error,
  });
}

/** Explains faults of files that a command did not expect, with the cure; returns other errors as they are. */
export function toFileError(error: unknown): unknown {
  const { code, message, path, syscall } = error as NodeJS.ErrnoException;
  if (!/^(ENOENT|EACCES|ENOSPC|EEXIST|EISDIR|ENOTDIR|EROFS|EPERM|EDQUOT|EMFILE)$/.test(String(code)) || !syscall)
    return error;
  const place = path ?? 'A file';
  const text = `${place} cannot be used (${message}): check its path, its owner and the room on its disk.`;
  return new HeadroomError('unreadable', text, { cause: error });
}

function describe(path: string, { code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return `There is no file ${path}: check the path and its spelling.`;
  if (code === 'EACCES' || code === 'EPERM')
    return `${path} may not be read by this user: change its permissions, or run as a user who may.`;
  return `${path} cannot be read (${message}).`;
}
