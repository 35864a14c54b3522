// A process full of names: it loads modules, and writes a snapshot of itself. Arguments: the file for the snapshot,
// then the modules.
import { writeHeapSnapshot } from 'node:v8';

const [, , snapshotFile, ...modules] = process.argv;
globalThis.loaded = await Promise.all(modules.map((name) => import(name)));
writeHeapSnapshot(snapshotFile);
process.exit(0);
