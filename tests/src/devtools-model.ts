/** What DevTools makes of a snapshot: its own heap model, run in a process of its own (it needs Node 22). */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodeOf } from './nodes.js';

/** A row of the Summary view. Sizes in bytes. */
export interface ClassRow {
  name: string;
  count: number;
  shallow: number;
  retained: number;
}

export interface HeapModel {
  nodes: number;
  edges: number;
  classes: ClassRow[];
  /** By `Class.property` as asked for: the strings found there, one an object. */
  strings: Record<string, string[]>;
}

const program = fileURLToPath(new URL('heap-model.bundle.mjs', import.meta.url));

/**
 * Loads `file` as the Memory panel would.
 * @param properties `Class.property` paths whose strings to look up
 * @throws with the loader's own words when it refuses the file
 */
export async function loadInDevTools(file: string, properties: string[] = []): Promise<HeapModel> {
  const { stdout } = await promisify(execFile)(nodeOf(24).path, [program, file, ...properties], {
    maxBuffer: 1 << 30,
    timeout: 300_000,
  });
  return JSON.parse(stdout) as HeapModel;
}

/** The Summary view's count for one class; 0 if there is none. */
export function countOf(model: HeapModel, className: string): number {
  return model.classes.filter(({ name }) => name === className).reduce((sum, { count }) => sum + count, 0);
}
