/**
 * Builds the heap of one of the programs here and writes its snapshot:
 *   node write.js PROGRAM HOW FILE
 * The snapshot is taken while all that the program made is still reachable, through a global.
 */
import { Session } from 'node:inspector';
import { writeHeapSnapshot } from 'node:v8';

/** Ways to take a snapshot that leave different things in it. */
export type How = 'plain' | 'internals' | 'numbers' | 'allocations';

const [program, how, file] = process.argv.slice(2) as [string, How, string];

if (how === 'allocations') {
  const session = new Session();
  session.connect();
  session.post('HeapProfiler.startTrackingHeapObjects', { trackAllocations: true });
}
const { build } = (await import(`./${program}.js`)) as { build: () => unknown };
Object.assign(globalThis, { kept: await build() });
// Not through the inspector: a listener here would allocate, and be traced, while the traces are being written.
writeHeapSnapshot(file, { exposeInternals: how === 'internals', exposeNumericValues: how === 'numbers' });
process.exit();
