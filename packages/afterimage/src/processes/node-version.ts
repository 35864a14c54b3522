/**
 * Finds the Node.js version of a process in the file that it runs. Running that file to ask it would execute
 * any program called `node` with the rights of this user.
 */
import { orElse } from '@afterimage/host/errors';
import { open, readFile, readlink, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { DYNSYM, readSections } from '@afterimage/host/elf-file';
import { readStatus, SIGUSR1_BIT } from '@afterimage/host/process-status';

/**
 * Every build contains the URLs of its source and headers (process.release; src/node_metadata.cc in Node).
 */
const MARK = Buffer.from('node-v');
const VERSION = /^node-v(\d+\.\d+\.\d+)(?:-headers)?\.tar\./;
const WINDOW_BYTES = 1 << 20;
const MAX_MARK_LENGTH = 64;

/** By file, device and modification time; a machine has few Node.js binaries and many processes. */
const known = new Map<string, Promise<string | null>>();

/** Returns the version without the `v`; null if it is not Node.js, or its files cannot be read. */
export async function nodeVersionOf(pid: number): Promise<string | null> {
  for (const file of await nodeFilesOf(pid)) {
    const version = await versionIn(file);
    if (version !== null) return version;
  }
  return null;
}

/** Returns the executable of a process, and the library that contains its Node.js, if any. */
export async function nodeFilesOf(pid: number): Promise<string[]> {
  const library = await sharedLibrary(pid);
  return [`/proc/${pid}/exe`, ...(library === null ? [] : [`/proc/${pid}/root${library}`])];
}

export function majorOf(version: string): number {
  return Number(version.split('.')[0]);
}

/**
 * Tells whether reading a process's file is worthwhile: if its name is like Node's or it renamed itself, if
 * it uses Node.js as a library, or is a single executable. If the file cannot be read, the process's name
 * decides.
 */
export async function looksLikeNode(pid: number): Promise<boolean> {
  const program = await readlink(`/proc/${pid}/exe`).catch(orElse(null));
  if (program === null) return isNamedNode(pid);
  const isNamedSo = /node/i.test(basename(program)) || program === process.execPath;
  return isNamedSo || (await sharedLibrary(pid)) !== null || (await isNodeByAnotherName(pid));
}

/**
 * Every Node.js that supports single executables contains this; the next character is 1 if it has an
 * application (node_sea.cc in Node). Similar programs don't: Bun, Deno and Electron have other mechanisms.
 */
const FUSE = Buffer.from('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:');
/** Node.js has 90 MB, or half of that if stripped and without ICU. */
const MIN_NODE_BYTES = 25e6;

/** Tells whether a process runs a single executable, whose arguments all belong to the application. */
export async function isSingleExecutable(pid: number): Promise<boolean> {
  return (await formOf(pid))?.carries ?? false;
}

/** Detects a single executable or a renamed Node.js; cheap for other programs. */
async function isNodeByAnotherName(pid: number): Promise<boolean> {
  const status = await readStatus(pid);
  // Node.js catches the signal, or blocks it if it opens no inspector.
  if (status === null || ((status.caughtSignals | status.blockedSignals) & SIGUSR1_BIT) === 0n) return false;
  return (await formOf(pid)) !== null;
}

interface Form {
  /** Contains an application. */
  carries: boolean;
}

/** By file, device and modification time. */
const knownForms = new Map<string, Promise<Form | null>>();

/** Returns null if it is not Node.js. */
async function formOf(pid: number): Promise<Form | null> {
  const path = `/proc/${pid}/exe`;
  const found = await stat(path).catch(orElse(null));
  if (found === null || found.size < MIN_NODE_BYTES) return null;
  const key = `${found.dev}:${found.ino}:${found.mtimeMs}`;
  const form = knownForms.get(key) ?? readForm(path);
  knownForms.set(key, form);
  return form;
}

async function readForm(path: string): Promise<Form | null> {
  // As with its version, don't read a file whose own name says it: see versionIn.
  if (/^node(js)?[\d.]*$/.test(basename(await readlink(path).catch(orElse(''))))) return { carries: false };
  const file = await open(path, 'r').catch(orElse(null));
  if (file === null) return null;
  try {
    // Addons link against its dynamic symbols. Go programs, which most other large ones are, have none.
    if (!(await readSections(file)).some(({ type }) => type === DYNSYM)) return null;
    const isSet = await firstIn(file, FUSE, (text) => text[FUSE.length] === '1');
    return isSet === null ? null : { carries: isSet };
  } finally {
    await file.close();
  }
}

async function isNamedNode(pid: number): Promise<boolean> {
  const [name, commandLine] = await Promise.all(
    ['comm', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(orElse(''))),
  );
  return [name.trim(), basename(commandLine.split('\0')[0])].some((each) => /^node(js)?\d*$/.test(each));
}

/** Finds the library that contains Node.js: Debian and others build a library with a small executable. */
async function sharedLibrary(pid: number): Promise<string | null> {
  const maps = await readFile(`/proc/${pid}/maps`, 'latin1').catch(orElse(''));
  return /\s(\/\S*\/libnode\.so[.\d]*)$/m.exec(maps)?.[1] ?? null;
}

async function versionIn(file: string): Promise<string | null> {
  const found = await stat(file).catch(orElse(null));
  if (found === null) return null;
  // In a container it usually is the target's file too: reading it would fill page cache on the container's
  // account.
  const own = await stat(process.execPath).catch(orElse(null));
  if (own?.dev === found.dev && own.ino === found.ino) return process.versions.node;
  const key = `${found.dev}:${found.ino}:${found.mtimeMs}`;
  const version = known.get(key) ?? search(file);
  known.set(key, version);
  return version;
}

async function search(path: string): Promise<string | null> {
  const file = await open(path, 'r').catch(orElse(null));
  if (file === null) return null;
  try {
    return await firstIn(file, MARK, (text) => VERSION.exec(text)?.[1] ?? null);
  } finally {
    await file.close();
  }
}

/** Returns the first non-null result of `read` for text that begins with the mark; else null. */
async function firstIn<T>(
  file: FileHandle,
  mark: Buffer,
  read: (text: string) => T | null,
): Promise<T | null> {
  const window = Buffer.alloc(WINDOW_BYTES + MAX_MARK_LENGTH);
  // Windows overlap, so that no mark is split.
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
