/** Reads the user names of this machine from /etc/passwd (passwd(5)). */
import { readFile } from 'node:fs/promises';

/** Names by user ID. Does not include users of a directory service. */
export async function readUserNames(): Promise<Map<number, string>> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    // root:x:0:0:root:/root:/bin/bash
    const row = /^([^:]+):[^:]*:(\d+):/.exec(line);
    // If a user has several names, the system uses the first.
    if (row !== null && !names.has(Number(row[2]))) names.set(Number(row[2]), row[1]);
  }
  return names;
}
