/**
 * The forked child that writes the image, as the agent sees it: forked in a few attempts, followed to its
 * end, killed when it is no longer needed.
 */
import { deferred, pause } from '@afterimage/host/deferred';
import { CaptureError } from './errors.js';
import { formatMs } from '@afterimage/host/format';
import {
  describeChildExit,
  type Addon,
  type CaptureRequest,
  type Fork,
  type ForkFailure,
} from '@afterimage/image/native-part';

/** Waits before the second and third attempt to park V8's workers, in milliseconds. */
const WAITS = [250, 1_000];

export interface Child {
  fork: Fork;
  /** Resolves when the child has been reaped: null if the image is complete, else what went wrong. */
  ended: Promise<ChildProblem | null>;
  /** Kills the child if it is still running. */
  kill(): void;
}

export interface ChildProblem {
  message: string;
  /** Whether the child was killed; otherwise it gave up by itself, perhaps because its reader stopped. */
  killed: boolean;
}

/**
 * Forks the child. If the signal aborts while V8's workers are parking, this still waits for the outcome (at
 * most `parkTimeoutMs`) and kills a resulting child, because the descriptor in the request is in use until
 * then.
 * @throws {CaptureError} `park-timeout`, `fork-failed`, or the signal's reason
 */
export async function forkChild(addon: Addon, request: CaptureRequest, signal: AbortSignal): Promise<Child> {
  for (const wait of [...WAITS, null]) {
    const outcome = await forkOnce(addon, request);
    if (signal.aborted) {
      if ('fork' in outcome) outcome.kill();
      throw signal.reason as Error;
    }
    if ('fork' in outcome) return outcome;
    if (outcome.code !== 'park-timeout') throw forkError(outcome);
    if (wait !== null) await pause(wait, signal);
  }
  throw new CaptureError(
    'park-timeout',
    `V8's worker threads did not park within ${formatMs(request.parkTimeoutMs)}, in ${WAITS.length + 1} tries; ` +
      'try again when the server is less busy, or raise parkTimeoutMs',
  );
}

function forkError({ code, message, error }: ForkFailure): CaptureError {
  const what =
    code === 'mappings-unreadable' ? '/proc/self/maps cannot be read' : 'the server cannot be forked';
  const cause = error === undefined ? {} : { cause: Object.assign(new Error(message), { code: error }) };
  const reason = error === undefined ? message : `${message}, ${error}`;
  const text = code === 'busy' ? message : `${what} (${reason}); nothing was written`;
  return new CaptureError('fork-failed', text, { detail: code, ...cause });
}

function forkOnce(addon: Addon, request: CaptureRequest): Promise<Child | ForkFailure> {
  const forked = deferred<Child | ForkFailure>();
  const ended = deferred<ChildProblem | null>();
  let running = true;
  addon.capture(
    request,
    (failure, fork) => {
      if (fork !== null) {
        const kill = (): void => {
          try {
            if (running) process.kill(fork.pid, 'SIGKILL');
          } catch {
            // Other code has already reaped it.
          }
        };
        forked.resolve({ fork, ended: ended.promise, kill });
      } else {
        forked.resolve(failure ?? { code: 'fork-failed', message: 'the fork failed without a reason' });
      }
    },
    (exitCode, signal) => {
      running = false;
      const message = describeChildExit(exitCode, signal);
      ended.resolve(message === null ? null : { message, killed: signal !== null });
    },
  );
  return forked.promise;
}
