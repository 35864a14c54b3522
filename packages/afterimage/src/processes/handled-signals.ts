/**
 * Finds which signals are handled by libuv, and so by the application or a flag of Node.js, in the memory of
 * a process. The kernel only reports that a signal is caught. libuv keeps its watchers in a tree with the
 * root `uv__signal_tree` (src/unix/signal.c in libuv); Node's own handler of SIGUSR1 is not in it.
 */
import { orElse } from '@afterimage/host/errors';
import { open, readFile, stat, type FileHandle } from 'node:fs/promises';
import {
  bytesAt,
  isRelocatable,
  NOBITS,
  number64,
  readSections,
  SYMBOL_BYTES,
  SYMTAB,
  type Section,
} from '@afterimage/host/elf-file';
import { nodeFilesOf } from './node-version.js';

const VARIABLE = /^uv__signal_tree(\.\d+)?$/;
const MAX_NAME_BYTES = 32;
const POINTER_BYTES = 8;
/** STT_OBJECT, a variable. */
const SYMBOL_KIND = 1;
/** How many symbols are read at a time: Node.js has 35,000 to 120,000 local ones. */
const SYMBOLS_AT_ONCE = 10_000;

/**
 * `struct uv_signal_s` in uv.h and uv/unix.h, on 64 bits; its beginning has not changed within version 1 of
 * libuv.
 */
const WATCHER = { type: 16, number: 104, left: 112, right: 120, bytes: 128 };
const UV_SIGNAL = 16;
const MAX_SIGNAL = 64;
const MAX_WATCHERS = 1_000;

/** Returns null if that cannot be determined: the binary is stripped, or its memory cannot be read. */
export async function handledSignals(pid: number): Promise<ReadonlySet<number> | null> {
  for (const path of await nodeFilesOf(pid)) {
    const address = await variableAddress(pid, path).catch(orElse(null));
    if (address !== null) return watchersAt(pid, address).catch(orElse(null));
  }
  return null;
}

async function watchersAt(pid: number, root: number): Promise<ReadonlySet<number> | null> {
  const memory = await open(`/proc/${pid}/mem`, 'r');
  try {
    const found = new Set<number>();
    const first = await bytesAt(memory, root, POINTER_BYTES);
    if (first === null) return null;
    const pending = [number64(first, 0)];
    for (let seen = 0; pending.length > 0; seen++) {
      const at = pending.pop() ?? 0;
      if (at === 0) continue;
      const watcher = seen < MAX_WATCHERS ? await bytesAt(memory, at, WATCHER.bytes) : null;
      const number = watcher?.readInt32LE(WATCHER.number) ?? 0;
      if (watcher?.readInt32LE(WATCHER.type) !== UV_SIGNAL || number < 1 || number > MAX_SIGNAL) return null;
      found.add(number);
      pending.push(number64(watcher, WATCHER.left), number64(watcher, WATCHER.right));
    }
    return found;
  } finally {
    await memory.close();
  }
}

/** Address of the variable in the file, by file, device and modification time. */
const known = new Map<string, Promise<number | null>>();

/** Returns the address in the process; null if the file does not contain it. */
async function variableAddress(pid: number, path: string): Promise<number | null> {
  const { dev, ino, mtimeMs } = await stat(path);
  const key = `${dev}:${ino}:${mtimeMs}`;
  const searching = known.get(key) ?? withFile(path, searchVariable);
  known.set(key, searching);
  const inFile = await searching;
  if (inFile === null) return null;
  if (!(await withFile(path, isRelocatable))) return inFile;
  const start = await loadedAt(pid, ino);
  return start === null ? null : start + inFile;
}

async function withFile<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, 'r');
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

async function searchVariable(file: FileHandle): Promise<number | null> {
  const sections = await readSections(file);
  const table = sections.find(({ type }) => type === SYMTAB);
  const names = table === undefined ? undefined : sections.at(table.link);
  if (table === undefined || names === undefined) return null;
  const count = Math.min(table.info, Math.floor(table.size / SYMBOL_BYTES));
  for (let first = 0; first < count; first += SYMBOLS_AT_ONCE) {
    const size = Math.min(SYMBOLS_AT_ONCE, count - first) * SYMBOL_BYTES;
    const symbols = await bytesAt(file, table.offset + first * SYMBOL_BYTES, size);
    if (symbols === null) return null;
    for (let at = 0; at < size; at += SYMBOL_BYTES) {
      // Read its name only if the rest matches: the names take megabytes.
      const isPointer = symbols[at + 4] === SYMBOL_KIND && number64(symbols, at + 16) === POINTER_BYTES;
      const isUnset = sections.at(symbols.readUInt16LE(at + 6))?.type === NOBITS;
      if (isPointer && isUnset && VARIABLE.test(await nameAt(file, names, symbols.readUInt32LE(at))))
        return number64(symbols, at + 8);
    }
  }
  return null;
}

async function nameAt(file: FileHandle, names: Section, at: number): Promise<string> {
  const size = Math.min(MAX_NAME_BYTES, names.size - at);
  const bytes = size > 0 ? await bytesAt(file, names.offset + at, size) : null;
  return bytes?.toString('latin1').replace(/\0.*$/s, '') ?? '';
}

/** Returns the address at which the file's beginning is mapped. */
async function loadedAt(pid: number, inode: number): Promise<number | null> {
  const maps = await readFile(`/proc/${pid}/maps`, 'latin1');
  // 7f12a000-7f12c000 r--p 00000000 08:01 1234   /usr/lib/libnode.so.108
  const line = new RegExp(`^([0-9a-f]+)-[0-9a-f]+ \\S+ 0+ \\S+ ${inode} `, 'm').exec(maps);
  return line === null ? null : parseInt(line[1], 16);
}
