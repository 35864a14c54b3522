/**
 * Sees to it that no inspector stays open behind an attacher that is killed between the signal and the expression that
 * arms the closing: a small process, in a session of its own, that acts when its standard input ends without a word.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startedAt } from '../target/process-status.js';
import type { ListeningSocket } from '../target/listening-sockets.js';
import type { UndertakerOrders } from './undertaker.js';

export interface Undertaker {
  /** The inspector is closed, or will be by the target itself. */
  dismiss(): void;
}

const SCRIPT = fileURLToPath(new URL('./undertaker.js', import.meta.url));

/** Resolves when it stands by. @param before the sockets that are no inspector's */
export async function startUndertaker(pid: number, before: readonly ListeningSocket[]): Promise<Undertaker> {
  const child = spawn(process.execPath, [SCRIPT], {
    detached: true,
    cwd: '/',
    env: {},
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const orders: UndertakerOrders = {
    pid,
    startedAt: await startedAt(pid),
    before: before.map(({ inode }) => inode),
  };
  child.stdin.on('error', () => undefined);
  child.stdin.write(`${JSON.stringify(orders)}\n`);
  await once(child.stdout, 'data');
  child.unref();
  return { dismiss: () => child.stdin.end('dismissed\n') };
}
