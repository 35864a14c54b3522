/**
 * From an image to the suspects: `analyze IMAGE` next to `develop` by V8's own generator and `analyze` of its snapshot,
 * in one run. Both must name the same first suspect.
 *   npm run bench:suspects -- --sizes=20,200 --node=24
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { duration, size } from '../figures.js';
import { sideBySide, type Row } from '../tables.js';
import { imageOf, nodeOf } from './heap-image.js';
import { costOf, type Cost } from './process-cost.js';

const CLI = fileURLToPath(new URL('../../../packages/afterimage/bin/afterimage.js', import.meta.url));
const PROGRAM = fileURLToPath(new URL('./programs/sized.js', import.meta.url));

interface Measured extends Cost {
  suspect: string;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { sizes: { type: 'string', default: '20,200' }, node: { type: 'string', default: '24' } },
  });
  const { model } = cpus()[0] ?? { model: 'unknown processor' };
  console.log(`${cpus().length} × ${model}, Node ${process.version}; heaps of Node ${values.node}`);
  for (const megabytes of values.sizes.split(',')) {
    const directory = await mkdtemp(path.join(tmpdir(), 'afterimage-suspects-'));
    try {
      await compare(megabytes, Number(values.node), directory);
    } finally {
      await rm(directory, { recursive: true });
    }
  }
}

async function compare(megabytes: string, major: number, directory: string): Promise<void> {
  const image = path.join(directory, 'app.image');
  process.env['HEAP_MB'] = megabytes;
  await imageOf(nodeOf(major), PROGRAM, image);
  const plain = await analyzed(image);
  const compressed = await analyzed(`${image}.gz`);
  const v8 = await developed(image, path.join(directory, 'app.heapsnapshot'));
  const all = [plain, compressed, v8];
  const row = (name: string, of: (cost: Measured) => string): Row => [name, ...all.map(of)];
  const rows = [
    row('time', ({ ms }) => duration(ms)),
    row('processor time', ({ cpuMs }) => duration(cpuMs)),
    row('peak memory', ({ peakBytes }) => size(peakBytes)),
  ];
  console.log(sideBySide([`${megabytes} MB heap`, 'image', 'image.gz', 'develop, analyze'], rows, 20));
  const differing = all.filter(({ suspect }) => suspect !== v8.suspect);
  for (const { suspect } of differing) console.log(`  first suspect: ${suspect}, by V8 ${v8.suspect}`);
  if (differing.length > 0) process.exitCode = 1;
}

async function analyzed(file: string): Promise<Measured> {
  const { output, ...cost } = await costOf([CLI, 'analyze', file, '--json']);
  const { suspects } = JSON.parse(output) as { suspects: { title: string }[] };
  return { ...cost, suspect: suspects[0]?.title ?? 'none' };
}

async function developed(image: string, snapshot: string): Promise<Measured> {
  const developing = await costOf([CLI, 'develop', image, '--by', 'v8', '-o', snapshot]);
  const analyzing = await analyzed(snapshot);
  return {
    ms: developing.ms + analyzing.ms,
    cpuMs: developing.cpuMs + analyzing.cpuMs,
    peakBytes: Math.max(developing.peakBytes, analyzing.peakBytes),
    suspect: analyzing.suspect,
  };
}

await main();
