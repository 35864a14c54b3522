/**
 * What the reader needs of the file of a program that has V8 in it: an image may leave out the rest of the pages that
 * the process has not changed. The reader's own search runs over the file, and what it reads is what is needed.
 */
import { fstatSync, readSync } from 'node:fs';
import { elfHeader, elfSegments } from '@afterimage/image/elf-file';
import { findNameTables, TEXTS } from '../reader/names-in-program.js';
import { versionOf } from '../layouts/versions.js';
import type { MemoryReader, Region } from '../memory.js';
import { findProgram, type LoadedProgram } from '../image/loaded-program.js';
import { memoryWords, WORD } from '../image/memory-words.js';
import { isText } from './text-page.js';

export interface ProgramNeeds {
  v8Version: string;
  /** Where parts of the file begin and end that an image must have, in pairs, ascending; in bytes, whole pages. */
  kept: number[];
}

const PAGE_BYTES = 4096;
const MAX_FILE_BYTES = 2 ** 30;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const PF_X = 1;
const BLOCK_BYTES = 1 << 22;
/** More than the longest text that is searched for. */
const OVERLAP_BYTES = 64;
/** Shorter gaps are kept too, so that the image has fewer segments. */
const MAX_GAP_PAGES = 4;
const VERSION_MARK = '-node.';
const VERSION = /(?:^|\0)(\d+\.\d+\.\d+\.\d+-node\.\d+)\0/;

/** A part of the file and where it is loaded. */
interface Part extends Region {
  offset: number;
  isCode: boolean;
}

/**
 * Returns what the reader needs; null if it does not know the V8 in it, or does not find there what it needs.
 * @param file descriptor of the program's file
 * @throws {Error} what the system says where it cannot be read
 */
export function programNeeds(file: number): ProgramNeeds | null {
  const { size } = fstatSync(file);
  const parts = size <= MAX_FILE_BYTES ? partsOf(file) : [];
  if (parts.length === 0) return null;
  const needed = new Uint8Array(Math.ceil(size / PAGE_BYTES));
  const memory = recording(file, parts, needed);
  const program = findProgram(memory, parts);
  if (program === null) return null;
  const data = parts.filter(({ isCode }) => !isCode);
  const found = searchTexts(file, data, needed);
  const version = found.v8Version === null ? null : versionOf(found.v8Version);
  if (found.v8Version === null || version === null) return null;
  const searched: LoadedProgram = {
    symbols: program.symbols,
    findTexts: () => found.texts,
    findWords: (wanted) => searchWords(file, data, wanted),
  };
  const names = findNameTables(searched, memoryWords(memory), version.firstRoot);
  if (names.roots === null || names.builtins.length === 0 || names.contextFields.length === 0) return null;
  return { v8Version: found.v8Version, kept: rangesOf(needed) };
}

function partsOf(file: number): Part[] {
  const header = elfHeader(file);
  // The reader knows the images of no other processor.
  if (header?.readUInt16LE(18) !== EM_X86_64) return [];
  return elfSegments(file, header)
    .filter(({ type }) => type === PT_LOAD)
    .map(({ offset, address, bytes, flags }) => {
      // In whole pages, as it is mapped.
      const before = address % PAGE_BYTES;
      const isCode = (flags & PF_X) !== 0;
      return { start: address - before, end: address + bytes, offset: offset - before, isCode };
    });
}

/** The program's memory as its file says it, noting which pages of the file are read. */
function recording(file: number, parts: readonly Part[], needed: Uint8Array): MemoryReader {
  return {
    regions: [],
    programBreak: null,
    isResident: () => true,
    read: (address, into) => {
      const part = parts.find(({ start, end }) => start <= address && address + into.length <= end);
      if (part === undefined) return false;
      const position = part.offset + address - part.start;
      if (readSync(file, into, 0, into.length, position) !== into.length) return false;
      const last = Math.floor((position + into.length - 1) / PAGE_BYTES);
      needed.fill(1, Math.floor(position / PAGE_BYTES), last + 1);
      return true;
    },
    close: () => undefined,
  };
}

/**
 * In one pass: the texts that lead to the tables of names, V8's version, and what is text altogether, such as the
 * sources of Node.js's own modules, which strings in the heap refer to. By what Node.js has compiled, because no code is
 * optimized where this runs in a container.
 */
function searchTexts(
  file: number,
  parts: readonly Part[],
  needed: Uint8Array,
): { texts: Map<string, number[]>; v8Version: string | null } {
  const texts = new Map<string, number[]>(TEXTS.map((text) => [text, []]));
  const patterns = TEXTS.map((text): [string, Buffer] => [text, Buffer.from(`${text}\0`, 'latin1')]);
  const mark = Buffer.from(VERSION_MARK);
  let v8Version: string | null = null;
  for (const part of parts)
    eachBlock(file, [part], (block, address, bytes) => {
      for (const [text, pattern] of patterns)
        for (const at of placesIn(block, pattern, bytes)) texts.get(text)?.push(address + at);
      if (v8Version === null)
        for (const at of placesIn(block, mark, bytes)) v8Version ??= versionAround(block, at);
      for (let at = 0; at < bytes; at += PAGE_BYTES)
        if (isText(block.subarray(at, Math.min(at + PAGE_BYTES, bytes))))
          needed[Math.floor((part.offset + address - part.start + at) / PAGE_BYTES)] = 1;
    });
  return { texts, v8Version };
}

function versionAround(block: Buffer, at: number): string | null {
  const text = block.toString('latin1', Math.max(0, at - OVERLAP_BYTES / 2), at + OVERLAP_BYTES / 2);
  return VERSION.exec(text)?.[1] ?? null;
}

/** Where words with one of these values are. */
function searchWords(file: number, parts: readonly Part[], wanted: readonly number[]): number[] {
  const found: number[] = [];
  const patterns = wanted.map((value) => {
    const word = Buffer.alloc(WORD);
    word.writeBigUInt64LE(BigInt(value));
    return word;
  });
  eachBlock(file, parts, (block, address, bytes) => {
    for (const pattern of patterns)
      for (const at of placesIn(block, pattern, bytes))
        if ((address + at) % WORD === 0) found.push(address + at);
  });
  return found;
}

function* placesIn(block: Buffer, pattern: Buffer, end: number): Generator<number> {
  for (let at = block.indexOf(pattern); at >= 0 && at < end; at = block.indexOf(pattern, at + 1)) yield at;
}

/** Each block has the beginning of the next, too; `bytes` is its size without that. */
function eachBlock(
  file: number,
  parts: readonly Part[],
  take: (block: Buffer, address: number, bytes: number) => void,
): void {
  const room = Buffer.alloc(BLOCK_BYTES + OVERLAP_BYTES);
  for (const { start, end, offset } of parts) {
    for (let done = 0; done < end - start; done += BLOCK_BYTES) {
      const bytes = Math.min(BLOCK_BYTES, end - start - done);
      const wanted = Math.min(room.length, end - start - done);
      const got = readSync(file, room, 0, wanted, offset + done);
      take(room.subarray(0, got), start + done, Math.min(bytes, got));
    }
  }
}

function rangesOf(needed: Uint8Array): number[] {
  const ranges: number[] = [];
  for (let page = needed.indexOf(1); page >= 0; page = needed.indexOf(1, page)) {
    let end = needed.indexOf(0, page);
    if (end < 0) end = needed.length;
    const last = ranges.at(-1);
    if (last !== undefined && page * PAGE_BYTES - last <= MAX_GAP_PAGES * PAGE_BYTES) ranges.pop();
    else ranges.push(page * PAGE_BYTES);
    ranges.push(end * PAGE_BYTES);
    page = end;
  }
  return ranges;
}
