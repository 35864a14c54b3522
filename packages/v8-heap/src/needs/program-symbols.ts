/**
 * Names of C++ classes' tables of virtual functions (vtables) in a program's file that no mapping has: only the symbol table
 * of the file knows those of classes that are not exported. By them the objects of C++ can be named.
 */
import { bytesAt, elfHeader } from '@afterimage/image/elf-file';
import { readSync } from 'node:fs';
import { deflateSync, inflateSync } from 'node:zlib';

const SECTION_BYTES = 64;
const MAX_SECTIONS = 1_000;
const SYMTAB = 2;
const DYNSYM = 11;
const SYMBOL_BYTES = 24;
const MAX_TABLE_BYTES = 1 << 28;
const MAX_NAMES = 10_000;
const MAX_NAME_BYTES = 512;
/** A multiple of a symbol's; tables have up to 20 MB, and each megabyte counts in the container that this runs in. */
const BLOCK_BYTES = SYMBOL_BYTES << 15;
const VTABLE = '_ZTV';
/** V8's own objects are in its heap. */
const OF_V8 = '_ZTVN2v8';
const MAX_TEXT_BYTES = 1 << 22;

interface Section {
  type: number;
  position: number;
  bytes: number;
  /** Of a symbol table: the number of the section with its names. */
  link: number;
}

/**
 * Returns the names with their addresses in the file, compressed, as base64; empty if there are none.
 * @param file descriptor of the program's file
 * @throws {Error} what the system says where it cannot be read
 */
export function programSymbols(file: number): string {
  const sections = sectionsOf(file);
  const namesOf = (table: Section | undefined): Map<number, string> => {
    const names = table === undefined ? undefined : sections.at(table.link);
    return names === undefined ? new Map<number, string>() : vtablesIn(file, names);
  };
  const symbols = sections.find(({ type }) => type === SYMTAB);
  if (symbols === undefined) return '';
  const mapped = new Set(namesOf(sections.find(({ type }) => type === DYNSYM)).values());
  const wanted = namesOf(symbols);
  const lines: string[] = [];
  eachBlock(file, symbols, 0, (block) => {
    for (let at = 0; at + SYMBOL_BYTES <= block.length && lines.length < MAX_NAMES; at += SYMBOL_BYTES) {
      const name = wanted.get(block.readUInt32LE(at));
      if (name === undefined || name.startsWith(OF_V8) || mapped.has(name)) continue;
      lines.push(`${block.readBigUInt64LE(at + 8).toString(16)} ${name}\n`);
    }
  });
  return lines.length === 0 ? '' : deflateSync(lines.join('')).toString('base64');
}

function sectionsOf(file: number): Section[] {
  const header = elfHeader(file);
  if (header?.readUInt16LE(58) !== SECTION_BYTES) return [];
  const count = Math.min(header.readUInt16LE(60), MAX_SECTIONS);
  const table = bytesAt(file, Number(header.readBigUInt64LE(40)), count * SECTION_BYTES);
  if (table === null) return [];
  return Array.from({ length: count }, (_, index) => {
    const at = index * SECTION_BYTES;
    return {
      type: table.readUInt32LE(at + 4),
      position: Number(table.readBigUInt64LE(at + 24)),
      bytes: Number(table.readBigUInt64LE(at + 32)),
      link: table.readUInt32LE(at + 40),
    };
  });
}

/** Hands out a section in blocks, each with so many bytes of the next again; it is overwritten by the next. */
function eachBlock(
  file: number,
  { position, bytes }: Section,
  overlap: number,
  take: (block: Buffer, from: number) => void,
): void {
  if (bytes > MAX_TABLE_BYTES || !Number.isSafeInteger(position)) return;
  const room = Buffer.alloc(Math.min(bytes, BLOCK_BYTES + overlap));
  for (let from = 0; from < bytes; from += BLOCK_BYTES) {
    const got = readSync(file, room, 0, Math.min(room.length, bytes - from), position + from);
    if (got > 0) take(room.subarray(0, got), from);
  }
}

/** By their offsets among the names. */
function vtablesIn(file: number, names: Section): Map<number, string> {
  const found = new Map<number, string>();
  const mark = Buffer.from(`\0${VTABLE}`);
  eachBlock(file, names, MAX_NAME_BYTES, (block, from) => {
    for (let at = block.indexOf(mark); at >= 0 && at < BLOCK_BYTES; at = block.indexOf(mark, at + 1)) {
      const end = block.indexOf(0, at + 1);
      if (end > 0 && end - at <= MAX_NAME_BYTES)
        found.set(from + at + 1, block.toString('latin1', at + 1, end));
      if (found.size === MAX_NAMES) return;
    }
  });
  return found;
}

/** Addresses in the file by name, as {@link programSymbols} compressed them; empty where that makes no sense. */
export function readSymbols(text: string): Map<string, number> {
  try {
    const lines = inflateSync(Buffer.from(text, 'base64'), { maxOutputLength: MAX_TEXT_BYTES }).toString(
      'latin1',
    );
    return new Map(
      [...lines.matchAll(/^([0-9a-f]{1,13}) (\w+)$/gm)].map(([, at, name]) => [name, parseInt(at, 16)]),
    );
  } catch {
    return new Map();
  }
}
