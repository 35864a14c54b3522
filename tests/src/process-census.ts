/** Counts what a process holds, from /proc: what a capture must not leave behind. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Census {
  /** Open descriptors by target, without numbers: `{ 'socket:[]': 9, 'pipe:[]': 3 }`. */
  descriptors: Record<string, number>;
  threads: number;
  /** Children, by pid: state and name, `Z` being a zombie. */
  children: Record<number, string>;
  rssBytes: number;
}

export function census(pid: number): Census {
  return {
    descriptors: countDescriptors(pid),
    threads: readdirSync(`/proc/${pid}/task`).length,
    children: childrenOf(pid),
    rssBytes: rssOf(pid),
  };
}

function countDescriptors(pid: number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const descriptor of readdirSync(`/proc/${pid}/fd`)) {
    const kind = linkTarget(`/proc/${pid}/fd/${descriptor}`)?.replaceAll(/\d+/g, '');
    if (kind !== undefined) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** Undefined for a descriptor that was closed meanwhile. */
function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

export function childrenOf(pid: number): Record<number, string> {
  const children: Record<number, string> = {};
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const stat = readStat(Number(entry));
    if (stat?.parent === pid) children[Number(entry)] = `${stat.state} ${stat.name}`;
  }
  return children;
}

function readStat(pid: number): { name: string; state: string; parent: number } | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // it has ended meanwhile
  }
  const [, name = '', state = '', parent] = /^\d+ \((.*)\) (\S) (\d+)/s.exec(stat) ?? [];
  return { name, state, parent: Number(parent) };
}

function rssOf(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  return Number(kilobytes) * 1024;
}
