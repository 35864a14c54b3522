/**
 * Stores the strings of a snapshot as the bytes of their JSON, and decodes them on demand: most are never
 * needed, and all together may exceed the longest possible JavaScript string.
 */
import type { StringTaker } from '../format/strings-section.js';

export interface StringTable {
  readonly count: number;
  /** Total size of their JSON in bytes, without quotes. */
  readonly bytes: number;
  /** Returns the string at `index`; empty if there is none. */
  get(index: number): string;
  /** Returns the indexes of the strings with exactly this content; usually one or none. */
  find(content: string): number[];
  /** Returns the indexes of the strings with one of these contents, and which it is. */
  findAll(contents: Iterable<string>): ReadonlyMap<number, string>;
  /** Returns the indexes of the strings with this prefix. */
  beginningWith(beginning: string): number[];
  /**
   * Tells whether the string at `index` consists of digits followed by a text that begins with `content`
   * (ASCII, without quotes).
   */
  numberedWith(index: number, content: Buffer): boolean;
  /** Tells whether the string at `index` consists of digits. */
  isNumber(index: number): boolean;
}

export interface StringTableBuilder extends StringTaker {
  build(): StringTable;
}

const BLOCK_BYTES = 1 << 25;
/** The first block grows from this: a tiny snapshot must not reserve as much as a large one. */
const FIRST_BLOCK_BYTES = 1 << 16;
/** An answer about more names than this is not kept. */
const MAX_REMEMBERED = 16;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Largest number of JSON bytes for one UTF-16 unit: `\u00e9`. */
const MAX_ESCAPE_LENGTH = 6;

export function buildStringTable(): StringTableBuilder {
  const blocks: Uint8Array[] = [];
  let block = new Uint8Array(0);
  /** Number of bytes used in the current block, and in all blocks before it. */
  let used = 0;
  let before = 0;
  let ends = new Float64Array(1 << 10);
  let count = 0;
  let escaped = false;

  function take(chunk: Uint8Array, at: number): number {
    let to = used;
    let isEscaped = escaped;
    for (; at < chunk.length; at++) {
      const byte = chunk[at];
      if (isEscaped) isEscaped = false;
      else if (byte === BACKSLASH) isEscaped = true;
      else if (byte === QUOTE) {
        used = to;
        end();
        break;
      }
      if (to === block.length) to = makeRoom();
      block[to++] = byte;
    }
    used = to;
    escaped = isEscaped;
    return at;
  }

  /** Returns where in the current block the next byte belongs. */
  function makeRoom(): number {
    if (blocks.length === 1 && block.length < BLOCK_BYTES) {
      const filled = block;
      block = new Uint8Array(Math.min(BLOCK_BYTES, 4 * filled.length));
      block.set(filled);
      blocks[0] = block;
      return filled.length;
    }
    before += block.length;
    block = new Uint8Array(blocks.length === 0 ? FIRST_BLOCK_BYTES : BLOCK_BYTES);
    blocks.push(block);
    return 0;
  }

  function end(): void {
    if (count === ends.length) {
      const larger = new Float64Array(ends.length * 2);
      larger.set(ends);
      ends = larger;
    }
    ends[count++] = before + used;
  }

  return { take, build: () => stringTable(blocks, ends.subarray(0, count)) };
}

/** `ends[i]` is the end of string i, counted through all blocks of {@link BLOCK_BYTES} each. */
// eslint-disable-next-line max-lines-per-function -- one closure over the columns of the table
function stringTable(blocks: Uint8Array[], ends: Float64Array): StringTable {
  const bytes = ends.at(-1) ?? 0;
  const startOf = (index: number): number => (index === 0 ? 0 : ends[index - 1]);

  function json(index: number): Buffer {
    const start = startOf(index);
    const end = ends[index];
    const parts: Buffer[] = [];
    for (let at = start; at < end;) {
      const block = Math.floor(at / BLOCK_BYTES);
      const until = Math.min(end, (block + 1) * BLOCK_BYTES);
      const { buffer, byteOffset } = blocks[block];
      parts.push(Buffer.from(buffer, byteOffset + (at - block * BLOCK_BYTES), until - at));
      at = until;
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  const byteAt = (at: number): number => blocks[Math.floor(at / BLOCK_BYTES)][at % BLOCK_BYTES];

  function get(index: number): string {
    return index >= 0 && index < ends.length ? decode(json(index)) : '';
  }

  /** Every search reads all strings, and the suspects are asked for the same few names. */
  const answered = new Map<string, ReadonlyMap<number, string>>();

  function findAll(contents: Iterable<string>): ReadonlyMap<number, string> {
    const wanted = [...new Set(contents)];
    if (wanted.length > MAX_REMEMBERED) return searchFor(wanted);
    const question = JSON.stringify(wanted);
    const found = answered.get(question) ?? searchFor(wanted);
    answered.set(question, found);
    return found;
  }

  function searchFor(contents: readonly string[]): Map<number, string> {
    /** Grouped by length and a few bytes, because there may be thousands of one length. */
    const alike = new Map<number, { content: string; json: Buffer }[]>();
    /** V8 escapes everything but printable ASCII, which JSON.stringify does not. */
    const escapable = new Set<string>();
    let longestEscaped = 0;
    const jsons = contents.map((content) => Buffer.from(JSON.stringify(content).slice(1, -1)));
    const isLength = new Uint8Array(1 + Math.max(0, ...jsons.map(({ length }) => length)));
    for (const [at, json] of jsons.entries()) {
      const content = contents[at];
      const key = likeness(json.length, (offset) => json[offset]);
      const known = alike.get(key);
      if (known) known.push({ content, json });
      else alike.set(key, [{ content, json }]);
      isLength[json.length] = 1;
      if (!/^[ -~]*$/.test(content)) {
        escapable.add(content);
        longestEscaped = Math.max(longestEscaped, MAX_ESCAPE_LENGTH * content.length);
      }
    }
    const found = new Map<number, string>();
    for (let index = 0, start = 0; index < ends.length; index++) {
      const from = start;
      start = ends[index];
      const length = start - from;
      if (length < isLength.length && isLength[length] === 1) {
        const key = likeness(length, (at) => byteAt(from + at));
        for (const { content, json } of alike.get(key) ?? []) {
          if (json.every((byte, offset) => byteAt(from + offset) === byte)) found.set(index, content);
        }
      }
      if (length > longestEscaped || longestEscaped === 0 || !hasEscape(from, start)) continue;
      const content = get(index);
      if (escapable.has(content)) found.set(index, content);
    }
    return found;
  }

  function hasEscape(at: number, end: number): boolean {
    while (at < end && byteAt(at) !== BACKSLASH) at++;
    return at < end;
  }

  function beginningWith(beginning: string): number[] {
    const asIs = Buffer.from(JSON.stringify(beginning).slice(1, -1));
    // V8 escapes all but ASCII.
    const escaped = Buffer.from(
      asIs
        .toString()
        .replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    );
    const found: number[] = [];
    for (let index = 0, start = 0; index < ends.length; index++) {
      const length = ends[index] - start;
      const begins = (with_: Buffer): boolean =>
        length >= with_.length && with_.every((byte, offset) => byteAt(start + offset) === byte);
      if (begins(escaped) || begins(asIs)) found.push(index);
      start = ends[index];
    }
    return found;
  }

  function numberedWith(index: number, content: Buffer): boolean {
    const end = ends[index] - content.length;
    let at = startOf(index);
    while (at < end && isDigit(byteAt(at))) at++;
    if (at === startOf(index) || at > end || byteAt(at) !== content[0]) return false;
    return content.every((byte, offset) => byteAt(at + offset) === byte);
  }

  function isNumber(index: number): boolean {
    const end = ends[index];
    let at = startOf(index);
    if (at === end) return false;
    while (at < end && isDigit(byteAt(at))) at++;
    return at === end;
  }

  const find = (content: string): number[] => [...findAll([content]).keys()];
  return { count: ends.length, bytes, get, find, findAll, beginningWith, numberedWith, isNumber };
}

/** Returns a number that is equal for equal texts and seldom for different ones. */
function likeness(length: number, byteAt: (at: number) => number): number {
  if (length === 0) return 0;
  const ends = (byteAt(0) << 16) | (byteAt(length >> 1) << 8) | byteAt(length - 1);
  return length * 0x1000000 + ends;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function decode(json: Buffer): string {
  const text = json.toString('utf8');
  if (!json.includes(BACKSLASH)) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text; // an escape that JSON does not have: show the text as it is
  }
}
