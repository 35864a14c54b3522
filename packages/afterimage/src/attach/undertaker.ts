/**
 * The process behind undertaker-process.ts. Reads its orders, one a line, and answers each. When they end it removes
 * what was left, and closes the inspectors that were opened; when it was dismissed before, only those of processes that
 * got the signal and may open theirs yet.
 */
import { closeSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { closeInspectors, note, undertaking, type UndertakerOrder } from './undertaking.js';

/** The descriptor of the lock that it holds, too. */
const LOCK = 3;

const left = undertaking();
const removals: { parent: FileHandle; name: string }[] = [];
process.stdout.on('error', () => undefined);

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line) as UndertakerOrder;
  note(left, order);
  // By a handle on its parent: the target, through whose root it is reached, may have ended by then.
  if (order.order === 'remove')
    removals.push({ parent: await open(dirname(order.directory)), name: basename(order.directory) });
  // Whoever comes next need not wait for what may take long.
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
