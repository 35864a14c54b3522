/** Reads the memory mappings of a process from /proc/PID/smaps (proc(5)). */
import { readFile } from 'node:fs/promises';

/** A mapping; sizes in bytes. */
export interface Mapping {
  start: number;
  end: number;
  /** `rw-p` … */
  rights: string;
  /** Path of the mapped file, or the kernel's name, such as `[heap]`; empty for anonymous memory. */
  name: string;
  /** Whether it maps a file. */
  isFile: boolean;
  rss: number;
  swap: number;
}

const HEAD = /^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ (\d+)\s*(.*)$/;
const FIELD = /^(Rss|Swap):\s+(\d+) kB/;

/**
 * Reads the mappings.
 * @throws the system's error: EACCES, ENOENT
 */
export async function readMappings(pid: number): Promise<Mapping[]> {
  const mappings: Mapping[] = [];
  const smaps = await readFile(`/proc/${pid}/smaps`, 'latin1');
  for (const line of smaps.split('\n')) {
    const head = HEAD.exec(line);
    if (head !== null) {
      const [, start, end, rights, inode, name] = head;
      mappings.push({
        start: parseInt(start, 16),
        end: parseInt(end, 16),
        rights,
        name,
        isFile: inode !== '0',
        rss: 0,
        swap: 0,
      });
      continue;
    }
    const found = FIELD.exec(line);
    if (found === null) continue;
    const mapping = mappings[mappings.length - 1];
    const bytes = Number(found[2]) * 1024;
    if (found[1] === 'Rss') mapping.rss = bytes;
    else mapping.swap = bytes;
  }
  return mappings;
}
