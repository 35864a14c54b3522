/**
 * A program as it lies loaded in memory: its symbols for dynamic linking, which are there where a program was stripped,
 * and what it contains, for tables that it has no symbols for.
 */
import { without, type MemoryReader, type Region } from '../memory.js';
import type { PostmortemSymbols } from '../symbols.js';
import { findTexts, findWords } from './memory-search.js';
import { memoryWords, WORD, type MemoryWords } from './memory-words.js';

export interface LoadedProgram {
  /** V8's postmortem metadata, by what follows `v8dbg_`. */
  symbols: PostmortemSymbols;
  /** Where texts that end in a zero and equal one of these begin; MIN_TEXT characters and more. */
  findTexts(wanted: readonly string[]): Map<string, number[]>;
  /** Where words with one of these values are. */
  findWords(wanted: readonly number[]): number[];
}

const ELF_MAGIC = 0x464c457f;
const PAGE_BYTES = 4096;
const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const MAX_PROGRAM_HEADERS = 64;
const PT_LOAD = 1;
const PT_DYNAMIC = 2;
/** The flags are the upper half of the first word. */
const FLAGS_SHIFT = 32n;
const PF_X = 1n;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;
const DT_STRSZ = 10;
const DT_GNU_HASH = 0x6ffffef5;
const MAX_DYNAMIC_ENTRIES = 256;
const SYMBOL_BYTES = 24;
const MAX_SYMBOLS = 2_000_000;
const MAX_NAMES_BYTES = 256 << 20;
const PREFIX = 'v8dbg_';

/** The program in these mappings of files that has V8 in it; null where none has. */
export function findProgram(memory: MemoryReader, files: readonly Region[]): LoadedProgram | null {
  const words = memoryWords(memory);
  for (const { start } of files) {
    const program = programAt(memory, words, start);
    if (program === null) continue;
    const symbols = postmortemSymbols(memory, words, program);
    if (symbols.size === 0) continue;
    const loaded = partsOf(files, [program]);
    const data = without(loaded, program.code);
    return {
      symbols,
      findTexts: (wanted) => {
        const found = findTexts(memory, data, wanted);
        const isComplete = [...found.values()].every((places) => places.length > 0);
        return isComplete ? found : findTexts(memory, loaded, wanted);
      },
      findWords: (wanted) => {
        const found = findWords(memory, data, wanted);
        return found.length > 0 ? found : findWords(memory, loaded, wanted);
      },
    };
  }
  return null;
}

/** What of regions lies in any of these. */
function partsOf(regions: readonly Region[], within: readonly Region[]): Region[] {
  return regions.flatMap(({ start, end }) =>
    within
      .map((other) => ({ start: Math.max(start, other.start), end: Math.min(end, other.end) }))
      .filter((part) => part.start < part.end),
  );
}

interface Program extends Region {
  /** What is added to addresses in the file. */
  bias: number;
  dynamic: number;
  /** Which, with linkers that do not separate it, also has constants. */
  code: Region[];
}

function programAt(memory: MemoryReader, words: MemoryWords, start: number): Program | null {
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  if (!memory.read(start, new Uint8Array(header.buffer)) || header.getUint32(0, true) !== ELF_MAGIC)
    return null;
  const table = start + Number(header.getBigUint64(32, true));
  const count = Math.min(header.getUint16(56, true), MAX_PROGRAM_HEADERS);
  let [lowest, highest, dynamic] = [Infinity, 0, 0];
  const code: Region[] = [];
  for (let index = 0; index < count; index++) {
    const row = words.words(table + index * PROGRAM_HEADER_BYTES, PROGRAM_HEADER_BYTES / WORD);
    if (row === null) return null;
    const type = Number(row[0] & 0xffffffffn);
    const address = Number(row[2]);
    if (type === PT_LOAD) {
      lowest = Math.min(lowest, address);
      highest = Math.max(highest, address + Number(row[5]));
      if (((row[0] >> FLAGS_SHIFT) & PF_X) !== 0n)
        code.push({ start: address, end: address + Number(row[5]) });
    } else if (type === PT_DYNAMIC) dynamic = address;
  }
  if (dynamic === 0 || lowest === Infinity) return null;
  const bias = start - (lowest - (lowest % PAGE_BYTES));
  // In whole pages, as they are mapped.
  const inMemory = code.map((part) => ({
    start: Math.floor(part.start / PAGE_BYTES) * PAGE_BYTES + bias,
    end: Math.ceil(part.end / PAGE_BYTES) * PAGE_BYTES + bias,
  }));
  return { start, end: highest + bias, bias, dynamic: dynamic + bias, code: inMemory };
}

function postmortemSymbols(memory: MemoryReader, words: MemoryWords, program: Program): PostmortemSymbols {
  const found = new Map<string, number>();
  const dynamic = dynamicSection(words, program);
  const [table, names, namesBytes, hash] = [DT_SYMTAB, DT_STRTAB, DT_STRSZ, DT_GNU_HASH].map(
    (tag) => dynamic.get(tag) ?? 0,
  );
  const count = table && names && hash ? symbolCount(memory, hash) : 0;
  if (count === 0 || namesBytes > MAX_NAMES_BYTES) return found;
  const symbols = new DataView(new ArrayBuffer(count * SYMBOL_BYTES));
  const texts = new Uint8Array(namesBytes);
  if (!memory.read(table, new Uint8Array(symbols.buffer)) || !memory.read(names, texts)) return found;
  const prefix = new TextEncoder().encode(PREFIX);
  const value = new DataView(new ArrayBuffer(4));
  for (let at = 0; at < symbols.byteLength; at += SYMBOL_BYTES) {
    const name = symbols.getUint32(at, true);
    if (!prefix.every((byte, offset) => texts[name + offset] === byte)) continue;
    const end = texts.indexOf(0, name);
    const address = Number(symbols.getBigUint64(at + 8, true)) + program.bias;
    if (end < 0 || !memory.read(address, new Uint8Array(value.buffer))) continue;
    found.set(String.fromCharCode(...texts.subarray(name + prefix.length, end)), value.getInt32(0, true));
  }
  return found;
}

/** By their tags; addresses as they are in memory, whether or not the dynamic linker has put them right. */
function dynamicSection(words: MemoryWords, { dynamic, bias }: Program): Map<number, number> {
  const entries = new Map<number, number>();
  for (let index = 0; index < MAX_DYNAMIC_ENTRIES; index++) {
    const entry = words.words(dynamic + index * 2 * WORD, 2);
    if (entry === null || entry[0] === 0n) break;
    const [tag, value] = [Number(entry[0]), Number(entry[1])];
    entries.set(tag, tag !== DT_STRSZ && value < bias ? value + bias : value);
  }
  return entries;
}

/** By the GNU hash table: one more than the last that one of its chains leads to. */
function symbolCount(memory: MemoryReader, hash: number): number {
  const halves = (address: number, count: number): Uint32Array | null => {
    const found = new Uint32Array(count);
    return memory.read(address, new Uint8Array(found.buffer)) ? found : null;
  };
  const header = halves(hash, 3);
  if (header?.subarray(0, 3).every((number) => number <= MAX_SYMBOLS) !== true) return 0;
  const [bucketCount, first, bloomWords] = header;
  const bucketsAt = hash + 16 + bloomWords * WORD;
  const buckets = halves(bucketsAt, bucketCount);
  if (buckets === null) return 0;
  let last = buckets.reduce((highest, bucket) => Math.max(highest, bucket), 0);
  if (last < first) return first;
  // A chain ends with an odd number.
  while (last < MAX_SYMBOLS) {
    const link = halves(bucketsAt + (bucketCount + last - first) * 4, 1);
    if (link === null) return 0;
    if (link[0] % 2 === 1) break;
    last++;
  }
  return last + 1;
}
