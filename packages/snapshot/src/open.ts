/** From a file or a stream to a snapshot that can be asked. */
import { assemble } from './assemble.js';
import { chunksOf } from './chunks.js';
import type { EdgeColumns } from './rows.js';
import { scanSnapshot } from './scan.js';
import { snapshotOf, type Snapshot } from './snapshot.js';

export interface OpenOptions {
  /** Called now and then with how many bytes (decompressed) have been read. */
  onProgress?: (bytes: number) => void;
}

/**
 * Opens the snapshot in a file (plain, gzip or zstd) or in a stream of its bytes.
 * @throws {SnapshotFormatError} when it is not a whole, well-formed snapshot
 */
export async function open(
  source: string | AsyncIterable<Uint8Array>,
  { onProgress }: OpenOptions = {},
): Promise<Snapshot> {
  const scanner = scanSnapshot();
  let bytes = 0;
  for await (const chunk of typeof source === 'string' ? chunksOf(source) : source) {
    scanner.push(chunk);
    onProgress?.((bytes += chunk.length));
  }
  const sections = scanner.end();
  return snapshotOf(assemble(sections, sections.edges as EdgeColumns));
}
