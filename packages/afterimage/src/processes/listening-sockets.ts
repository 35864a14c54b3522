/**
 * Finds the TCP ports on which a process listens, from /proc/PID/net/tcp{,6} and its descriptors (proc(5)).
 */
import { orElse } from '@afterimage/host/errors';
import { open, readdir, readlink } from 'node:fs/promises';

export interface ListeningSocket {
  inode: string;
  /** Address to connect to; the loopback address for a socket that listens on all addresses. */
  host: string;
  port: number;
  /** Listens on all addresses, so no other socket can listen on one of them. */
  everywhere: boolean;
}

/**
 * Returns all listening sockets of the process's network namespace.
 * @throws if that cannot be read
 */
export async function listeningSockets(pid: number): Promise<ListeningSocket[]> {
  const [v4, v6] = await Promise.all(
    ['tcp', 'tcp6'].map((table) => listeningRows(`/proc/${pid}/net/${table}`).catch(orElse(''))),
  );
  return [...rows(v4), ...rows(v6)];
}

/**
 * Returns the process's own listening sockets.
 * @throws if its descriptors cannot be read, or it has ended
 */
export async function ownListeningSockets(pid: number): Promise<ListeningSocket[]> {
  const [all, own] = await Promise.all([listeningSockets(pid), socketInodes(pid)]);
  return all.filter(({ inode }) => own.has(inode));
}

/**
 * Tells whether the process has the socket open.
 * @throws if its descriptors cannot be read, or it has ended
 */
export async function holdsSocket(pid: number, inode: string): Promise<boolean> {
  return (await socketInodes(pid)).has(inode);
}

/** By inode, because the same socket may be an obstacle for many processes. */
const holders = new Map<string, Promise<number | null>>();

/** Returns a process that has the socket open; null if none that can be inspected has. */
export async function holderOf(inode: string): Promise<number | null> {
  const holder = holders.get(inode) ?? findHolder(inode);
  holders.set(inode, holder);
  return holder;
}

async function findHolder(inode: string): Promise<number | null> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const sockets = await socketInodes(Number(name)).catch(orElse(new Set<string>()));
    if (sockets.has(inode)) return Number(name);
  }
  return null;
}

async function socketInodes(pid: number): Promise<Set<string>> {
  const directory = `/proc/${pid}/fd`;
  const names = await readdir(directory);
  const links = await Promise.all(names.map((name) => readlink(`${directory}/${name}`).catch(orElse(''))));
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

/** "  0: 0100007F:240D 00000000:0000 0A ... uid timeout inode ..." */
const LISTENING_ROW = /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:0000 0A \S+ \S+ \S+ +\d+ +\d+ (\d+) /gm;
const OTHER_ROW = /^ *\d+: [0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:[0-9A-F]{4} (?!0A)/m;

/**
 * Reads only the listening sockets, which the kernel lists first, and not a server's ten thousand
 * connections.
 */
async function listeningRows(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    let text = '';
    const part = Buffer.alloc(1 << 14);
    for (;;) {
      const { bytesRead } = await file.read(part, 0, part.length);
      text += part.toString('latin1', 0, bytesRead);
      if (bytesRead === 0 || OTHER_ROW.test(text)) return text;
    }
  } finally {
    await file.close();
  }
}

function rows(table: string): ListeningSocket[] {
  return [...table.matchAll(LISTENING_ROW)].map(([, address, port, inode]) => ({
    inode,
    host: hostOf(address),
    port: parseInt(port, 16),
    everywhere: /^0+$/.test(address),
  }));
}

/** Decodes an address of /proc/net/tcp{,6}: the kernel prints it as words in the machine's byte order. */
export function hostOf(address: string): string {
  const bytes = (address.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) {
    const host = bytes.map((byte) => parseInt(byte, 16)).join('.');
    return host === '0.0.0.0' ? '127.0.0.1' : host;
  }
  const host = (bytes.join('').match(/.{4}/g) ?? []).join(':');
  if (/^[0:]+$/.test(host) || /^(0000:){7}0001$/.test(host)) return '::1';
  const isMapped = /^(?:0000:){5}ffff:/i.test(host);
  return isMapped
    ? bytes
        .slice(12)
        .map((byte) => parseInt(byte, 16))
        .join('.')
    : host;
}
