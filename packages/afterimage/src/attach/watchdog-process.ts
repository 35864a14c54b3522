/**
 * Starts the cleanup watchdog: a small process in its own session that cleans up after a killed attacher. It
 * acts when its standard input ends before a dismissal. If the attacher cannot wait, it also waits for the
 * inspector of a process that was too busy to open it in time.
 */
import { deferred, within } from '@afterimage/host/deferred';
import { throwIfWithoutPipes } from '@afterimage/host/spawn-failure';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CommandError } from '../cli/command-error.js';
import { systemFailure } from '../cli/system-failure.js';
import type { Lock } from './attach-lock.js';
import type { WatchdogOrder, WatchedProcess } from './cleanup.js';

export interface Watchdog {
  /** Process ID of the watchdog, which outlives this process; null when it runs on another machine. */
  pid: number | null;
  /** Reports the signal that is about to be sent and the processes it may reach. Resolves when acknowledged. */
  watch(target: WatchedProcess, children: WatchedProcess[]): Promise<void>;
  /** Reports the directory that is about to be made. Resolves when acknowledged. */
  remove(directory: string): Promise<void>;
  /** Reports that the target's inspector is open. */
  opened(): void;
  /** Reports that the target's inspector is closed again. */
  closed(): void;
  /**
   * Reports that this process is done with the target. Resolves when the watchdog has ended, or when it goes on without
   * this process because it still waits for an inspector.
   */
  dismiss(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('./watchdog.js', import.meta.url));
const END_MS = 1_000;
/** Process title of the watchdog; the script and the target's process ID follow it. */
export const CLEANUP_PROGRAM = 'afterimage-watchdog';

/**
 * Starts a watchdog for the process `pid`. Resolves when it is ready.
 * @param lock is inherited by the watchdog: no other capture attaches before it is done
 * @throws {CommandError} `failed` if no process can be started
 */
export async function startWatchdog(pid: number, lock: Lock): Promise<Watchdog> {
  // The watchdog reads the pid from its orders; this argument only shows it in process lists.
  const child = spawn(process.execPath, [SCRIPT, String(pid)], {
    argv0: CLEANUP_PROGRAM,
    detached: true,
    cwd: '/',
    env: {},
    stdio: ['pipe', 'pipe', 'ignore', lock.descriptor],
  }) as ChildProcessByStdio<Writable, Readable, null>;
  throwIfWithoutPipes(child, process.execPath);
  const ended = once(child, 'exit');
  const failed = deferred<never>();
  const fail = (reason: unknown): void =>
    failed.reject(
      systemFailure(reason) ??
        new CommandError('failed', 'the cleanup watchdog, which is needed for attaching, ended at once'),
    );
  ended.then(fail, fail);
  child.stdin.on('error', () => undefined);
  child.unref();
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const send = (order: WatchdogOrder): void => void child.stdin.write(`${JSON.stringify(order)}\n`);
  const tell = async (order: WatchdogOrder): Promise<void> => {
    send(order);
    await Promise.race([answers.next(), failed.promise]);
  };
  await tell({ order: 'stand-by' });
  return {
    pid: child.pid ?? null,
    watch: (target, children) => tell({ order: 'watch', target, children }),
    remove: (directory) => tell({ order: 'remove', directory }),
    opened: () => send({ order: 'opened' }),
    closed: () => send({ order: 'closed' }),
    dismiss: async () => {
      send({ order: 'dismiss' });
      child.stdin.end();
      await within(ended, END_MS, () => new Error('it waits on')).catch(() => undefined);
      child.stdout.destroy();
    },
  };
}
