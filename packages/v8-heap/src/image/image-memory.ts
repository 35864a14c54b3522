/**
 * The memory in an image (an ELF core file, docs/image-format.md in the repository), by the addresses it had in the
 * process. No module of Node.js is needed: this also runs in a browser.
 */
import {
  ImageError,
  parseImageHeader,
  type ImageFacts,
  type ImageHeader,
  type ImageMetadata,
} from '@afterimage/image/read';
import { firstEndingAfter, type MemoryReader, type Region } from '../memory.js';

/** Bytes that can be read at any position: those of an uncompressed image. */
export interface RandomAccess {
  bytes: number;
  /** Whether `into` could be filled from there on. */
  read(position: number, into: Uint8Array): boolean;
}

export interface ImageMemory extends MemoryReader {
  metadata: ImageMetadata;
  facts: ImageFacts;
  /** All memory with content, in the order of addresses, without a gap within one. */
  contents: Region[];
  /** Of those, what private mappings of files contain: programs and libraries. */
  files: Region[];
  /** Of the main thread; null where the image does not say it. */
  stackPointer: number | null;
}

interface Segment extends Region {
  /** In the image. */
  position: number;
  flags: number;
}

const TABLE_OFFSET = 128;
const SEGMENT_BYTES = 56;
const PT_LOAD = 1;
const PF_W = 2;
/** `enum image_segment` in image_format.h. */
const SEGMENT_FILE = 0x00100000;
const HIGHEST_ADDRESS = 2 ** 47;
const EM_X86_64 = 62;
const NT_PRSTATUS = 1;
/** Sizes, type and owner, `CORE`. */
const NOTE_HEADER_BYTES = 20;
const REGISTERS_OFFSET = 112;
/** Numbers of the stack pointer among the registers, on x64 and on arm64. */
const RSP = 19;
const SP = 31;
const FIRST_READ = 1 << 16;

/** @throws {ImageError} */
export function openImageMemory(source: RandomAccess): ImageMemory {
  const { metadata, facts, header } = readHeader(source);
  const segments = segmentsIn(header, source.bytes);
  const merged = (wanted: (segment: Segment) => boolean): Region[] => joined(segments.filter(wanted));
  return {
    metadata,
    facts,
    contents: merged(() => true),
    files: merged(({ flags }) => (flags & SEGMENT_FILE) !== 0),
    regions: merged(({ flags }) => (flags & (SEGMENT_FILE | PF_W)) === PF_W),
    stackPointer: stackPointerIn(header),
    programBreak: null,
    isResident: (address) => segmentAt(segments, address) !== null,
    read: (address, into) => readAcross(source, segments, address, into),
    close: () => undefined,
  };
}

function readHeader(source: RandomAccess): Pick<ImageHeader, 'metadata' | 'facts'> & { header: Uint8Array } {
  let wanted = Math.min(FIRST_READ, source.bytes);
  for (;;) {
    const header = new Uint8Array(wanted);
    if (wanted > source.bytes || !source.read(0, header))
      throw new ImageError('truncated', `the image ends at byte ${source.bytes}, within its header`);
    const parsed = parseImageHeader(header);
    if ('metadata' in parsed) return { metadata: parsed.metadata, facts: parsed.facts, header };
    wanted = parsed.bytesNeeded;
  }
}

function segmentsIn(header: Uint8Array, imageBytes: number): Segment[] {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const short = view.getUint16(56, true);
  const count = short === 0xffff ? view.getUint32(64 + 44, true) : short;
  const segments: Segment[] = [];
  for (let index = 0; index < count; index++) {
    const at = TABLE_OFFSET + index * SEGMENT_BYTES;
    const [position, start, bytes] = [8, 16, 32].map((offset) =>
      Number(view.getBigUint64(at + offset, true)),
    );
    if (view.getUint32(at, true) !== PT_LOAD || bytes === 0) continue;
    const before = segments.at(-1)?.end ?? 0;
    if (start < before || start + bytes > HIGHEST_ADDRESS)
      throw new ImageError('corrupt', 'the image is corrupt: its segments overlap');
    if (position + bytes > imageBytes)
      throw new ImageError('truncated', `the image ends at byte ${imageBytes}, within its memory`);
    segments.push({ start, end: start + bytes, position, flags: view.getUint32(at + 4, true) });
  }
  return segments;
}

/** The NT_PRSTATUS note comes first; see `struct image_prstatus` in image_format.h. */
function stackPointerIn(header: Uint8Array): number | null {
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
  const note = Number(view.getBigUint64(TABLE_OFFSET + 8, true));
  const registers = note + NOTE_HEADER_BYTES + REGISTERS_OFFSET;
  const register = view.getUint16(18, true) === EM_X86_64 ? RSP : SP;
  const at = registers + register * 8;
  if (view.getUint32(note + 8, true) !== NT_PRSTATUS || at + 8 > header.length) return null;
  return Number(view.getBigUint64(at, true));
}

function joined(segments: readonly Segment[]): Region[] {
  const regions: Region[] = [];
  for (const { start, end } of segments) {
    const last = regions.at(-1);
    if (last?.end === start) last.end = end;
    else regions.push({ start, end });
  }
  return regions;
}

function segmentAt(segments: readonly Segment[], address: number): Segment | null {
  const index = firstEndingAfter(segments, address);
  return index < segments.length && segments[index].start <= address ? segments[index] : null;
}

function readAcross(
  source: RandomAccess,
  segments: readonly Segment[],
  address: number,
  into: Uint8Array,
): boolean {
  for (let done = 0; done < into.length;) {
    const segment = segmentAt(segments, address + done);
    if (segment === null) return false;
    const bytes = Math.min(into.length - done, segment.end - address - done);
    const position = segment.position + address + done - segment.start;
    if (!source.read(position, into.subarray(done, done + bytes))) return false;
    done += bytes;
  }
  return true;
}
