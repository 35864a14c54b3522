/**
 * Reads the bytes of a snapshot, as they come, into columns. A JSON parser for this one document: it knows
 * which parts are rows of numbers and which are strings, and skips those that nobody here asks for.
 */
import { malformed, notASnapshot, truncated, SnapshotFormatError } from './format-error.js';
import { typeIndex, type Graph, type Locations } from './graph.js';
import { layoutOf, MAX_HEADER_BYTES, parseHeader, type Layout, type SnapshotHeader } from './header.js';
import { edgeRows, nodeRows, numberList, type NumberSection } from './number-sections.js';
import { buildStringTable, type StringTable } from './string-table.js';

export interface SnapshotScanner {
  /** @throws {SnapshotFormatError} */
  push(chunk: Uint8Array): void;
  /** @throws {SnapshotFormatError} */
  end(): Graph;
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
/** With more, V8 itself could not number them. */
const MAX_COUNT = 2 ** 32 - 2;

/** Takes bytes from `at` on and says where it stopped: at the chunk's end, or behind what it reads. */
type Part = (chunk: Uint8Array, at: number) => number;

/** A scanner for one snapshot: give it all chunks, in order, then ask for the end. */
export function scanSnapshot(): SnapshotScanner {
  /** Bytes in the chunks before this one. */
  let base = 0;
  let part: Part = afterOpeningBrace(beginning());
  let expected = 'the beginning of a snapshot';
  let header: SnapshotHeader | null = null;
  let layout: Layout | null = null;
  let nodes: ReturnType<typeof nodeRows> | null = null;
  let edges: ReturnType<typeof edgeRows> | null = null;
  let locations: ReturnType<typeof numberList> | null = null;
  let strings: StringTable | null = null;
  let trailingBytes = 0;
  let done = false;

  function push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) at = part(chunk, at);
    base += chunk.length;
  }

  function next(what: string, then: Part): void {
    expected = what;
    part = then;
  }

  /** White space, then the one byte given, then `then`. */
  function expectByte(byte: number, what: string, then: () => void): Part {
    return (chunk, at) => {
      while (at < chunk.length && isSpace(chunk[at])) at++;
      if (at === chunk.length) return at;
      if (chunk[at] !== byte) throw unexpected(chunk[at], base + at, what);
      then();
      return at + 1;
    };
  }

  function beginning(): () => void {
    return () => expectKey();
  }

  function afterOpeningBrace(then: () => void): Part {
    return (chunk, at) => {
      while (at < chunk.length && isSpace(chunk[at])) at++;
      if (at === chunk.length) return at;
      if (chunk[at] !== OPEN_BRACE) throw notASnapshot(base + at, 'it does not begin as one');
      then();
      return at + 1;
    };
  }

  function expectKey(): void {
    next(
      'a section of the snapshot',
      expectByte(QUOTE, 'the name of a section', () => {
        const name: number[] = [];
        next('the name of a section', (chunk, at) => {
          for (; at < chunk.length; at++) {
            if (chunk[at] === QUOTE) {
              const key = String.fromCharCode(...name);
              next(
                `the section ${key}`,
                expectByte(COLON, 'a colon', () => expectSection(key)),
              );
              return at + 1;
            }
            name.push(chunk[at]);
            if (name.length > MAX_KEY_BYTES) throw malformed(base + at, 'the name of a section does not end');
          }
          return at;
        });
      }),
    );
  }

  function expectSection(key: string): void {
    if (key !== 'snapshot' && header === null) {
      throw notASnapshot(base, `its first section is ${JSON.stringify(key)} instead of "snapshot"`);
    }
    const what = `the section ${key}`;
    if (key === 'snapshot') next(what, headerSection());
    else if (key === 'nodes')
      next(what, numbers((nodes = once(nodes, key, () => nodeRows(needLayout(), count('node'))))));
    else if (key === 'edges')
      next(
        what,
        numbers((edges = once(edges, key, () => edgeRows(needLayout(), count('edge'), count('node'))))),
      );
    else if (key === 'locations') next(what, numbers((locations = once(locations, key, () => numberList()))));
    else if (key === 'strings') next(what, stringSection());
    else next(what, skippedSection());
  }

  function once<T>(section: T | null, key: string, make: () => T): T {
    if (section !== null) throw malformed(base, `there are two sections ${key}`);
    return make();
  }

  function count(of: 'node' | 'edge'): number {
    const promised = header?.[`${of}_count`] ?? 0;
    if (promised > MAX_COUNT) throw malformed(base, `its header promises ${promised} ${of}s`);
    return promised;
  }

  function needLayout(): Layout {
    if (layout === null) throw notASnapshot(base, 'it has no header');
    return layout;
  }

  function expectNextKey(): void {
    next('the next section', (chunk, at) => {
      while (at < chunk.length && isSpace(chunk[at])) at++;
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

  function headerSection(): Part {
    if (header !== null) throw malformed(base, 'there are two sections snapshot');
    const bytes: number[] = [];
    const start = base;
    const value = balanced((byte) => {
      bytes.push(byte);
      if (bytes.length > MAX_HEADER_BYTES) throw notASnapshot(start, 'its header does not end');
    });
    return (chunk, at) => {
      const { end, whole } = value(chunk, at);
      if (whole) {
        header = parseHeader(Buffer.from(bytes).toString('utf8'), start);
        layout = layoutOf(header, start);
        expectNextKey();
      }
      return end;
    };
  }

  function skippedSection(): Part {
    const value = balanced(() => undefined);
    return (chunk, at) => {
      const { end, whole } = value(chunk, at);
      if (whole) expectNextKey();
      return end;
    };
  }

  /** Follows one JSON value to its end, of which it knows strings and brackets only. */
  function balanced(
    seen: (byte: number) => void,
  ): (chunk: Uint8Array, at: number) => { end: number; whole: boolean } {
    let depth = 0;
    let inString = false;
    let escaped = false;
    return (chunk, at) => {
      for (; at < chunk.length; at++) {
        const byte = chunk[at];
        if (depth === 0 && !inString && (byte === COMMA || byte === CLOSE_BRACE))
          return { end: at, whole: true };
        seen(byte);
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

  function numbers(section: NumberSection): Part {
    return expectByte(OPEN_BRACKET, 'an opening bracket', () => {
      next(expected, (chunk, at) => {
        const end = section.push(chunk, at, base);
        if (section.closed) expectNextKey();
        return end;
      });
    });
  }

  function stringSection(): Part {
    if (strings !== null) throw malformed(base, 'there are two sections strings');
    const table = buildStringTable();
    let escaped = false;
    const between: Part = (chunk, at) => {
      for (; at < chunk.length; at++) {
        const byte = chunk[at];
        if (byte === QUOTE) {
          part = inside;
          return at + 1;
        }
        if (byte === CLOSE_BRACKET) {
          strings = table.build();
          expectNextKey();
          return at + 1;
        }
        if (byte !== COMMA && !isSpace(byte)) throw unexpected(byte, base + at, 'a string');
      }
      return at;
    };
    const inside: Part = (chunk, at) => {
      const start = at;
      for (; at < chunk.length; at++) {
        const byte = chunk[at];
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) {
          table.append(chunk, start, at);
          table.end();
          part = between;
          return at + 1;
        }
      }
      table.append(chunk, start, at);
      return at;
    };
    return expectByte(OPEN_BRACKET, 'an opening bracket', () => next(expected, between));
  }

  function end(): Graph {
    if (!done) throw truncated(base, expected);
    if (header === null || layout === null) throw notASnapshot(base, 'it has no header');
    if (nodes === null) throw malformed(base, 'it has no section nodes');
    if (edges === null) throw malformed(base, 'it has no section edges');
    if (strings === null) throw malformed(base, 'it has no section strings');
    const { edgeCounts, ...nodeColumns } = nodes.columns;
    const graph: Graph = {
      header,
      nodeCount: header.node_count,
      edgeCount: header.edge_count,
      root: rootOf(header, layout),
      nodeTypes: layout.nodeTypes,
      edgeTypes: layout.edgeTypes,
      ...nodeColumns,
      firstEdge: edgeCounts,
      ...edges.columns,
      strings,
      locations: locationsOf(locations?.numbers() ?? new Int32Array(), layout, header.node_count),
      trailingBytes,
    };
    check(graph, base);
    return graph;
  }

  return { push, end };
}

function rootOf(header: SnapshotHeader, { nodes }: Layout): number {
  const root = (header.root_index ?? 0) / nodes.fields;
  if (Number.isInteger(root) && root < header.node_count) return root;
  throw malformed(0, `its root is at index ${header.root_index} of ${header.node_count} nodes`);
}

/** What can only be checked when everything is there. Turns the counts of edges into first edges. */
function check(graph: Graph, bytes: number): void {
  const { nodeCount, edgeCount, firstEdge, nodeType, nodeName, nodeTypes, edgeType, edgeName, edgeTypes } =
    graph;
  let edge = 0;
  for (let node = 0; node < nodeCount; node++) {
    const count = firstEdge[node];
    firstEdge[node] = edge;
    edge += count;
  }
  firstEdge[nodeCount] = edgeCount;
  if (edge !== edgeCount) {
    throw malformed(bytes, `its nodes have ${edge} edges, of ${edgeCount} that the header promises`);
  }
  const strings = graph.strings.count;
  for (let node = 0; node < nodeCount; node++) {
    if (nodeName[node] >= strings) {
      throw malformed(bytes, `node ${node} is named by string ${nodeName[node]} of ${strings}`);
    }
    if (nodeType[node] >= nodeTypes.length) {
      throw malformed(bytes, `node ${node} has type ${nodeType[node]} of ${nodeTypes.length}`);
    }
  }
  const element = typeIndex(edgeTypes, 'element');
  const hidden = typeIndex(edgeTypes, 'hidden');
  for (let at = 0; at < edgeCount; at++) {
    const type = edgeType[at];
    if (edgeName[at] >= strings && type !== element && type !== hidden) {
      throw malformed(bytes, `edge ${at} is named by string ${edgeName[at]} of ${strings}`);
    }
    if (type >= edgeTypes.length)
      throw malformed(bytes, `edge ${at} has type ${type} of ${edgeTypes.length}`);
  }
}

function locationsOf(numbers: Int32Array, { locations, nodes }: Layout, nodeCount: number): Locations {
  const { fields } = locations;
  const count = fields > 0 && locations.object >= 0 ? Math.floor(numbers.length / fields) : 0;
  const order = new Uint32Array(count);
  const nodeAt = (row: number): number => numbers[row * fields + locations.object] / nodes.fields;
  for (let row = 0; row < count; row++) {
    const node = nodeAt(row);
    if (!Number.isInteger(node) || node < 0 || node >= nodeCount) {
      throw malformed(0, `location ${row} is of node ${node} of ${nodeCount}`);
    }
    order[row] = row;
  }
  order.sort((a, b) => nodeAt(a) - nodeAt(b) || a - b);
  const column = (at: number): Int32Array =>
    Int32Array.from(order, (row) => (at < 0 ? 0 : numbers[row * fields + at]));
  return {
    node: Uint32Array.from(order, nodeAt),
    script: column(locations.script),
    line: column(locations.line),
    column: column(locations.column),
  };
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function unexpected(byte: number, offset: number, expected: string): SnapshotFormatError {
  const found = byte > 0x20 && byte < 0x7f ? `'${String.fromCharCode(byte)}'` : `byte 0x${byte.toString(16)}`;
  return malformed(offset, `${found} where ${expected} was expected`);
}
