/** What the users of this machine are called, from /etc/passwd (passwd(5)). */
import { readFile } from 'node:fs/promises';

/** By user id. Users that a directory service has are not in it. */
export async function readUserNames(): Promise<Map<number, string>> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    // root:x:0:0:root:/root:/bin/bash
    const row = /^([^:]+):[^:]*:(\d+):/.exec(line);
    // Of several names for one user the system takes the first.
    if (row !== null && !names.has(Number(row[2]))) names.set(Number(row[2]), row[1]);
  }
  return names;
}
