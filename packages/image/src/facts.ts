/** What an image says of the process besides its memory, for those who read it: see native/image_facts.h. */

/** A space of V8's heap, in bytes. */
export interface HeapSpace {
  name: string;
  size: number;
  used: number;
  available: number;
  physical: number;
}

/** The isolate that captured, by its addresses, and where its thread's stack was. */
export interface HeapFacts {
  isolate: number;
  /** Of its table of roots. */
  roots: number;
  /** From the stack pointer to the end of its mapping. */
  stack: { start: number; end: number };
  spaces: HeapSpace[];
}

/** A mapping as `/proc/self/smaps` had it before the fork; sizes in bytes. */
export interface MappingFacts {
  start: number;
  end: number;
  rss: number;
  pss: number;
  privateDirty: number;
  anonymous: number;
  swap: number;
}

const SPACES_AT = 40;
const SPACE_BYTES = 64;
const NAME_BYTES = 32;
const MAX_SPACES = 16;
const MAPPING_BYTES = 40;
const KB = 1024;

/** Null if it is no such note. */
export function readHeapFacts(note: DataView): HeapFacts | null {
  if (note.byteLength < SPACES_AT) return null;
  const word = (at: number): number => Number(note.getBigUint64(at, true));
  const count = note.getUint32(32, true);
  if (count > MAX_SPACES || note.byteLength !== SPACES_AT + count * SPACE_BYTES) return null;
  const spaces = Array.from({ length: count }, (_, index) => {
    const at = SPACES_AT + index * SPACE_BYTES;
    const size = (field: number): number => word(at + NAME_BYTES + field);
    return { name: nameAt(note, at), size: size(0), used: size(8), available: size(16), physical: size(24) };
  });
  return { isolate: word(0), roots: word(8), stack: { start: word(16), end: word(24) }, spaces };
}

function nameAt(note: DataView, at: number): string {
  const bytes = new Uint8Array(note.buffer, note.byteOffset + at, NAME_BYTES);
  const end = bytes.indexOf(0);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? NAME_BYTES : end));
}

/** Null if it is no such note. */
export function readMappings(note: DataView): MappingFacts[] | null {
  if (note.byteLength % MAPPING_BYTES !== 0) return null;
  return Array.from({ length: note.byteLength / MAPPING_BYTES }, (_, index) => {
    const at = index * MAPPING_BYTES;
    const address = (field: number): number => Number(note.getBigUint64(at + field, true));
    const size = (field: number): number => note.getUint32(at + field, true) * KB;
    return {
      start: address(0),
      end: address(8),
      rss: size(16),
      pss: size(20),
      privateDirty: size(24),
      anonymous: size(28),
      swap: size(32),
    };
  });
}
