import { userInfo } from 'node:os';

/** Who runs this command, for the audit log: `ann on the command line`. */
export function describePerson(): string {
  let name: string;
  try {
    name = userInfo().username;
  } catch {
    // A container may run as a number without a name.
    name = `user ${process.getuid?.() ?? 'unknown'}`;
  }
  return `${name} on the command line`;
}
