/**
 * Names of C++ classes' tables of virtual functions (vtables) in a program's file that no mapping has: only the symbol table
 * of the file knows those of classes that are not exported. By them the objects of C++ can be named.
 */
import { fstatSync, readSync } from 'node:fs';
import { deflateSync, inflateSync } from 'node:zlib';

const ELF_MAGIC = 0x464c457f;
const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const MAX_SECTIONS = 1_000;
const SYMTAB = 2;
const DYNSYM = 11;
const SYMBOL_BYTES = 24;
const MAX_TABLE_BYTES = 1 << 26;
const MAX_NAMES = 10_000;
const MAX_NAME_BYTES = 512;
const VTABLE = '_ZTV';
/** V8's own objects are in its heap. */
const OF_V8 = '_ZTVN2v8';
const MAX_TEXT_BYTES = 1 << 22;

/**
 * Returns the names with their addresses in the file, compressed, as base64; empty if there are none.
 * @param file descriptor of the program's file
 * @throws {Error} what the system says where it cannot be read
 */
export function programSymbols(file: number): string {
  const header = bytesAt(file, 0, HEADER_BYTES);
  if (header?.readUInt32LE(0) !== ELF_MAGIC || header.readUInt16LE(58) !== SECTION_BYTES) return '';
  const count = Math.min(header.readUInt16LE(60), MAX_SECTIONS);
  const sections = bytesAt(file, Number(header.readBigUInt64LE(40)), count * SECTION_BYTES);
  if (sections === null) return '';
  const contentsOf = (index: number): Buffer | null => {
    const at = index * SECTION_BYTES;
    if (index >= count) return null;
    return bytesAt(file, ...place(sections, at));
  };
  const indexOf = (type: number): number =>
    Array.from({ length: count }, (_, index) => sections.readUInt32LE(index * SECTION_BYTES + 4)).indexOf(
      type,
    );
  const namesOf = (table: number): Buffer | null =>
    table < 0 ? null : contentsOf(sections.readUInt32LE(table * SECTION_BYTES + 40));
  const [table, dynamic] = [indexOf(SYMTAB), indexOf(DYNSYM)];
  const [symbols, names] = [table < 0 ? null : contentsOf(table), namesOf(table)];
  if (symbols === null || names === null) return '';
  const mapped = new Set(vtablesIn(namesOf(dynamic) ?? Buffer.alloc(0)).values());
  const wanted = vtablesIn(names);
  const lines: string[] = [];
  for (let at = 0; at + SYMBOL_BYTES <= symbols.length && lines.length < MAX_NAMES; at += SYMBOL_BYTES) {
    const name = wanted.get(symbols.readUInt32LE(at));
    if (name === undefined || name.startsWith(OF_V8) || mapped.has(name)) continue;
    lines.push(`${symbols.readBigUInt64LE(at + 8).toString(16)} ${name}\n`);
  }
  return lines.length === 0 ? '' : deflateSync(lines.join('')).toString('base64');
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

function place(sections: Buffer, at: number): [position: number, bytes: number] {
  return [Number(sections.readBigUInt64LE(at + 24)), Number(sections.readBigUInt64LE(at + 32))];
}

/** By their offsets among the names. */
function vtablesIn(names: Buffer): Map<number, string> {
  const found = new Map<number, string>();
  const mark = Buffer.from(`\0${VTABLE}`);
  for (let at = names.indexOf(mark); at >= 0; at = names.indexOf(mark, at + 1)) {
    const end = names.indexOf(0, at + 1);
    if (end > 0 && end - at <= MAX_NAME_BYTES) found.set(at + 1, names.toString('latin1', at + 1, end));
  }
  return found;
}

function bytesAt(file: number, position: number, bytes: number): Buffer | null {
  if (!Number.isSafeInteger(position) || bytes > MAX_TABLE_BYTES || position + bytes > fstatSync(file).size)
    return null;
  const into = Buffer.alloc(bytes);
  return readSync(file, into, 0, bytes, position) === bytes ? into : null;
}
