/**
 * Locks that the kernel releases when their holder ends, separate for each network namespace: abstract
 * sockets. Only one attachment at a time in a network namespace, because all its processes open their
 * inspector on the same port; and one capture at a time of a process.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { codeOf } from '@afterimage/host/errors';
import { CommandError } from '../cli/command-error.js';
import { abstractName } from './abstract-socket.js';

export interface Lock {
  /** A process that inherits this descriptor holds the lock too. */
  descriptor: number;
  release(): void;
}

const WAIT_MS = 30_000;
const RETRY_MS = 50;

/**
 * Takes the lock for attaching.
 * @param onWait called once if the lock is taken
 * @throws {CommandError} `refused` if it is held for too long, or the signal's reason
 */
export async function takeAttachLock(signal: AbortSignal, onWait?: () => void): Promise<Lock> {
  const otherwise =
    `another capture has been attaching to a process here for ${WAIT_MS / 1000} s, and only one can attach at a time: ` +
    'try again later (a command that was stopped holds it too)';
  return takeLock('afterimage-attach', otherwise, signal, onWait);
}

/**
 * Takes the lock for capturing a process.
 * @throws {CommandError} `refused` if it is held for too long, or the signal's reason
 */
export async function takeCaptureLock(pid: number, signal: AbortSignal): Promise<Lock> {
  const otherwise = `process ${pid} has been held by another capture for ${WAIT_MS / 1000} s: try again later`;
  return takeLock(captureLockName(pid), otherwise, signal);
}

export function captureLockName(pid: number): string {
  return `afterimage-capture-${pid}`;
}

async function takeLock(
  name: string,
  otherwise: string,
  signal: AbortSignal,
  onWait?: () => void,
): Promise<Lock> {
  const started = performance.now();
  let isSaid = false;
  for (;;) {
    signal.throwIfAborted();
    const socket = createServer((connection) => connection.destroy());
    socket.unref();
    socket.listen(abstractName(name));
    const taken = await once(socket, 'listening').then(
      () => true,
      (error: unknown) => {
        // Any other error does not mean that the lock is taken, so waiting does not help.
        if (codeOf(error) !== 'EADDRINUSE') throw error;
        return false;
      },
    );
    if (taken) {
      const { fd } = (socket as unknown as { _handle: { fd: number } })._handle;
      return { descriptor: fd, release: () => void socket.close() };
    }
    if (!isSaid) onWait?.();
    isSaid = true;
    if (performance.now() - started > WAIT_MS) throw new CommandError('refused', otherwise);
    await pause(RETRY_MS);
  }
}
