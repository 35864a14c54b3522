/** DevTools' view of a snapshot: its own heap model, in a separate process (it needs Node 22). */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { nodeOf } from '../nodes.js';

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

/** All that the model computed: of each node in the file's order, of each class, of each duplicate string. */
export interface NodeModel {
  nodes: number;
  edges: number;
  id: Uint32Array;
  /** Ordinals. */
  dominator: Uint32Array;
  /** Bytes. */
  shallowSize: Float64Array;
  /** Bytes. */
  retainedSize: Float64Array;
  distance: Int32Array;
  className: (ordinal: number) => string;
  classes: KeyedClassRow[];
  duplicateStrings: DuplicateString[];
}

/** A row of the Summary view; `key` tells classes of one name apart by where their constructors stand. */
export interface KeyedClassRow {
  key: string;
  name: string;
  count: number;
  shallowBytes: number;
  retainedBytes: number;
  distance: number;
}

export interface DuplicateString {
  value: string;
  count: number;
  shallowBytes: number;
  retainedBytes: number;
  truncated: boolean;
}

const program = fileURLToPath(new URL('../heap-model.bundle.mjs', import.meta.url));

/**
 * Loads `file` as the Memory panel would.
 * @param properties `Class.property` paths whose strings to look up
 * @throws with the loader's own words when it refuses the file
 */
export async function loadInDevTools(file: string, properties: string[] = []): Promise<HeapModel> {
  return JSON.parse(await runModel([file, ...properties])) as HeapModel;
}

/**
 * Loads `file` as the Memory panel would and brings back what it computed of every node.
 * @throws with the loader's own words when it refuses the file
 */
export async function loadNodesInDevTools(file: string): Promise<NodeModel> {
  const directory = await mkdtemp(join(tmpdir(), 'afterimage-devtools-'));
  try {
    const dump = join(directory, 'dump');
    await runModel([file, '--dump', dump]);
    return readDump(await readFile(dump));
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** A row of the Comparison view. */
export interface ComparedRow {
  name: string;
  added: number;
  removed: number;
}

/** What the Memory panel's Comparison view shows of `file` next to an earlier snapshot. */
export async function compareInDevTools(file: string, base: string): Promise<ComparedRow[]> {
  return JSON.parse(await runModel([file, '--compare', base])) as ComparedRow[];
}

/** The Summary view's count for one class; 0 if there is none. */
export function countOf(model: HeapModel, className: string): number {
  return model.classes.filter(({ name }) => name === className).reduce((sum, { count }) => sum + count, 0);
}

async function runModel(args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    nodeOf(24).path,
    ['--max-old-space-size=16000', program, ...args],
    { maxBuffer: 1 << 30, timeout: 300_000 },
  );
  return stdout;
}

interface DumpHeader extends Pick<NodeModel, 'nodes' | 'edges' | 'classes' | 'duplicateStrings'> {
  columns: { name: string; type: keyof typeof arrayTypes }[];
  classNames: string[];
}

const arrayTypes = { Uint32Array, Int32Array, Float64Array };

function readDump(bytes: Buffer): NodeModel {
  const headerEnd = bytes.indexOf('\n') + 1;
  const { columns, classNames, ...header } = JSON.parse(bytes.toString('utf8', 0, headerEnd)) as DumpHeader;
  const values = new Map<string, Uint32Array | Int32Array | Float64Array>();
  let at = headerEnd;
  for (const { name, type } of columns) {
    const end = at + header.nodes * arrayTypes[type].BYTES_PER_ELEMENT;
    values.set(name, new arrayTypes[type](Uint8Array.from(bytes.subarray(at, end)).buffer));
    at = end;
  }
  const classIndex = values.get('classIndex') as Uint32Array;
  return {
    ...header,
    id: values.get('id') as Uint32Array,
    dominator: values.get('dominator') as Uint32Array,
    shallowSize: values.get('shallowSize') as Float64Array,
    retainedSize: values.get('retainedSize') as Float64Array,
    distance: values.get('distance') as Int32Array,
    className: (ordinal) => classNames[classIndex[ordinal] ?? -1] ?? '',
  };
}
