/** Which TCP ports a process listens on, from /proc/PID/net/tcp{,6} and the descriptors it holds (proc(5)). */
import { open, readdir, readlink } from 'node:fs/promises';

export interface ListeningSocket {
  inode: string;
  /** Where to connect to; a socket that listens everywhere is reached at the loopback address. */
  host: string;
  port: number;
  /** It listens on all addresses, so nobody else can on one of them. */
  everywhere: boolean;
}

/**
 * All of the network namespace that the process is in.
 * @throws where it may not be read
 */
export async function listeningSockets(pid: number): Promise<ListeningSocket[]> {
  const [v4, v6] = await Promise.all(
    ['tcp', 'tcp6'].map((table) => listeningRows(`/proc/${pid}/net/${table}`).catch(() => '')),
  );
  return [...rows(v4), ...rows(v6)];
}

/**
 * Those of the process itself.
 * @throws where its descriptors may not be read, or it has ended
 */
export async function ownListeningSockets(pid: number): Promise<ListeningSocket[]> {
  const [all, own] = await Promise.all([listeningSockets(pid), socketInodes(pid)]);
  return all.filter(({ inode }) => own.has(inode));
}

/** @throws where its descriptors may not be read, or it has ended */
export async function holdsSocket(pid: number, inode: string): Promise<boolean> {
  return (await socketInodes(pid)).has(inode);
}

/** By inode. Many processes may be asked about that the same socket is in the way of. */
const holders = new Map<string, Promise<number | null>>();

/** The process that holds the socket, among those that one may look into; null when it is none of them. */
export async function holderOf(inode: string): Promise<number | null> {
  const holder = holders.get(inode) ?? findHolder(inode);
  holders.set(inode, holder);
  return holder;
}

async function findHolder(inode: string): Promise<number | null> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const sockets = await socketInodes(Number(name)).catch(() => new Set<string>());
    if (sockets.has(inode)) return Number(name);
  }
  return null;
}

async function socketInodes(pid: number): Promise<Set<string>> {
  const directory = `/proc/${pid}/fd`;
  const names = await readdir(directory);
  const links = await Promise.all(names.map((name) => readlink(`${directory}/${name}`).catch(() => '')));
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

/** "  0: 0100007F:240D 00000000:0000 0A ... uid timeout inode ..." */
const LISTENING_ROW = /^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) [0-9A-F]+:0000 0A \S+ \S+ \S+ +\d+ +\d+ (\d+) /gm;
const OTHER_ROW = /^ *\d+: [0-9A-F]+:[0-9A-F]{4} [0-9A-F]+:[0-9A-F]{4} (?!0A)/m;

/** The kernel lists those that listen first; a server's ten thousand connections behind them are not read. */
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

/** An address of /proc/net/tcp{,6}: the kernel prints it as words in the byte order of the machine. */
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
