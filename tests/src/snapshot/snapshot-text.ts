/** Snapshots of a few nodes, written as a test wants them: V8's own spacing, any header, any section. */

/** The text of a snapshot, in its parts. */
export interface SnapshotText {
  header: Header;
  nodes: number[];
  edges: number[];
  locations: number[];
  /** As JSON, so that a test decides how a string is escaped. */
  strings: string[];
  /** More sections, as JSON, that no reader here needs. */
  others?: Record<string, string>;
}

interface Header {
  meta: {
    node_fields: string[];
    node_types: (string | string[])[];
    edge_fields: string[];
    edge_types: (string | string[])[];
    location_fields: string[];
  };
  node_count: number;
  edge_count: number;
}

/** A root that holds an object by property `held`, which holds a string by element 7. */
export function threeNodes(): SnapshotText {
  return {
    header: {
      meta: {
        node_fields: ['type', 'name', 'id', 'self_size', 'edge_count', 'detachedness'],
        node_types: [
          ['hidden', 'string', 'object', 'synthetic'],
          'string',
          'number',
          'number',
          'number',
          'number',
        ],
        edge_fields: ['type', 'name_or_index', 'to_node'],
        edge_types: [['context', 'element', 'property', 'shortcut', 'weak'], 'string_or_number', 'node'],
        location_fields: ['object_index', 'script_id', 'line', 'column'],
      },
      node_count: 3,
      edge_count: 2,
    },
    nodes: [3, 0, 1, 0, 1, 0, 2, 1, 3, 16, 1, 0, 1, 2, 5, 24, 0, 0],
    edges: [2, 3, 6, 1, 7, 12],
    locations: [6, 40, 2, 11],
    strings: ['"(root)"', '"Held"', '"kept"', '"held"'],
  };
}

/** The sections in V8's order, a row on each line, or in the order given. */
export function written(
  { header, nodes, edges, locations, strings, others = {} }: SnapshotText,
  order: readonly string[] = ['nodes', 'edges', ...Object.keys(others), 'locations', 'strings'],
): Buffer {
  const sections: Record<string, string> = {
    nodes: rows(nodes, header.meta.node_fields.length),
    edges: rows(edges, header.meta.edge_fields.length),
    locations: rows(locations, header.meta.location_fields.length),
    strings: `[${strings.join(',\n')}]`,
    ...others,
  };
  const body = order.map((name) => `"${name}":${sections[name] ?? 'null'}`).join(',\n');
  return Buffer.from(`{"snapshot":${JSON.stringify(header)},\n${body}}`);
}

function rows(numbers: number[], fields: number): string {
  const lines: string[] = [];
  const each = Math.max(fields, 1); // a header may say that there are none
  for (let at = 0; at < numbers.length; at += each) lines.push(numbers.slice(at, at + each).join());
  return `[${lines.join('\n,')}\n]`;
}

/** The bytes, in pieces that end at each of the offsets. */
// eslint-disable-next-line @typescript-eslint/require-await -- an async iterable is what a stream is
export async function* inPieces(bytes: Buffer, ...ends: number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const end of [...ends, bytes.length]) {
    // Overwritten when the next piece is asked for: a reader must not keep it.
    const piece = Buffer.from(bytes.subarray(start, end));
    yield piece;
    piece.fill(0x2a);
    start = end;
  }
}
