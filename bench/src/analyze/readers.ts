/** The readers: ours, whole and in part, the lower bound, and the peers, each a separate program. */
import { fileURLToPath } from 'node:url';
import { peer } from './installs.js';

export interface Reader {
  name: ReaderName;
  /** Does the same work as ours, to be compared with it. */
  isPeer: boolean;
  /** Is also run where a file is too large for the others. */
  runsHuge: boolean;
  /** Node's arguments. */
  command(file: string): string[];
}

export type ReaderName =
  | 'Afterimage'
  | 'its graph alone'
  | 'reading the digits'
  | 'DevTools'
  | 'memlab 2.0.5'
  | 'v8-heap-parser 0.1.0';

const own = (program: string): string => fileURLToPath(new URL(program, import.meta.url));

/** Room for readers that keep a snapshot in V8's heap; no reader is given less than it asks for. */
const LARGE_HEAP = '--max-old-space-size=12000';

export const readers: readonly Reader[] = [
  {
    name: 'Afterimage',
    isPeer: false,
    runsHuge: true,
    command: (file) => [own('ours.js'), file],
  },
  {
    name: 'its graph alone',
    isPeer: false,
    runsHuge: true,
    command: (file) => [own('ours.js'), file, 'graph'],
  },
  {
    name: 'reading the digits',
    isPeer: false,
    runsHuge: true,
    command: (file) => [own('floor.js'), file],
  },
  {
    name: 'DevTools',
    isPeer: true,
    runsHuge: false,
    command: (file) => [LARGE_HEAP, peer('dist/devtools.bundle.mjs'), file],
  },
  {
    name: 'memlab 2.0.5',
    isPeer: true,
    runsHuge: false,
    command: (file) => [LARGE_HEAP, peer('memlab.mjs'), file],
  },
  {
    name: 'v8-heap-parser 0.1.0',
    isPeer: true,
    runsHuge: false,
    command: (file) => [peer('v8-heap-parser.mjs'), file],
  },
];
