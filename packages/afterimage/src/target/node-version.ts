/**
 * Which Node.js a process runs, read from the file it runs: executing that file to ask it would give whoever named
 * a program `node` the rights of whoever looks.
 */
import { open, readFile, readlink, stat } from 'node:fs/promises';
import { basename } from 'node:path';

/** Every build carries the addresses of its source and headers (process.release; src/node_metadata.cc in Node). */
const MARK = Buffer.from('node-v');
const VERSION = /^node-v(\d+\.\d+\.\d+)(?:-headers)?\.tar\./;
const WINDOW_BYTES = 1 << 20;
const LONGEST_MARK = 64;

/** By file, device and time of change; a machine has few Node.js binaries and many processes. */
const known = new Map<string, Promise<string | null>>();

/** Without the `v`; null when it is not Node.js, or its files may not be read. */
export async function nodeVersionOf(pid: number): Promise<string | null> {
  for (const file of await nodeFilesOf(pid)) {
    const version = await versionIn(file);
    if (version !== null) return version;
  }
  return null;
}

/** What a process runs, and the library that its Node.js is, where it is one. */
export async function nodeFilesOf(pid: number): Promise<string[]> {
  const library = await sharedLibrary(pid);
  return [`/proc/${pid}/exe`, ...(library === null ? [] : [`/proc/${pid}/root${library}`])];
}

export function majorOf(version: string): number {
  return Number(version.split('.')[0]);
}

/**
 * Whether it is worth reading its file: programs by that name, or by this one's own, or with Node.js as a library. Where
 * its file may not be read, what it calls itself decides.
 */
export async function looksLikeNode(pid: number): Promise<boolean> {
  const program = await readlink(`/proc/${pid}/exe`).catch(() => null);
  if (program === null) return isNamedNode(pid);
  const isNamedSo = /node/i.test(basename(program)) || program === process.execPath;
  return isNamedSo || (await sharedLibrary(pid)) !== null;
}

async function isNamedNode(pid: number): Promise<boolean> {
  const [name, commandLine] = await Promise.all(
    ['comm', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
  );
  return [name.trim(), basename(commandLine.split('\0')[0])].some((each) => /^node(js)?\d*$/.test(each));
}

/** Debian and others build Node.js as a library with a small program in front. */
async function sharedLibrary(pid: number): Promise<string | null> {
  const maps = await readFile(`/proc/${pid}/maps`, 'latin1').catch(() => '');
  return /\s(\/\S*\/libnode\.so[.\d]*)$/m.exec(maps)?.[1] ?? null;
}

async function versionIn(file: string): Promise<string | null> {
  const found = await stat(file).catch(() => null);
  if (found === null) return null;
  // In a container that is as a rule the target's: reading it would fill the page cache that the container pays for.
  const own = await stat(process.execPath).catch(() => null);
  if (own?.dev === found.dev && own.ino === found.ino) return process.versions.node;
  const key = `${found.dev}:${found.ino}:${found.mtimeMs}`;
  const version = known.get(key) ?? search(file);
  known.set(key, version);
  return version;
}

async function search(path: string): Promise<string | null> {
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return null;
  try {
    const window = Buffer.alloc(WINDOW_BYTES + LONGEST_MARK);
    // Windows overlap, so that no mark is cut in two.
    for (let position = 0; ; position += WINDOW_BYTES) {
      const { bytesRead } = await file.read(window, 0, window.length, position);
      const part = window.subarray(0, bytesRead);
      for (let at = part.indexOf(MARK); at !== -1; at = part.indexOf(MARK, at + 1)) {
        const version = VERSION.exec(part.toString('latin1', at, at + LONGEST_MARK))?.[1];
        if (version !== undefined) return version;
      }
      if (bytesRead < window.length) return null;
    }
  } finally {
    await file.close();
  }
}
