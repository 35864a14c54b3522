/**
 * Reads the parts of an ELF file (elf(5)) that identify a Node.js binary. The file may be anything: it is
 * whatever the process runs.
 */
import type { FileHandle } from 'node:fs/promises';

export interface Section {
  type: number;
  address: number;
  offset: number;
  size: number;
  /** Index of the linked section; for a symbol table, the section that contains its names. */
  link: number;
  /** For a symbol table: how many of its symbols are local. Those come first. */
  info: number;
}

/** ELF-64, little endian. */
const MAGIC = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const MAX_SECTIONS = 1_000;
const ET_DYN = 3;

export const SYMTAB = 2;
export const NOBITS = 8;
export const DYNSYM = 11;
export const SYMBOL_BYTES = 24;

/** Returns the file's sections; empty if it is not a 64-bit little-endian ELF file with section headers. */
export async function readSections(file: FileHandle): Promise<Section[]> {
  const header = await readHeader(file);
  if (header === null || header.readUInt16LE(58) !== SECTION_BYTES) return [];
  const count = Math.min(header.readUInt16LE(60), MAX_SECTIONS);
  const table = await bytesAt(file, number64(header, 40), count * SECTION_BYTES);
  if (table === null) return [];
  return Array.from({ length: count }, (_, index) => {
    const at = index * SECTION_BYTES;
    return {
      type: table.readUInt32LE(at + 4),
      address: number64(table, at + 16),
      offset: number64(table, at + 24),
      size: number64(table, at + 32),
      link: table.readUInt32LE(at + 40),
      info: table.readUInt32LE(at + 44),
    };
  });
}

/**
 * Tells whether the file can be loaded at any address, so that its addresses are relative to where it is
 * loaded.
 */
export async function isRelocatable(file: FileHandle): Promise<boolean> {
  return (await readHeader(file))?.readUInt16LE(16) === ET_DYN;
}

async function readHeader(file: FileHandle): Promise<Buffer | null> {
  const header = await bytesAt(file, 0, HEADER_BYTES);
  return header?.subarray(0, MAGIC.length).equals(MAGIC) ? header : null;
}

/** Reads `size` bytes at `offset`; null if the file is too short. */
export async function bytesAt(file: FileHandle, offset: number, size: number): Promise<Buffer | null> {
  if (!Number.isSafeInteger(offset) || offset < 0) return null;
  const bytes = Buffer.alloc(size);
  const { bytesRead } = await file.read(bytes, 0, size, offset);
  return bytesRead === size ? bytes : null;
}

export function number64(bytes: Buffer, at: number): number {
  return Number(bytes.readBigUInt64LE(at));
}
