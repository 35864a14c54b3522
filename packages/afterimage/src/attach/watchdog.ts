/**
 * The watchdog process that watchdog-process.ts starts. Reads orders, one per line, and answers each. At the
 * end of input it removes leftovers and closes the inspectors that were opened; after a dismissal, only those
 * of processes that got the signal and may still open theirs.
 */
import { closeSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { closeInspectors, note, newCleanup, type WatchdogOrder } from './cleanup.js';

/** Descriptor of the inherited lock. */
const LOCK = 3;

const left = newCleanup();
const removals: { parent: FileHandle; name: string }[] = [];
process.stdout.on('error', () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as WatchdogOrder;
  note(left, order);
  // Through a handle on its parent: the target, through whose root it is reached, may have ended by then.
  if (order.order === 'remove')
    removals.push({ parent: await open(dirname(order.directory)), name: basename(order.directory) });
  // The next capture must not wait for what may take long.
  if (order.order === 'dismiss') closeSync(LOCK);
  process.stdout.write('\n');
}
await Promise.all([
  ...removals.map(({ parent, name }) =>
    rm(`/proc/self/fd/${parent.fd}/${name}`, { recursive: true, force: true }),
  ),
  closeInspectors(left),
]);
process.exit();
