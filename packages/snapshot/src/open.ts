/** Opens a file or a stream as a snapshot that can be queried. */
import { availableParallelism } from 'node:os';
import { assemble } from './read/assemble.js';
import { chunksOf, inspectFile, type SnapshotFile } from './format/chunks.js';
import { computedParts, lazySecondThread, type Start } from './computed-parts.js';
import type { Graph } from './graph/graph.js';
import { scanSnapshot } from './read/scan.js';
import { snapshotOf, type KnownParts, type Snapshot } from './graph/snapshot.js';

export interface OpenOptions {
  /**
   * `all`, the default: dominators, sizes, distances and classes are computed before the promise resolves, in
   * two threads. `graph`: only nodes, edges and strings, in about a third of the time; the rest is computed
   * in the calling thread on first use.
   */
  parts?: 'all' | 'graph';
  /** 1 to do everything in the calling thread. Default: 2 if there is a second processor. */
  threads?: 1 | 2;
  /** Called from time to time with the number of (decompressed) bytes read. */
  onProgress?: (bytes: number) => void;
}

/** With less, starting a thread takes longer than it saves. */
const MIN_BYTES_FOR_THREAD = 16 << 20;

/**
 * Opens the snapshot in a file (plain, gzip or zstd) or in a stream of its bytes.
 *
 * Memory, in bytes: for the graph about 22 for each node, 9 for each edge, and the strings as they are in the
 * file. While all parts are being computed, 80 more for each node and 5 more for each edge; 32 of those for
 * each node stay.
 * @throws {SnapshotFormatError} if it is not a complete, well-formed snapshot
 * @throws {Error} if the file cannot be read, or there is not enough memory
 */
export async function openSnapshot(
  source: string | AsyncIterable<Uint8Array>,
  {
    parts = 'all',
    threads = availableParallelism() > 1 ? 2 : 1,
    onProgress = () => undefined,
  }: OpenOptions = {},
): Promise<Snapshot> {
  const thread = lazySecondThread(threads);
  let graph: Graph;
  let known: KnownParts = {};
  try {
    graph = await readGraph(source, thread.start, onProgress);
    if (parts === 'all') known = await computedParts(graph, thread.start);
  } finally {
    await thread.end();
  }
  return snapshotOf(graph, known);
}

/** The edges are more than half of a file: one thread reads them, the other everything else. */
async function readGraph(
  source: string | AsyncIterable<Uint8Array>,
  start: Start,
  onProgress: (bytes: number) => void,
): Promise<Graph> {
  const file = typeof source === 'string' ? await inspectFile(source) : null;
  const chunks = typeof source === 'string' ? chunksOf(file as SnapshotFile) : source;
  const edges =
    file?.bytes != null ? start(file.bytes >= MIN_BYTES_FOR_THREAD)?.ask('edges', file) : undefined;
  const scanner = scanSnapshot({ skip: edges ? 'edges' : null, maxBytes: file?.bytes ?? Infinity });
  let bytes = 0;
  for await (const chunk of chunks) {
    scanner.push(chunk);
    onProgress((bytes += chunk.length));
  }
  const sections = scanner.end();
  return assemble(sections, edges ? await edges : sections.edges);
}
