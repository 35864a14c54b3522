/**
 * Checks, while a snapshot streams by, that it is one and that it is whole, and learns its counts on the
 * way. Reads the header at its start and how it ends; what lies between is not parsed.
 */
import { notASnapshot, truncated } from './format-error.js';
import { MAX_HEADER_BYTES, parseHeader, type SnapshotMeta } from './header.js';
import { trackStrings } from './json-strings.js';

export interface SnapshotOutline {
  nodes: number;
  edges: number;
  /** Length of the whole document. */
  bytes: number;
  meta: SnapshotMeta;
}

export interface SnapshotOutliner {
  /** @throws {SnapshotFormatError} `not-a-snapshot` */
  push(chunk: Uint8Array): void;
  /** @throws {SnapshotFormatError} */
  end(): SnapshotOutline;
}

const START = Buffer.from('{"snapshot":{');

/** An outliner for one snapshot: give it all chunks, in order, then ask for the end. */
export function outlineSnapshot(): SnapshotOutliner {
  const strings = trackStrings();
  let header: Omit<SnapshotOutline, 'bytes'> | null = null;
  let start = Buffer.alloc(0);
  let lastTwo = '';
  let bytes = 0;

  function push(chunk: Uint8Array): void {
    bytes += chunk.length;
    strings.push(chunk);
    lastTwo = (lastTwo + Buffer.from(chunk.subarray(-2)).toString('latin1')).slice(-2);
    if (header) return;
    start = Buffer.concat([start, chunk.subarray(0, MAX_HEADER_BYTES - start.length)]);
    header = readHeader(start);
    if (header) start = Buffer.alloc(0);
  }

  function end(): SnapshotOutline {
    if (header && lastTwo === ']}' && !strings.inString) return { ...header, bytes };
    throw truncated(bytes);
  }

  return { push, end };
}

/** Null while it is not all there. */
function readHeader(start: Buffer): Omit<SnapshotOutline, 'bytes'> | null {
  const compared = Math.min(start.length, START.length);
  if (start.compare(START, 0, compared, 0, compared) !== 0) {
    throw notASnapshot(0, 'it does not begin as one');
  }
  const length = lengthOfObject(start.subarray(START.length - 1));
  if (length < 0 && start.length < MAX_HEADER_BYTES) return null;
  const json = start.toString('utf8', START.length - 1, START.length - 1 + Math.max(length, 0));
  const { node_count, edge_count, meta } = parseHeader(json, START.length - 1);
  return { nodes: node_count, edges: edge_count, meta };
}

/** Length of the JSON object that `bytes` begin with, or -1 if it does not end there. */
function lengthOfObject(bytes: Buffer): number {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const char = bytes[i];
    if (inString) {
      if (char === 0x5c /* \ */) i++;
      else if (char === 0x22 /* " */) inString = false;
    } else if (char === 0x22) inString = true;
    else if (char === 0x7b /* { */) depth++;
    else if (char === 0x7d /* } */ && --depth === 0) return i + 1;
  }
  return -1;
}
