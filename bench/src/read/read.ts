/**
 * How near the graph that is read straight out of an image comes to the snapshot that V8's own generator makes of the
 * same image: nodes and edges that are equal, what differs by class, and the time that both take.
 */
import { createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openSnapshot, type Graph, type Snapshot } from '@afterimage/snapshot';
import { openImageFile } from '@afterimage/v8-heap/image/image-file';
import { EDGE_TYPES, NODE_TYPES } from '@afterimage/v8-heap/layouts/node-kinds';
import { explainPages } from '@afterimage/v8-heap/reader/explain';
import { openHeap } from '@afterimage/v8-heap/reader/open-heap';
import { readGraph, textsOf } from '@afterimage/v8-heap/reader/read-graph';
import { snapshotJson } from '@afterimage/v8-heap/reader/snapshot-json';
import { count, duration } from '../figures.js';
import { compareClasses } from './class-sizes.js';
import { compareGraphs, type Compared, type ComparedGraph } from './compare.js';
import { develop, imageOf, nodeOf } from './heap-image.js';

const PROGRAMS = ['kinds', 'server', 'compiler', 'express', 'fastify', 'workers', 'deep'];
const NODES = [20, 22, 24, 26];
/** Parts of all that V8 made. */
const MIN_EQUAL_NODES = 0.999;
const MIN_EQUAL_EDGES = 0.997;
/** Parts of V8's. */
const MAX_SIZE_APART = 0.001;
const DEFAULT_CLASSES = '12';

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      node: { type: 'string', multiple: true },
      classes: { type: 'string', default: DEFAULT_CLASSES },
      keep: { type: 'string' },
    },
  });
  const programs = positionals.length > 0 ? positionals : PROGRAMS;
  const directory = values.keep ?? (await mkdtemp(path.join(tmpdir(), 'afterimage-read-')));
  try {
    for (const major of values.node?.map(Number) ?? NODES)
      for (const program of programs) await compare(program, major, directory, Number(values.classes));
  } finally {
    if (values.keep === undefined) await rm(directory, { recursive: true });
  }
}

async function compare(program: string, major: number, directory: string, classes: number): Promise<void> {
  if (program === 'compiler' && major === 20) {
    // Without line ends, V8 reads 9 MB of text from the beginning for each function.
    console.log('compiler, Node 20: not compared');
    return;
  }
  const image = path.join(directory, `${program}-${major}.image`);
  const snapshot = path.join(directory, `${program}-${major}.heapsnapshot`);
  if (!existsSync(image))
    await imageOf(nodeOf(major), fileURLToPath(new URL(`./programs/${program}.js`, import.meta.url)), image);
  const developMs = existsSync(snapshot) ? null : await develop(image, snapshot);
  const start = performance.now();
  const memory = openImageFile(image);
  const heap = openHeap(memory);
  const graph = readGraph(heap);
  const readMs = performance.now() - start;
  const { unexplained, objects } = explainPages(heap);
  memory.close();
  const texts = textsOf(graph);
  const ours: ComparedGraph = {
    ...graph,
    nodeTypes: NODE_TYPES,
    edgeTypes: EDGE_TYPES,
    text: (index) => texts[index] ?? '',
  };
  const read = path.join(directory, `${program}-${major}.read.heapsnapshot`);
  await pipeline(Readable.from(snapshotJson(graph)), createWriteStream(read));
  const { graph: theirs } = await openSnapshot(snapshot, { parts: 'graph' });
  const ourSnapshot = await openSnapshot(read);
  const compared = compareGraphs({ ...theirs, text: (index) => theirs.strings.get(index) }, ours);
  console.log(`${program}, Node ${major}: ${unexplained} of ${count(objects)} objects unexplained`);
  const developed = developMs === null ? 'kept' : `in ${duration(developMs)}`;
  console.log(`  developed by V8 ${developed}, read in ${duration(readMs)}`);
  show('nodes', compared.nodes, MIN_EQUAL_NODES, classes);
  show('of the program', compared.ofProgram, MIN_EQUAL_NODES, classes);
  show('edges', compared.edges, MIN_EQUAL_EDGES, classes);
  show('edges of roots', compared.rootEdges, 0, classes);
  showSizes(compared.selfSize);
  showClasses(theirs, ourSnapshot, classes);
  showPositions(theirs, ourSnapshot.graph);
}

function showSizes({ theirs, ours }: { theirs: number; ours: number }): void {
  const apart = Math.abs(ours - theirs) / theirs;
  if (apart > MAX_SIZE_APART) process.exitCode = 1;
  console.log(
    `  self size ${count(theirs)} B by V8, ${count(ours)} B read: ${(apart * 100).toFixed(3)} % apart (goal ${MAX_SIZE_APART * 100} %)`,
  );
}

function showClasses(theirs: Graph, ours: Snapshot, shown: number): void {
  const { compared, apart } = compareClasses(theirs, ours);
  if (apart.length > 0) process.exitCode = 1;
  console.log(
    `  classes: ${compared - apart.length} of the ${compared} largest retain as much, within 0.5 %`,
  );
  for (const { name, theirs: their, ours: our } of apart.slice(0, shown))
    console.log(`    ${name}: ${count(their)} B by V8, ${count(our)} B read`);
}

function showPositions(theirs: Graph, ours: Graph): void {
  const [their, our] = [positionsOf(theirs), positionsOf(ours)];
  let equal = 0;
  for (const [position, number] of their) equal += Math.min(number, our.get(position) ?? 0);
  const all = theirs.locations.script.length;
  console.log(`  positions in source: ${((equal / all) * 100).toFixed(3)} % of ${count(all)} equal`);
}

function positionsOf({ locations: { script, line, column } }: Graph): Map<string, number> {
  const positions = new Map<string, number>();
  script.forEach((id, row) => {
    const position = `${id}:${line[row]}:${column[row]}`;
    positions.set(position, (positions.get(position) ?? 0) + 1);
  });
  return positions;
}

function show(
  what: string,
  { theirs, equal, byNature, onlyTheirs, onlyOurs }: Compared,
  least: number,
  classes: number,
): void {
  const share = equal / theirs;
  if (share < least) process.exitCode = 1;
  const goal = least > 0 ? ` (goal ${(least * 100).toFixed(1)} %)` : '';
  const apart = byNature > 0 ? `, besides ${count(byNature)} that differ by nature` : '';
  console.log(`  ${what}: ${(share * 100).toFixed(3)} % of ${count(theirs)} equal${goal}${apart}`);
  for (const [side, differences] of [
    ['only V8', onlyTheirs],
    ['only read', onlyOurs],
  ] as const)
    for (const { what: kind, count: number, example } of differences.slice(0, classes))
      console.log(`    ${side}: ${number} ${kind} (${example})`);
}

await main();
