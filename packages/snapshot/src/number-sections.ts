/**
 * The sections that are nothing but numbers, by far the most of a snapshot's bytes. Nodes and edges have a
 * loop for whole rows, which does without the questions that a chunk's border asks.
 */
import { malformed } from './format-error.js';
import type { Layout } from './header.js';

export interface NumberSection {
  /**
   * Reads numbers from `at` on, to the closing bracket or the chunk's end, and says where it stopped.
   * @throws {SnapshotFormatError} with offsets that begin at `base` for the chunk's first byte
   */
  push(chunk: Uint8Array, at: number, base: number): number;
  readonly closed: boolean;
}

const ZERO = 0x30;
const COMMA = 0x2c;
const SPACE = 0x20;
const CLOSE_BRACKET = 0x5d;
const MINUS = 0x2d;
/** A row of the most columns, each with the longest number and what stands between. */
const LONGEST_ROW_BYTES = 1024;

export interface NodeColumns {
  nodeType: Uint8Array;
  nodeName: Uint32Array;
  nodeId: Uint32Array;
  selfSize: Float64Array;
  detachedness: Uint8Array | null;
  /** One more than there are nodes. */
  edgeCounts: Uint32Array;
}

export function nodeRows(layout: Layout, count: number): NumberSection & { columns: NodeColumns } {
  const at = layout.nodes;
  const columns = {
    nodeType: new Uint8Array(count),
    nodeName: new Uint32Array(count),
    nodeId: new Uint32Array(count),
    selfSize: new Float64Array(count),
    detachedness: at.detachedness < 0 ? null : new Uint8Array(count),
    edgeCounts: new Uint32Array(count + 1),
  };
  const { nodeType, nodeName, nodeId, selfSize, detachedness, edgeCounts } = columns;
  const section = rows('node', at.fields, count, (row, node) => {
    if (row[at.id] > 0xffffffff || row[at.edgeCount] > 0xffffffff) return false;
    nodeType[node] = Math.min(row[at.type], 255);
    nodeName[node] = row[at.name];
    nodeId[node] = row[at.id];
    selfSize[node] = row[at.selfSize];
    edgeCounts[node] = row[at.edgeCount];
    if (detachedness) detachedness[node] = row[at.detachedness];
    return true;
  });
  return Object.assign(section, { columns });
}

export interface EdgeColumns {
  edgeType: Uint8Array;
  edgeName: Uint32Array;
  edgeTo: Uint32Array;
}

export function edgeRows(
  layout: Layout,
  count: number,
  nodeCount: number,
): NumberSection & { columns: EdgeColumns } {
  const at = layout.edges;
  const nodeFields = layout.nodes.fields;
  const nodeIndexes = nodeCount * nodeFields;
  const columns = {
    edgeType: new Uint8Array(count),
    edgeName: new Uint32Array(count),
    edgeTo: new Uint32Array(count),
  };
  const { edgeType, edgeName, edgeTo } = columns;
  const section = rows('edge', at.fields, count, (row, edge) => {
    const to = row[at.to];
    if (to >= nodeIndexes || to % nodeFields !== 0) return false;
    edgeType[edge] = Math.min(row[at.type], 255);
    edgeName[edge] = row[at.name];
    edgeTo[edge] = to / nodeFields;
    return true;
  });
  return Object.assign(section, { columns });
}

/** Calls `store` with each row, which is valid during the call only, and its place from 0; false refuses it. */
function rows(
  what: string,
  fields: number,
  count: number,
  store: (row: Float64Array, at: number) => boolean,
): NumberSection {
  const row = new Float64Array(fields);
  let stored = 0;
  let field = 0;
  let number = 0;
  let inNumber = false;
  let closed = false;

  function push(chunk: Uint8Array, at: number, base: number): number {
    const end = chunk.length;
    for (;;) {
      if (field === 0 && !inNumber) at = wholeRows(chunk, at);
      if (at === end) return at;
      const byte = chunk[at];
      const digit = byte - ZERO;
      if (digit >= 0 && digit <= 9) {
        number = number * 10 + digit;
        inNumber = true;
      } else {
        if (inNumber) endNumber(base + at);
        if (byte === CLOSE_BRACKET) {
          close(base + at);
          return at + 1;
        }
        if (byte !== COMMA && byte > SPACE) {
          throw malformed(base + at, `'${String.fromCharCode(byte)}' among the numbers of its ${what}s`);
        }
      }
      at++;
    }
  }

  /** Stops before a row that does not surely end within the chunk, or has anything unusual about it. */
  function wholeRows(chunk: Uint8Array, at: number): number {
    const last = chunk.length - LONGEST_ROW_BYTES;
    let from = at;
    while (from < last && stored < count) {
      at = from;
      for (let column = 0; column < fields; column++) {
        let byte = chunk[at];
        while (byte === COMMA || byte === 0x0a) byte = chunk[++at];
        let value = byte - ZERO;
        if (value < 0 || value > 9) return from;
        let length = 1;
        for (byte = chunk[++at]; byte >= ZERO && byte <= 0x39; byte = chunk[++at]) {
          value = value * 10 + (byte - ZERO);
          if (++length > 15) return from;
        }
        if (byte !== COMMA && byte !== 0x0a && byte !== CLOSE_BRACKET) return from;
        row[column] = value;
      }
      if (!store(row, stored)) return from;
      stored++;
      from = at;
    }
    return from;
  }

  function endNumber(offset: number): void {
    if (stored === count)
      throw malformed(offset, `there are more ${what}s than the ${count} its header promises`);
    row[field++] = number;
    number = 0;
    inNumber = false;
    if (field < fields) return;
    field = 0;
    if (!store(row, stored)) throw malformed(offset, `${what} ${stored} is out of range: ${row.join(',')}`);
    stored++;
  }

  function close(offset: number): void {
    closed = true;
    if (stored < count || field > 0) {
      throw malformed(offset, `there are ${stored} ${what}s, of ${count} that its header promises`);
    }
  }

  return {
    push,
    get closed() {
      return closed;
    },
  };
}

/** A list of integers of which nobody said how many there are. */
export function numberList(): NumberSection & { numbers(): Int32Array } {
  let list = new Int32Array(1 << 12);
  let length = 0;
  let number = 0;
  let sign = 1;
  let inNumber = false;
  let closed = false;

  function push(chunk: Uint8Array, at: number, base: number): number {
    for (; at < chunk.length; at++) {
      const byte = chunk[at];
      const digit = byte - ZERO;
      if (digit >= 0 && digit <= 9) {
        number = number * 10 + digit;
        inNumber = true;
        continue;
      }
      if (inNumber) add(sign * number);
      if (byte === CLOSE_BRACKET) {
        closed = true;
        return at + 1;
      }
      if (byte === MINUS) sign = -1;
      else if (byte !== COMMA && byte > SPACE) {
        throw malformed(base + at, `'${String.fromCharCode(byte)}' in a list of numbers`);
      }
    }
    return at;
  }

  function add(value: number): void {
    if (length === list.length) {
      const larger = new Int32Array(length * 2);
      larger.set(list);
      list = larger;
    }
    list[length++] = value;
    number = 0;
    sign = 1;
    inNumber = false;
  }

  return {
    push,
    numbers: () => list.slice(0, length),
    get closed() {
      return closed;
    },
  };
}
