/**
 * Reads the bytes of a snapshot, as they arrive, into columns of numbers and strings. Skips unknown sections.
 */
import { type Section } from '../format/section.js';
import { readDocument } from '../format/document.js';
import { malformed, notASnapshot, tooShort } from '../format/format-error.js';
import type { Locations } from '../graph/graph.js';
import { layoutOf, parseHeader, type Layout, type SnapshotHeader } from '../format/header.js';
import {
  edgeRows,
  locationRows,
  nodeRows,
  type EdgeColumns,
  type NodeColumns,
  type RowsSection,
} from './rows.js';
import { buildStringTable, type StringTable } from '../graph/string-table.js';
import { stringsSection } from '../format/strings-section.js';

export interface SnapshotScanner {
  /**
   * Processes the next chunk.
   * @throws {SnapshotFormatError}
   */
  push(chunk: Uint8Array): void;
  /** Returns the edges as soon as all of them have been read, else null. */
  edges(): EdgeColumns | null;
  /**
   * Ends the snapshot and returns its sections.
   * @throws {SnapshotFormatError} if it is incomplete
   */
  end(): Sections;
}

/** The contents of the file. */
export interface Sections {
  header: SnapshotHeader;
  layout: Layout;
  nodes: NodeColumns;
  /** Null if they were skipped. */
  edges: EdgeColumns | null;
  locations: Locations | null;
  strings: StringTable;
  /** Number of bytes after the end of the document, not counting white space. */
  trailingBytes: number;
  /** Size of the whole file. */
  bytes: number;
}

export interface ScanOptions {
  /** A section to skip because another thread reads it. */
  skip?: 'nodes' | 'edges' | null;
  /**
   * The largest possible size of the file in bytes. A header that promises more rows than fit is rejected at
   * once.
   */
  maxBytes?: number;
}

const CLOSE_BRACKET = 0x5d;

/** With more rows, 32 bits would not be enough for their numbers. */
const MAX_COUNT = 2 ** 32 - 2;

/** Creates a scanner for one snapshot: pass all chunks in order, then call `end`. */
export function scanSnapshot({ skip = null, maxBytes = Infinity }: ScanOptions = {}): SnapshotScanner {
  let header: SnapshotHeader | null = null;
  let layout: Layout | null = null;
  let nodes: RowsSection<NodeColumns> | null = null;
  let edges: RowsSection<EdgeColumns> | null = null;
  let locations: RowsSection<Locations> | null = null;
  let strings: StringTable | null = null;
  let skipped = false;
  const document = readDocument({ header: readHeader, section });

  function readHeader(json: string, start: number): void {
    header = parseHeader(json, start);
    layout = layoutOf(header, start);
    checkCounts(header, layout, start);
  }

  function section(key: string): Section | null {
    if (header === null || layout === null) return null;
    if (key === skip) {
      skipped = true;
      return numbersToSkip();
    }
    if (key === 'nodes') return (nodes = nodeRows(header, layout));
    if (key === 'edges') return (edges = edgeRows(header, layout));
    if (key === 'locations') return (locations = locationRows(header, layout));
    if (key !== 'strings') return null;
    const table = buildStringTable();
    return stringsSection(table, () => (strings = table.build()));
  }

  function checkCounts(header: SnapshotHeader, { nodes, edges }: Layout, start: number): void {
    for (const [what, count, fields] of [
      ['nodes', header.node_count, nodes.fields],
      ['edges', header.edge_count, edges.fields],
    ] as const) {
      if (count > MAX_COUNT)
        throw malformed(start, `its header promises ${count} ${what}, of ${MAX_COUNT} at most`);
      // Each number takes at least a digit and a comma.
      if (count * fields * 2 <= maxBytes) continue;
      throw tooShort(maxBytes, `its header promises ${count} ${what}, more than that many bytes can hold`);
    }
  }

  function end(): Sections {
    const { bytes, trailingBytes } = document.end();
    if (header === null || layout === null) throw notASnapshot(bytes, 'it has no header');
    if (nodes === null) throw malformed(bytes, 'it has no section nodes');
    if (edges === null && !skipped) throw malformed(bytes, 'it has no section edges');
    if (strings === null) throw malformed(bytes, 'it has no section strings');
    return {
      header,
      layout,
      nodes: nodes.columns(),
      edges: edges?.columns() ?? null,
      locations: locations?.columns() ?? null,
      strings,
      trailingBytes,
      bytes,
    };
  }

  return {
    push: (chunk) => document.push(chunk),
    edges: () => (edges?.closed ? edges.columns() : null),
    end,
  };
}

function numbersToSkip(): Section {
  let closed = false;
  return {
    push: (chunk, at) => {
      const end = chunk.indexOf(CLOSE_BRACKET, at);
      closed = end >= 0;
      return closed ? end + 1 : chunk.length;
    },
    get closed() {
      return closed;
    },
  };
}
