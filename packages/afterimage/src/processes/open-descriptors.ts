/**
 * Lists what a process has open, by kind, from /proc/PID/fd and the socket tables of its network namespace
 * (proc(5)). It sends nothing to the process, so it is safe even if the process has no descriptor left.
 */
import { orElse } from '@afterimage/host/errors';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { hostOf } from './listening-sockets.js';

/** Descriptors of the same kind and peer. */
export interface DescriptorGroup {
  /** `TCP connection`, `pipe`, `file` … */
  kind: string;
  /**
   * What they share: `to 10.0.0.5:5432`, `accepted on port 8080`, a path; empty if there is nothing to say.
   */
  what: string;
  /** For TCP, the number in each state, named like in ss(8). */
  states: Record<string, number>;
  count: number;
}

export interface OpenDescriptors {
  used: number;
  /** The soft limit, RLIMIT_NOFILE; null if there is none. */
  limit: number | null;
  /** How many more it can open: inherited ones may have numbers above the limit. Null without a limit. */
  free: number | null;
  /** The largest first. */
  groups: DescriptorGroup[];
}

/**
 * Lists the open descriptors.
 * @throws if they cannot be read, or the process has ended
 */
export async function openDescriptors(pid: number): Promise<OpenDescriptors> {
  const directory = `/proc/${pid}/fd`;
  const [names, limit, sockets] = await Promise.all([
    readdir(directory),
    descriptorLimit(pid),
    socketsOf(pid),
  ]);
  const links = await Promise.all(names.map((name) => linkOf(`${directory}/${name}`)));
  const groups = new Map<string, DescriptorGroup>();
  for (const link of links) {
    if (link === null) continue;
    const { kind, what, state } = describe(link, sockets);
    const key = `${kind}\0${what}`;
    const group = groups.get(key) ?? { kind, what, states: {}, count: 0 };
    group.count++;
    if (state !== undefined) group.states[state] = (group.states[state] ?? 0) + 1;
    groups.set(key, group);
  }
  return {
    used: names.length,
    limit,
    free: limit === null ? null : limit - names.filter((name) => Number(name) < limit).length,
    groups: [...groups.values()].sort((a, b) => b.count - a.count),
  };
}

/**
 * Returns null for a descriptor that was closed meanwhile. The right to list descriptors does not always
 * include reading their targets.
 */
async function linkOf(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return null;
  }
}

/** Reads RLIMIT_NOFILE, soft; null if there is none or it cannot be read. */
async function descriptorLimit(pid: number): Promise<number | null> {
  const limits = await readFile(`/proc/${pid}/limits`, 'latin1').catch(orElse(''));
  const found = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return found === undefined ? null : Number(found);
}

interface Described {
  kind: string;
  what: string;
  state?: string;
}

function describe(link: string, sockets: Map<string, Described>): Described {
  const [, type, inode] = /^(socket|pipe):\[(\d+)\]$/.exec(link) ?? [];
  if (type === 'pipe') return { kind: 'pipe', what: '' };
  // Neither connected nor listening, such as a connection that was reset and never closed: in no table.
  if (type === 'socket') return sockets.get(inode) ?? { kind: 'socket without a connection', what: '' };
  const anonymous = /^anon_inode:\[?([\w-]+)\]?$/.exec(link)?.[1];
  if (anonymous !== undefined) return { kind: anonymous, what: '' };
  if (link.startsWith('/memfd:')) return { kind: 'memfd', what: '' };
  if (link.startsWith('/dev/')) return { kind: 'device', what: link };
  return { kind: 'file', what: link };
}

// include/net/tcp_states.h
const TCP_STATES = [
  '',
  'ESTAB',
  'SYN-SENT',
  'SYN-RECV',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'TIME-WAIT',
  'UNCONN',
  'CLOSE-WAIT',
  'LAST-ACK',
  'LISTEN',
  'CLOSING',
];
const LISTEN = '0A';

/** "  0: 0100007F:240D 0500000A:1538 01 ... uid timeout inode ..." */
const INTERNET_ROW =
  /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2}) \S+ \S+ \S+ +\d+ +\d+ (\d+) /gm;
/** "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /run/some.sock" */
const UNIX_ROW = /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ [0-9A-F]+ [0-9A-F]+ [0-9A-F]+ +(\d+)(?: (.*))?$/gm;

/** Returns all sockets of the process's network namespace by inode. */
async function socketsOf(pid: number): Promise<Map<string, Described>> {
  const [tcp, tcp6, udp, udp6, unix] = await Promise.all(
    ['tcp', 'tcp6', 'udp', 'udp6', 'unix'].map((table) =>
      readFile(`/proc/${pid}/net/${table}`, 'latin1').catch(orElse('')),
    ),
  );
  const sockets = new Map<string, Described>();
  const rows = [...tcp.matchAll(INTERNET_ROW), ...tcp6.matchAll(INTERNET_ROW)];
  const listening = new Set(rows.filter(([, , , , , state]) => state === LISTEN).map(([, , port]) => port));
  for (const [, , localPort, remote, remotePort, state, inode] of rows) {
    const port = parseInt(localPort, 16);
    const name = TCP_STATES[parseInt(state, 16)] || state;
    if (state === LISTEN) sockets.set(inode, { kind: 'TCP listener', what: `port ${port}` });
    else {
      const what = listening.has(localPort)
        ? `accepted on port ${port}`
        : `to ${address(remote, remotePort)}`;
      sockets.set(inode, { kind: 'TCP connection', what, state: name });
    }
  }
  for (const [, , port, , , , inode] of [...udp.matchAll(INTERNET_ROW), ...udp6.matchAll(INTERNET_ROW)]) {
    sockets.set(inode, { kind: 'UDP socket', what: `port ${parseInt(port, 16)}` });
  }
  for (const [, inode, path = ''] of unix.matchAll(UNIX_ROW)) {
    sockets.set(inode, { kind: 'Unix socket', what: path });
  }
  return sockets;
}

function address(host: string, port: string): string {
  const name = hostOf(host);
  return `${name.includes(':') ? `[${name}]` : name}:${parseInt(port, 16)}`;
}
