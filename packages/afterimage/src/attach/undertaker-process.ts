/**
 * Sees to it that nothing stays behind an attacher that is killed: a small process, in a session of its own, that acts
 * when its standard input ends without a word. It also waits where the attacher cannot: for the inspector of a process
 * that was too busy to open it in time.
 */
import { deferred, within } from '@afterimage/host/deferred';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CommandError } from '../cli/command-error.js';
import type { Lock } from './attach-lock.js';
import type { UndertakerOrder, WatchedProcess } from './undertaking.js';

export interface Undertaker {
  /** Its process, which waits on when this one ends; null where it is none of this machine's. */
  pid: number | null;
  /** Resolves when it knows of the signal that is about to be sent, and whom it may reach. */
  watch(target: WatchedProcess, children: WatchedProcess[]): Promise<void>;
  /** Resolves when it knows of the directory that is about to be made. */
  remove(directory: string): Promise<void>;
  /** From now on the target's inspector is known to be open. */
  opened(): void;
  /** And to be closed again. */
  closed(): void;
  /**
   * This process is done with the target. Resolves when the undertaker has ended; or when it has
   * still to wait for an inspector, which it does without this process.
   */
  dismiss(): Promise<void>;
}

const SCRIPT = fileURLToPath(new URL('./undertaker.js', import.meta.url));
const END_MS = 1_000;
/** What it calls itself, before the script and the id of its target. */
export const CLEANUP_PROGRAM = 'afterimage-undertaker';

/**
 * Resolves when it stands by.
 * @param lock is held by it, too: nobody attaches before it is done
 * @throws {CommandError} `failed`, when no process can be started
 */
export async function startUndertaker(pid: number, lock: Lock): Promise<Undertaker> {
  // It reads the pid from its orders; here it is for whoever looks at the list of processes.
  const child = spawn(process.execPath, [SCRIPT, String(pid)], {
    argv0: CLEANUP_PROGRAM,
    detached: true,
    cwd: '/',
    env: {},
    stdio: ['pipe', 'pipe', 'ignore', lock.descriptor],
  }) as ChildProcessByStdio<Writable, Readable, null>;
  const ended = once(child, 'exit');
  const failed = deferred<never>();
  const fail = (): void =>
    failed.reject(new CommandError('failed', 'no process could be started beside this one'));
  ended.then(fail, fail);
  child.stdin.on('error', () => undefined);
  child.unref();
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const send = (order: UndertakerOrder): void => void child.stdin.write(`${JSON.stringify(order)}\n`);
  const tell = async (order: UndertakerOrder): Promise<void> => {
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
