/**
 * Reads the beginning of a memory image (an ELF core file, docs/image-format.md). That is enough to know what
 * it is, how big it will be and how much memory developing it takes, before the rest has arrived.
 */

import type { ProcessFigures } from '@afterimage/host/process-figures';
import { readHeapFacts, readMappings, type HeapFacts, type MappingFacts } from './facts.js';

/** Processor architecture, as in `process.arch`. */
export type ImageArch = 'x64' | 'arm64';

/** The program's file of a target, as an image without it says it. */
export interface ProgramFile {
  /** Where the target had it. */
  path: string;
  bytes: number;
  /** `build-id:` and the linker's build ID; or, for a file without one, `sample:` and a SHA-256 of parts of it. */
  identity: string;
}

/** The JSON note inside each image. Sizes in bytes. */
export interface ImageMetadata {
  format: 1;
  /** The application's name, as in the snapshot's file name. */
  name: string;
  pid: number;
  nodeVersion: string;
  v8Version: string;
  /** `process.versions.modules`. */
  modules: string;
  platform: string;
  arch: string;
  /** ISO 8601, UTC. */
  capturedAt: string;
  /** ID that the attaching program gave its request. */
  request?: string;
  heap: { used: number; total: number; limit: number; external: number; arrayBuffers: number };
  rss: number;
  /** What the kernel reported about the process at that moment; images of earlier versions lack it. */
  process?: ProcessFigures;
  /** The program's file, if the image leaves out parts of it. */
  program?: ProgramFile;
}

/** What the image's other notes say. */
export interface ImageFacts {
  /** Null in images of format version 2. */
  heap: HeapFacts | null;
  /** Null in images of format version 2. */
  mappings: MappingFacts[] | null;
  /** Names in the program's file, as `programSymbols` of `@afterimage/v8-heap` compressed them; empty if there are none. */
  symbols: string;
}

export interface ImageHeader {
  metadata: ImageMetadata;
  facts: ImageFacts;
  /** The processor that the target ran on: an image can only be developed on the same architecture. */
  arch: ImageArch;
  /** Size of the whole, uncompressed image in bytes. */
  imageBytes: number;
  /** Size of the memory contents in it, in bytes. */
  residentBytes: number;
  /** Size of everything before the memory contents, in bytes: ELF header, segment table, notes. */
  headerBytes: number;
  /** Whether unchanged parts of the program's file are missing, which V8's own generator needs. */
  omitsProgram: boolean;
}

/**
 * An image whose header has been read. `chunks` yields the whole image, header included, and can be read
 * once.
 */
export interface ImageStream {
  header: ImageHeader;
  chunks: AsyncIterable<Uint8Array>;
  /**
   * Descriptor of the target's program file, if it is known and the image leaves out parts of it.
   */
  program?: number | undefined;
}

export type ImageErrorCode =
  'not-an-image' | 'truncated' | 'corrupt' | 'wrong-architecture' | 'unsupported-format';

/**
 * The data is not an image, or an image that cannot be developed here. `code` is stable; `message` is for
 * people.
 */
export class ImageError extends Error {
  override name = 'ImageError';
  constructor(
    readonly code: ImageErrorCode,
    message: string,
  ) {
    super(message);
  }
}

// ELF64 (elf.h) and native/image_format.h.
const ELF_MAGIC = 0x464c457f;
const ELFCLASS64 = 2;
const ET_CORE = 4;
const PT_NOTE = 4;
const PN_XNUM = 0xffff;
const TABLE_OFFSET = 128;
const SEGMENT_SIZE = 56;
const SEGMENT_IN_PROGRAM = 0x00800000;
const MAX_SEGMENTS = 1 << 21;
const MAX_NOTES_BYTES = 64 << 20;
const PAGE = 4096; // of the file; the target's pages may be larger
const NOTE_OWNER = 'AFTERIMAGE';
const NOTE_METADATA = 0x41460002;
const NOTE_HEAP = 0x41460004;
const NOTE_MAPPINGS = 0x41460005;
const NOTE_SYMBOLS = 0x41460006;

const archOfMachine: Record<number, ImageArch> = { 62: 'x64', 183: 'arm64' };
const otherMachines: Record<number, string> = {
  3: 'ia32',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  243: 'riscv64',
};

interface TableBounds {
  arch: ImageArch;
  segments: number;
  notesOffset: number;
  notesBytes: number;
}

function readTableBounds(view: DataView): TableBounds {
  if (view.getUint32(0, true) !== ELF_MAGIC)
    throw new ImageError('not-an-image', 'this is not an image: it does not begin like an ELF core file');
  const machine = view.getUint16(18, true);
  const arch = archOfMachine[machine];
  if (view.getUint8(4) !== ELFCLASS64 || arch === undefined)
    throw new ImageError(
      'wrong-architecture',
      `the image was taken on ${otherMachines[machine] ?? `ELF machine ${machine}`}; images of x64 and arm64 can be developed`,
    );
  if (view.getUint16(16, true) !== ET_CORE || view.getBigUint64(32, true) !== BigInt(TABLE_OFFSET))
    throw new ImageError('unsupported-format', 'this is an ELF file, but not an image written by Afterimage');
  const short = view.getUint16(56, true);
  const segments = short === PN_XNUM ? view.getUint32(64 + 44, true) : short;
  const notesOffset = Number(view.getBigUint64(TABLE_OFFSET + 8, true));
  const notesBytes = Number(view.getBigUint64(TABLE_OFFSET + 32, true));
  if (
    segments < 3 ||
    segments > MAX_SEGMENTS ||
    view.getUint32(TABLE_OFFSET, true) !== PT_NOTE ||
    notesOffset !== TABLE_OFFSET + segments * SEGMENT_SIZE ||
    notesBytes > MAX_NOTES_BYTES
  )
    throw new ImageError('corrupt', 'the image is corrupt: its segment table contradicts itself');
  return { arch, segments, notesOffset, notesBytes };
}

// Not with bit operators: the size in a damaged image may be 2 GB or more and would become negative.
const padded = (size: number): number => Math.ceil(size / 4) * 4;

/** The contents of Afterimage's own notes by their kinds. */
function notesIn(notes: DataView): Map<number, DataView> {
  const found = new Map<number, DataView>();
  const bytes = (start: number, size: number): Uint8Array =>
    new Uint8Array(notes.buffer, notes.byteOffset + start, size);
  for (let at = 0; at + 12 <= notes.byteLength;) {
    const ownerBytes = notes.getUint32(at, true);
    const contentBytes = notes.getUint32(at + 4, true);
    const type = notes.getUint32(at + 8, true);
    const content = at + 12 + padded(ownerBytes);
    const end = content + padded(contentBytes);
    if (end > notes.byteLength) break;
    const owner = String.fromCharCode(...bytes(at + 12, Math.min(ownerBytes, NOTE_OWNER.length)));
    if (owner === NOTE_OWNER && !found.has(type))
      found.set(type, new DataView(notes.buffer, notes.byteOffset + content, contentBytes));
    at = end;
  }
  return found;
}

function factsIn(notes: ReadonlyMap<number, DataView>): ImageFacts {
  const [heap, mappings, symbols] = [NOTE_HEAP, NOTE_MAPPINGS, NOTE_SYMBOLS].map((type) => notes.get(type));
  return {
    heap: heap === undefined ? null : readHeapFacts(heap),
    mappings: mappings === undefined ? null : readMappings(mappings),
    symbols: symbols === undefined ? '' : new TextDecoder('latin1').decode(symbols),
  };
}

function metadataIn(note: DataView | undefined): ImageMetadata {
  if (note === undefined)
    throw new ImageError('corrupt', 'the image is corrupt: it says nothing about its target');
  return parseMetadata(new Uint8Array(note.buffer, note.byteOffset, note.byteLength));
}

function parseMetadata(json: Uint8Array): ImageMetadata {
  try {
    const metadata = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(json)) as Omit<
      ImageMetadata,
      'format'
    > & { format: number };
    if (metadata.format === 1 && Number.isSafeInteger(metadata.heap.used)) return { ...metadata, format: 1 };
  } catch {
    // Fall through to the error: whatever is wrong, the image cannot be trusted.
  }
  throw new ImageError('corrupt', 'the image is corrupt: what it says about its target cannot be read');
}

/**
 * Parses the beginning of an image. If it is too short, returns how many bytes are needed.
 * @throws {ImageError}
 */
export function parseImageHeader(beginning: Uint8Array): ImageHeader | { bytesNeeded: number } {
  const view = new DataView(beginning.buffer, beginning.byteOffset, beginning.byteLength);
  if (beginning.length < TABLE_OFFSET + SEGMENT_SIZE) return { bytesNeeded: TABLE_OFFSET + SEGMENT_SIZE };
  const { arch, segments, notesOffset, notesBytes } = readTableBounds(view);
  const headerBytes = Math.ceil((notesOffset + notesBytes) / PAGE) * PAGE;
  if (beginning.length < headerBytes) return { bytesNeeded: headerBytes };
  let residentBytes = 0;
  let omitsProgram = false;
  for (let i = 1; i < segments - 1; i++) {
    const at = TABLE_OFFSET + i * SEGMENT_SIZE;
    residentBytes += Number(view.getBigUint64(at + 32, true));
    if ((view.getUint32(at + 4, true) & SEGMENT_IN_PROGRAM) !== 0) omitsProgram = true;
  }
  const digest = TABLE_OFFSET + (segments - 1) * SEGMENT_SIZE;
  const imageBytes =
    Number(view.getBigUint64(digest + 8, true)) + Number(view.getBigUint64(digest + 32, true));
  if (residentBytes > imageBytes || !Number.isSafeInteger(imageBytes))
    throw new ImageError('corrupt', 'the image is corrupt: its segments are larger than all of it');
  const notes = notesIn(new DataView(beginning.buffer, beginning.byteOffset + notesOffset, notesBytes));
  const metadata = metadataIn(notes.get(NOTE_METADATA));
  const facts = factsIn(notes);
  return { metadata, facts, arch, imageBytes, residentBytes, headerBytes, omitsProgram };
}

/**
 * Reads the header of an image; the returned stream still yields every byte.
 * @throws {ImageError}
 */
export async function readImage(source: AsyncIterable<Uint8Array>): Promise<ImageStream> {
  const iterator = source[Symbol.asyncIterator]();
  let beginning: Uint8Array = new Uint8Array(0);
  const waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  for (;;) {
    const parsed = parseImageHeader(beginning);
    if ('metadata' in parsed) return { header: parsed, chunks: rejoin(beginning, iterator) };
    while (beginning.length + waitingBytes < parsed.bytesNeeded) {
      const next = await iterator.next();
      if (next.done)
        throw beginning.length + waitingBytes === 0
          ? new ImageError('not-an-image', 'there is nothing to read: the image is empty')
          : new ImageError(
              'truncated',
              `the image ends at byte ${beginning.length + waitingBytes}, within its header`,
            );
      waiting.push(next.value);
      waitingBytes += next.value.length;
    }
    beginning = Buffer.concat([beginning, ...waiting.splice(0)]);
    waitingBytes = 0;
  }
}

async function* rejoin(first: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** What decides how much memory an image takes, in bytes. */
export interface ImageSize {
  /** Memory contents in the image. */
  residentBytes: number;
  /** V8's heap of the main thread. */
  heapUsed: number;
}

export function sizeOf({ residentBytes, metadata }: ImageHeader): ImageSize {
  return { residentBytes, heapUsed: metadata.heap.used };
}

/**
 * Returns the peak memory that developing such an image takes, in bytes: its contents, and V8's generator, which
 * needs up to thirteen times the heap if that consists of many small objects.
 */
export function developNeedBytes({ residentBytes, heapUsed }: ImageSize): number {
  return residentBytes + 13 * heapUsed;
}
