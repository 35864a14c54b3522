/** Writes a graph as V8's generator writes its snapshots: the format is that of HeapSnapshotJSONSerializer in V8. */
import { EDGE_TYPES, NODE_TYPES } from '../layouts/node-kinds.js';
import type { HeapGraph } from './read-graph.js';

const NODE_FIELDS = ['type', 'name', 'id', 'self_size', 'edge_count', 'detachedness'];
const EDGE_FIELDS = ['type', 'name_or_index', 'to_node'];
const META = {
  node_fields: NODE_FIELDS,
  node_types: [[...NODE_TYPES], 'string', 'number', 'number', 'number', 'number'],
  edge_fields: EDGE_FIELDS,
  edge_types: [[...EDGE_TYPES], 'string_or_number', 'node'],
  trace_function_info_fields: ['function_id', 'name', 'script_name', 'script_id', 'line', 'column'],
  trace_node_fields: ['id', 'function_info_index', 'count', 'size', 'children'],
  sample_fields: ['timestamp_us', 'last_assigned_id'],
  location_fields: ['object_index', 'script_id', 'line', 'column'],
};
const CHUNK_BYTES = 1 << 18;
/** Of a row of any section: six numbers with their commas, and the line's end. */
const MAX_ROW_BYTES = 80;
const [COMMA, NEWLINE, MINUS, ZERO, QUOTE, BACKSLASH] = [0x2c, 0x0a, 0x2d, 0x30, 0x22, 0x5c];

/** What V8 writes about a graph before it. */
export function snapshotHeader({ nodeCount, edgeCount }: HeapGraph): {
  meta: typeof META;
  node_count: number;
  edge_count: number;
  trace_function_count: number;
} {
  return { meta: META, node_count: nodeCount, edge_count: edgeCount, trace_function_count: 0 };
}

/**
 * In chunks of about 256 KB.
 * @param provenance fields of the header besides V8's own
 */
export function* snapshotJson(graph: HeapGraph, provenance: object = {}): Generator<Uint8Array> {
  const { locations } = graph;
  const header = { ...snapshotHeader(graph), ...provenance };
  yield text(`{"snapshot":${JSON.stringify(header)},\n"nodes":[`);
  yield* nodes(graph);
  yield text('],\n"edges":[');
  yield* edges(graph);
  yield text('],\n"trace_function_infos":[],\n"trace_tree":[],\n"samples":[],\n"locations":[');
  yield* rows(locations.node.length, (row, put) => {
    put(locations.node[row] * NODE_FIELDS.length);
    put(locations.script[row]);
    put(locations.line[row]);
    put(locations.column[row]);
  });
  yield text('],\n"strings":[');
  yield* stringsJson(graph);
  yield text(']}\n');
}

function text(ascii: string): Uint8Array {
  return new TextEncoder().encode(ascii);
}

function nodes({
  nodeCount,
  nodeType,
  nodeName,
  nodeId,
  selfSize,
  firstEdge,
}: HeapGraph): Generator<Uint8Array> {
  return rows(nodeCount, (node, put) => {
    put(nodeType[node]);
    put(nodeName[node]);
    put(nodeId[node]);
    put(selfSize[node]);
    put(firstEdge[node + 1] - firstEdge[node]);
    put(0);
  });
}

function edges({ edgeCount, edgeType, edgeName, edgeTo }: HeapGraph): Generator<Uint8Array> {
  return rows(edgeCount, (edge, put) => {
    put(edgeType[edge]);
    put(edgeName[edge]);
    put(edgeTo[edge] * NODE_FIELDS.length);
  });
}

function* rows(
  count: number,
  putRow: (row: number, put: (number: number) => void) => void,
): Generator<Uint8Array> {
  let chunk = new Uint8Array(CHUNK_BYTES);
  let at = 0;
  let isFirst = true;
  const put = (number: number): void => {
    if (!isFirst) chunk[at++] = COMMA;
    isFirst = false;
    at = putNumber(chunk, at, number);
  };
  for (let row = 0; row < count; row++) {
    putRow(row, put);
    chunk[at++] = NEWLINE;
    if (at + MAX_ROW_BYTES <= chunk.length) continue;
    yield chunk.subarray(0, at);
    chunk = new Uint8Array(CHUNK_BYTES);
    at = 0;
  }
  yield chunk.subarray(0, at);
}

/** Digits of an integer; where they end. */
function putNumber(chunk: Uint8Array, at: number, number: number): number {
  if (number < 0) {
    chunk[at++] = MINUS;
    number = -number;
  }
  let digits = 1;
  for (let limit = 10; number >= limit; limit *= 10) digits++;
  const end = at + digits;
  for (let place = end - 1; place >= at; place--) {
    const rest = Math.floor(number / 10);
    chunk[place] = ZERO + number - rest * 10;
    number = rest;
  }
  return end;
}

/** What is between the brackets of the strings. They are JSON already, each with its closing quote. */
export function* stringsJson({ strings: blocks }: HeapGraph): Generator<Uint8Array> {
  let isFirst = true;
  let chunk = new Uint8Array(CHUNK_BYTES);
  let at = 0;
  for (const block of blocks) {
    let isOpen = false;
    for (let from = 0; from < block.length; from++) {
      if (at + MAX_ROW_BYTES > chunk.length) {
        yield chunk.subarray(0, at);
        chunk = new Uint8Array(CHUNK_BYTES);
        at = 0;
      }
      if (!isOpen) {
        if (!isFirst) {
          chunk[at++] = COMMA;
          chunk[at++] = NEWLINE;
        }
        chunk[at++] = QUOTE;
        isFirst = false;
        isOpen = true;
      }
      const byte = block[from];
      chunk[at++] = byte;
      if (byte === BACKSLASH) chunk[at++] = block[++from];
      else if (byte === QUOTE) isOpen = false;
    }
  }
  yield chunk.subarray(0, at);
}
