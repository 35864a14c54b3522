/**
 * Reads the bytes of a snapshot, as they come, into columns. A JSON parser for this one document: it knows
 * which sections are rows of numbers and which are strings, and skips those that nobody here asks for.
 */
import { malformed, notASnapshot, tooShort, truncated, unexpected } from './format-error.js';
import type { Locations } from './graph.js';
import { layoutOf, MAX_HEADER_BYTES, parseHeader, type Layout, type SnapshotHeader } from './header.js';
import { isSpace, type NumberSection } from './numbers.js';
import {
  edgeRows,
  locationRows,
  nodeRows,
  type EdgeColumns,
  type NodeColumns,
  type RowsSection,
} from './rows.js';
import { buildStringTable, type StringTable } from './string-table.js';

export interface SnapshotScanner {
  /** @throws {SnapshotFormatError} */
  push(chunk: Uint8Array): void;
  /** The edges, as soon as all of them have been read. */
  edges(): EdgeColumns | null;
  /** @throws {SnapshotFormatError} */
  end(): Sections;
}

/** What was found in the file. */
export interface Sections {
  header: SnapshotHeader;
  layout: Layout;
  nodes: NodeColumns;
  /** Null when they were passed over. */
  edges: EdgeColumns | null;
  locations: Locations | null;
  strings: StringTable;
  /** Bytes behind the end of the document, white space not counted. */
  trailingBytes: number;
  /** Of the whole file. */
  bytes: number;
}

export interface ScanOptions {
  /** A section of numbers to pass over, because somebody else reads it. */
  skip?: 'nodes' | 'edges' | null;
  /** Bytes there can be at most. A header that promises more than they can hold is refused at once. */
  maxBytes?: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

const MAX_KEY_BYTES = 256;
/** With more, the numbers of a column would not do to name them. */
const MAX_COUNT = 2 ** 32 - 2;

/** Takes bytes from `at` on and says where it stopped: at the chunk's end, or behind what it reads. */
type Part = (chunk: Uint8Array, at: number) => number;

/** A scanner for one snapshot: give it all chunks, in order, then ask for the end. */
export function scanSnapshot({ skip = null, maxBytes = Infinity }: ScanOptions = {}): SnapshotScanner {
  /** Bytes in the chunks before this one. */
  let base = 0;
  let part: Part;
  /** What `part` reads, for the error when there is no more. */
  let expected: string;
  let header: SnapshotHeader | null = null;
  let layout: Layout | null = null;
  let nodes: RowsSection<NodeColumns> | null = null;
  let edges: RowsSection<EdgeColumns> | null = null;
  let locations: RowsSection<Locations> | null = null;
  let strings: StringTable | null = null;
  const seen = new Set<string>();
  let trailingBytes = 0;
  let done = false;

  next('the beginning of a snapshot', (chunk, at) => {
    at = afterSpace(chunk, at);
    if (at === chunk.length) return at;
    if (chunk[at] !== OPEN_BRACE) throw notASnapshot(base + at, 'it does not begin as one');
    expectKey();
    return at + 1;
  });

  function push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) at = part(chunk, at);
    base += chunk.length;
  }

  function next(what: string, then: Part): void {
    expected = what;
    part = then;
  }

  /** White space, then the byte given, then what `then` calls for; it is given the offset behind the byte. */
  function nextByte(byte: number, what: string, then: (offset: number) => void): void {
    next(what, (chunk, at) => {
      at = afterSpace(chunk, at);
      if (at === chunk.length) return at;
      if (chunk[at] !== byte) throw unexpected(chunk[at], base + at, what);
      then(base + at + 1);
      return at + 1;
    });
  }

  function expectKey(): void {
    nextByte(QUOTE, 'the name of a section', () => {
      const name: number[] = [];
      next('the name of a section', (chunk, at) => {
        for (; at < chunk.length; at++) {
          if (chunk[at] === QUOTE) {
            const key = String.fromCharCode(...name);
            const start = base + at - name.length - 1;
            nextByte(COLON, `a colon behind ${JSON.stringify(key)}`, () => expectSection(key, start));
            return at + 1;
          }
          name.push(chunk[at]);
          if (name.length > MAX_KEY_BYTES) throw malformed(base + at, 'the name of a section does not end');
        }
        return at;
      });
    });
  }

  /** The section whose name begins at byte `start`. */
  function expectSection(key: string, start: number): void {
    if (key === 'snapshot') {
      if (header !== null) throw malformed(start, 'there are two sections snapshot');
      expectHeader();
      return;
    }
    if (header === null || layout === null) {
      throw notASnapshot(start, `its first section is ${JSON.stringify(key)} instead of "snapshot"`);
    }
    if (seen.has(key)) throw malformed(start, `there are two sections ${key}`);
    seen.add(key);
    if (key === skip) expectNumbersToSkip(key);
    else if (key === 'nodes') expectRows(key, (nodes = nodeRows(header, layout)));
    else if (key === 'edges') expectRows(key, (edges = edgeRows(header, layout)));
    else if (key === 'locations') expectRows(key, (locations = locationRows(header, layout)));
    else if (key === 'strings') expectStrings();
    else expectAny(key);
  }

  function expectNextKey(): void {
    next('the next section', (chunk, at) => {
      at = afterSpace(chunk, at);
      if (at === chunk.length) return at;
      if (chunk[at] === COMMA) expectKey();
      else if (chunk[at] === CLOSE_BRACE) {
        done = true;
        next('nothing', trailing);
      } else throw unexpected(chunk[at], base + at, 'a comma or the end of the snapshot');
      return at + 1;
    });
  }

  function trailing(chunk: Uint8Array, at: number): number {
    for (; at < chunk.length; at++) if (!isSpace(chunk[at])) trailingBytes++;
    return at;
  }

  function expectHeader(): void {
    const bytes: number[] = [];
    let start = -1;
    const value = anyValue((byte, offset) => {
      if (bytes.length === 0) start = offset;
      bytes.push(byte);
      if (bytes.length > MAX_HEADER_BYTES) throw notASnapshot(start, 'its header does not end');
    });
    next('the header', (chunk, at) => {
      const { end, whole } = value(chunk, at);
      if (!whole) return end;
      header = parseHeader(Buffer.from(bytes).toString('utf8'), start);
      layout = layoutOf(header, start);
      checkCounts(header, layout, start);
      expectNextKey();
      return end;
    });
  }

  function checkCounts(header: SnapshotHeader, { nodes, edges }: Layout, start: number): void {
    for (const [what, count, fields] of [
      ['nodes', header.node_count, nodes.fields],
      ['edges', header.edge_count, edges.fields],
    ] as const) {
      if (count > MAX_COUNT)
        throw malformed(start, `its header promises ${count} ${what}, of ${MAX_COUNT} at most`);
      // A digit and a comma for each number.
      if (count * fields * 2 <= maxBytes) continue;
      throw tooShort(maxBytes, `its header promises ${count} ${what}, more than that many bytes can hold`);
    }
  }

  function expectAny(key: string): void {
    const value = anyValue(() => undefined);
    next(`the section ${key}`, (chunk, at) => {
      const { end, whole } = value(chunk, at);
      if (whole) expectNextKey();
      return end;
    });
  }

  /** Follows one JSON value to its end, of which it knows strings and brackets only. */
  function anyValue(
    see: (byte: number, offset: number) => void,
  ): (chunk: Uint8Array, at: number) => { end: number; whole: boolean } {
    let depth = 0;
    let inString = false;
    let escaped = false;
    return (chunk, at) => {
      for (; at < chunk.length; at++) {
        const byte = chunk[at];
        if (depth === 0 && !inString && (byte === COMMA || byte === CLOSE_BRACE)) {
          return { end: at, whole: true };
        }
        see(byte, base + at);
        if (inString) {
          if (escaped) escaped = false;
          else if (byte === BACKSLASH) escaped = true;
          else if (byte === QUOTE) inString = false;
        } else if (byte === QUOTE) inString = true;
        else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
        else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
        if (depth < 0) throw unexpected(byte, base + at, 'a value');
      }
      return { end: at, whole: false };
    };
  }

  function expectRows(key: string, section: NumberSection): void {
    nextByte(OPEN_BRACKET, 'an opening bracket', () =>
      next(`the end of the section ${key}`, (chunk, at) => {
        const end = section.push(chunk, at, base);
        if (section.closed) expectNextKey();
        return end;
      }),
    );
  }

  function expectNumbersToSkip(key: string): void {
    nextByte(OPEN_BRACKET, 'an opening bracket', () =>
      next(`the end of the section ${key}`, (chunk, at) => {
        const end = chunk.indexOf(CLOSE_BRACKET, at);
        if (end < 0) return chunk.length;
        expectNextKey();
        return end + 1;
      }),
    );
  }

  function expectStrings(): void {
    const table = buildStringTable();
    const first: Part = (chunk, at) => {
      at = afterSpace(chunk, at);
      if (at === chunk.length) return at;
      if (chunk[at] === CLOSE_BRACKET) close();
      else return between(chunk, at);
      return at + 1;
    };
    const between: Part = (chunk, at) => {
      at = afterSpace(chunk, at);
      if (at === chunk.length) return at;
      if (chunk[at] !== QUOTE) throw unexpected(chunk[at], base + at, 'a string');
      part = inside;
      return at + 1;
    };
    const inside: Part = (chunk, at) => {
      const end = table.take(chunk, at);
      if (end === chunk.length) return end;
      part = behind;
      return end + 1;
    };
    const behind: Part = (chunk, at) => {
      at = afterSpace(chunk, at);
      if (at === chunk.length) return at;
      if (chunk[at] === COMMA) part = between;
      else if (chunk[at] === CLOSE_BRACKET) close();
      else throw unexpected(chunk[at], base + at, 'a comma or the end of the strings');
      return at + 1;
    };
    const close = (): void => {
      strings = table.build();
      expectNextKey();
    };
    nextByte(OPEN_BRACKET, 'an opening bracket', () => next('the end of the section strings', first));
  }

  function end(): Sections {
    if (!done) throw truncated(base, expected);
    if (header === null || layout === null) throw notASnapshot(base, 'it has no header');
    if (nodes === null) throw malformed(base, 'it has no section nodes');
    if (!seen.has('edges')) throw malformed(base, 'it has no section edges');
    if (strings === null) throw malformed(base, 'it has no section strings');
    return {
      header,
      layout,
      nodes: nodes.columns(),
      edges: edges?.columns() ?? null,
      locations: locations?.columns() ?? null,
      strings,
      trailingBytes,
      bytes: base,
    };
  }

  return { push, edges: () => (edges?.closed ? edges.columns() : null), end };
}

function afterSpace(chunk: Uint8Array, at: number): number {
  while (at < chunk.length && isSpace(chunk[at])) at++;
  return at;
}
