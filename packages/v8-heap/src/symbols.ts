/**
 * Reads V8's postmortem metadata: symbols called `v8dbg_…` in every Node.js binary tell debuggers where the
 * fields of heap objects are and which numbers their types have. The file is what a process runs, so it may
 * be anything.
 */
import { open, type FileHandle } from 'node:fs/promises';
import {
  bytesAt,
  DYNSYM,
  NOBITS,
  number64,
  readSections,
  SYMBOL_BYTES,
  SYMTAB,
  type Section,
} from '@afterimage/host/elf-file';

/** Values by the part of the symbol's name after `v8dbg_`. */
export type PostmortemSymbols = ReadonlyMap<string, number>;

const PREFIX = Buffer.from('v8dbg_');
const VALUE_BYTES = 4;
/** Node.js has tables of 2 to 20 MB. */
const LARGEST_TABLE = 128 << 20;
const MAX_NAME_LENGTH = 200;
/** A binary has about 500. */
const MAX_SYMBOLS = 5_000;
/** Their values lie close together. */
const LARGEST_GATHERED = 1 << 20;

interface Place {
  name: string;
  section: Section;
  /** Offset in the file. */
  offset: number;
}

/** Reads the symbols of a file; empty if it has none, or is not an ELF file like Node.js builds. */
export async function readPostmortemSymbols(path: string): Promise<PostmortemSymbols> {
  const file = await open(path, 'r');
  try {
    const sections = await readSections(file);
    // Stripped binaries keep the dynamic symbols.
    for (const type of [DYNSYM, SYMTAB]) {
      const table = sections.find((section) => section.type === type);
      if (table === undefined) continue;
      const places = await findSymbols(file, table, sections);
      if (places.length > 0) return await readValues(file, places);
    }
    return new Map();
  } finally {
    await file.close();
  }
}

async function findSymbols(file: FileHandle, table: Section, sections: readonly Section[]): Promise<Place[]> {
  const nameTable = sections.at(table.link);
  if (nameTable === undefined || table.size > LARGEST_TABLE || nameTable.size > LARGEST_TABLE) return [];
  const symbols = await bytesAt(file, table.offset, table.size);
  const names = await bytesAt(file, nameTable.offset, nameTable.size);
  if (symbols === null || names === null) return [];
  const places: Place[] = [];
  for (let at = 0; at + SYMBOL_BYTES <= symbols.length && places.length < MAX_SYMBOLS; at += SYMBOL_BYTES) {
    const name = symbols.readUInt32LE(at);
    if (names[name] !== PREFIX[0] || PREFIX.compare(names, name, name + PREFIX.length) !== 0) continue;
    const section = sections.at(symbols.readUInt16LE(at + 6));
    const end = names.indexOf(0, name);
    if (section === undefined || end === -1 || end - name > MAX_NAME_LENGTH) continue;
    const offset = section.offset + number64(symbols, at + 8) - section.address;
    places.push({ name: names.toString('latin1', name + PREFIX.length, end), section, offset });
  }
  return places;
}

async function readValues(file: FileHandle, places: readonly Place[]): Promise<PostmortemSymbols> {
  const values = new Map<string, number>();
  // Zeros take no space in the file.
  for (const { name } of places.filter(({ section }) => section.type === NOBITS)) values.set(name, 0);
  const kept = places.filter(({ section }) => section.type !== NOBITS).sort((a, b) => a.offset - b.offset);
  for (let at = 0; at < kept.length;) {
    const start = kept[at].offset;
    let end = at;
    while (end < kept.length && kept[end].offset - start < LARGEST_GATHERED) end++;
    const bytes = await bytesAt(file, start, kept[end - 1].offset - start + VALUE_BYTES);
    for (const { name, offset } of kept.slice(at, end))
      if (bytes !== null) values.set(name, bytes.readInt32LE(offset - start));
    at = end;
  }
  return values;
}
