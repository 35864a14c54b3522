/** Which TCP ports a process listens on, from /proc/PID/net/tcp{,6} and the descriptors it holds (proc(5)). */
import { readdir, readFile, readlink } from 'node:fs/promises';

export interface ListeningSocket {
  inode: string;
  /** Where to connect to; a socket that listens everywhere is reached at the loopback address. */
  host: string;
  port: number;
}

const LISTENING = '0A';

/**
 * All of the network namespace that the process is in.
 * @throws where it may not be read
 */
export async function listeningSockets(pid: number): Promise<ListeningSocket[]> {
  const [v4, v6] = await Promise.all(
    ['tcp', 'tcp6'].map((table) => readFile(`/proc/${pid}/net/${table}`, 'latin1').catch(() => '')),
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

/** The process that holds the socket, among those that one may look into; null when it is none of them. */
export async function holderOf(inode: string): Promise<number | null> {
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

function rows(table: string): ListeningSocket[] {
  return table.split('\n').flatMap((line) => {
    // "  0: 0100007F:240D 00000000:0000 0A ... uid timeout inode ..."
    const fields = line.trim().split(/\s+/);
    if (fields[3] !== LISTENING) return [];
    const [address = '', port = ''] = fields[1].split(':');
    return [{ inode: fields[9], host: hostOf(address), port: parseInt(port, 16) }];
  });
}

/** The kernel prints an address as words in the byte order of the machine. */
function hostOf(address: string): string {
  const bytes = (address.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) {
    const host = bytes.map((byte) => parseInt(byte, 16)).join('.');
    return host === '0.0.0.0' ? '127.0.0.1' : host;
  }
  const host = (bytes.join('').match(/.{4}/g) ?? []).join(':');
  if (/^[0:]+$/.test(host) || /^(0000:){7}0001$/.test(host)) return '::1';
  const isMapped = /^(?:0000:){5}ffff:/.test(host);
  return isMapped
    ? bytes
        .slice(12)
        .map((byte) => parseInt(byte, 16))
        .join('.')
    : host;
}
