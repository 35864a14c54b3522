/**
 * One attachment at a time in a network namespace: all its processes open their inspector on the same port. The lock
 * is an abstract socket, which the kernel keeps apart by network namespaces, too, and takes back when its holder ends.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { CommandError } from '../command-error.js';
import { abstractName } from './abstract-socket.js';

const NAME = abstractName('afterimage-attach');
const WAIT_MS = 30_000;
const RETRY_MS = 50;

/**
 * Returns what gives it back.
 * @throws {CommandError} `refused`, when it is held for too long
 */
export async function takeAttachLock(signal: AbortSignal): Promise<() => void> {
  const started = performance.now();
  for (;;) {
    signal.throwIfAborted();
    const server = createServer((socket) => socket.destroy());
    server.unref();
    server.listen(NAME);
    const taken = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (taken) return () => void server.close();
    if (performance.now() - started > WAIT_MS) {
      throw new CommandError(
        'refused',
        `somebody else has been attaching to a process here for ${WAIT_MS / 1000} s, and only one can at a time: try again later`,
      );
    }
    await pause(RETRY_MS);
  }
}
