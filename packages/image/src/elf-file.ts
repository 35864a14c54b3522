/** Reads the tables of an ELF file (elf.h), such as a target's program. */
import { readSync } from 'node:fs';

const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const MAX_SEGMENTS = 64;
const ELF_MAGIC = 0x464c457f;

/** A program header. */
export interface ElfSegment {
  type: number;
  flags: number;
  /** In the file. */
  offset: number;
  address: number;
  /** In the file. */
  bytes: number;
}

/**
 * Returns the header of an ELF file; null for any other.
 * @param file its descriptor
 * @throws {Error} what the system says where it cannot be read
 */
export function elfHeader(file: number): Buffer | null {
  const header = bytesAt(file, 0, HEADER_BYTES);
  return header?.readUInt32LE(0) === ELF_MAGIC ? header : null;
}

/** Returns the segments that a header tells of. */
export function elfSegments(file: number, header: Buffer): ElfSegment[] {
  const count = Math.min(header.readUInt16LE(56), MAX_SEGMENTS);
  const table = bytesAt(file, Number(header.readBigUInt64LE(32)), count * SEGMENT_BYTES);
  if (table === null) return [];
  return Array.from({ length: count }, (_, index) => {
    const at = index * SEGMENT_BYTES;
    const [offset = 0, address = 0, bytes = 0] = [8, 16, 32].map((field) =>
      Number(table.readBigUInt64LE(at + field)),
    );
    return { type: table.readUInt32LE(at), flags: table.readUInt32LE(at + 4), offset, address, bytes };
  });
}

/** Returns a part of the file; null if the file does not have all of it. */
export function bytesAt(file: number, position: number, bytes: number): Buffer | null {
  if (!Number.isSafeInteger(position) || position < 0) return null;
  const into = Buffer.alloc(bytes);
  return readSync(file, into, 0, bytes, position) === bytes ? into : null;
}
