/** The snapshots that readers are measured on: made once, and kept in the temporary directory for the next time. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { interruption } from '../interruption.js';

export interface SnapshotFile {
  sizeMb: number;
  path: string;
  bytes: number;
  nodes: number;
  edges: number;
}

const heapProgram = fileURLToPath(new URL('./heap.js', import.meta.url));
const directory = join(tmpdir(), 'afterimage-bench');

/** What Node itself has in a snapshot, and what each step of the heap program's scale adds. */
const NODE_ITSELF_MB = 5.5;
/** More in larger files, whose numbers have more digits. */
const customerMb = (sizeMb: number): number => 0.006_28 + 1.1e-7 * sizeMb;
const MAKE_MS = 600_000;

/**
 * A snapshot of about `sizeMb` MB, from the last time where it is still there.
 * @throws {Error} when the heap program fails, or when interrupted
 */
export async function snapshotFile(node: string, sizeMb: number): Promise<SnapshotFile> {
  const made = createHash('sha256')
    .update(await readFile(heapProgram))
    .digest('hex')
    .slice(0, 8);
  const scale = Math.round((sizeMb - NODE_ITSELF_MB) / customerMb(sizeMb));
  const path = join(directory, `${scale}-${made}.heapsnapshot`);
  if (!(await stat(path).catch(() => undefined))) {
    console.log(`making a snapshot of about ${sizeMb} MB: ${path}`);
    await make(node, scale, path);
  }
  const header = await readThrough(path);
  return { sizeMb, path, bytes: (await stat(path)).size, ...counts(header) };
}

async function make(node: string, scale: number, path: string): Promise<void> {
  const part = `${path}.part`;
  await mkdir(directory, { recursive: true });
  try {
    await promisify(execFile)(node, ['--max-old-space-size=8000', heapProgram, String(scale), part], {
      timeout: MAKE_MS,
      signal: interruption.signal,
    });
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

/** Reads all of the file, so that each reader finds it in the page cache; returns its beginning. */
async function readThrough(path: string): Promise<string> {
  let beginning = '';
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 22, signal: interruption.signal })) {
    beginning ||= (chunk as Buffer).toString('latin1', 0, 4096);
  }
  return beginning;
}

function counts(header: string): { nodes: number; edges: number } {
  const [, nodes, edges] = /"node_count":(\d+),"edge_count":(\d+)/.exec(header) ?? [];
  return { nodes: Number(nodes), edges: Number(edges) };
}
