/**
 * Which Node.js a process runs, read from the file it runs: executing that file to ask it would give whoever named
 * a program `node` the rights of whoever looks.
 */
import { open, readFile, readlink, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { DYNSYM, readSections } from '@afterimage/host/elf-file';
import { readStatus, SIGUSR1_BIT } from '@afterimage/host/process-status';

/** Every build carries the addresses of its source and headers (process.release; src/node_metadata.cc in Node). */
const MARK = Buffer.from('node-v');
const VERSION = /^node-v(\d+\.\d+\.\d+)(?:-headers)?\.tar\./;
const WINDOW_BYTES = 1 << 20;
const MAX_MARK_LENGTH = 64;

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
 * Whether it is worth reading its file: programs by that name, or by this one's own, with Node.js as a library, or with
 * an application in one file. Where its file may not be read, what it calls itself decides.
 */
export async function looksLikeNode(pid: number): Promise<boolean> {
  const program = await readlink(`/proc/${pid}/exe`).catch(() => null);
  if (program === null) return isNamedNode(pid);
  const isNamedSo = /node/i.test(basename(program)) || program === process.execPath;
  return isNamedSo || (await sharedLibrary(pid)) !== null || (await isNodeByAnotherName(pid));
}

/**
 * In every Node.js that can carry an application; the next character is 1 where it does (node_sea.cc in Node). Nothing that
 * is like Node.js has it: Bun, Deno and Electron carry theirs in other ways.
 */
const FUSE = Buffer.from('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:');
/** Node.js has 90 MB, and half of that where it is stripped and without ICU. */
const MIN_NODE_BYTES = 25e6;

/** Whether its file carries its application: a single executable, of which the words on its command line are all its own. */
export async function isSingleExecutable(pid: number): Promise<boolean> {
  return (await formOf(pid))?.carries ?? false;
}

/** A single executable, or a Node.js that was renamed; cheap for what is neither. */
async function isNodeByAnotherName(pid: number): Promise<boolean> {
  const status = await readStatus(pid);
  // Node.js catches the signal or, where it opens no inspector, blocks it.
  if (status === null || ((status.caughtSignals | status.blockedSignals) & SIGUSR1_BIT) === 0n) return false;
  return (await formOf(pid)) !== null;
}

interface Form {
  /** It carries an application. */
  carries: boolean;
}

/** By file, device and time of change. */
const knownForms = new Map<string, Promise<Form | null>>();

/** Null for what is no Node.js. */
async function formOf(pid: number): Promise<Form | null> {
  const path = `/proc/${pid}/exe`;
  const found = await stat(path).catch(() => null);
  if (found === null || found.size < MIN_NODE_BYTES) return null;
  const key = `${found.dev}:${found.ino}:${found.mtimeMs}`;
  const form = knownForms.get(key) ?? readForm(path);
  knownForms.set(key, form);
  return form;
}

async function readForm(path: string): Promise<Form | null> {
  // As for its version, a file by its own name is not read: see versionIn.
  if (/^node(js)?[\d.]*$/.test(basename(await readlink(path).catch(() => '')))) return { carries: false };
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return null;
  try {
    // Addons are linked with its dynamic symbols, which programs of Go, most of the other large ones, have none of.
    if (!(await readSections(file)).some(({ type }) => type === DYNSYM)) return null;
    const isSet = await firstIn(file, FUSE, (text) => text[FUSE.length] === '1');
    return isSet === null ? null : { carries: isSet };
  } finally {
    await file.close();
  }
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
    return await firstIn(file, MARK, (text) => VERSION.exec(text)?.[1] ?? null);
  } finally {
    await file.close();
  }
}

/** The first that `read` makes of what begins with the mark; null where it is nothing each time. */
async function firstIn<T>(
  file: FileHandle,
  mark: Buffer,
  read: (text: string) => T | null,
): Promise<T | null> {
  const window = Buffer.alloc(WINDOW_BYTES + MAX_MARK_LENGTH);
  // Windows overlap, so that no mark is cut in two.
  for (let position = 0; ; position += WINDOW_BYTES) {
    const { bytesRead } = await file.read(window, 0, window.length, position);
    const part = window.subarray(0, bytesRead);
    for (let at = part.indexOf(mark); at !== -1; at = part.indexOf(mark, at + 1)) {
      const found = read(part.toString('latin1', at, at + MAX_MARK_LENGTH));
      if (found !== null) return found;
    }
    if (bytesRead < window.length) return null;
  }
}
