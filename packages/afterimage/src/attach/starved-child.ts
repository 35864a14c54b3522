/**
 * An image child runs at the lowest priority. If its target keeps all available processors busy, as a
 * saturated server under a CPU limit does, the child gets almost no time. Then its priority is raised, and
 * finally it is killed.
 */
import { RAISE_AFTER_MS, raisePriority } from '@afterimage/host/raised-priority';
import { CommandError } from '../cli/command-error.js';
import { childrenOf } from '@afterimage/host/process-status';

export interface Patience {
  /** After this time without enough of the image, in milliseconds, its priority is raised. */
  raiseMs: number;
  /** After this time without enough of the image, it is killed. */
  giveUpMs: number;
}

const PATIENCE: Patience = { raiseMs: RAISE_AFTER_MS, giveUpMs: 60_000 };
/** Less than this counts as nothing: a child in a busy CPU limit gets some bytes out all the time. */
const ENOUGH_BYTES = 16 << 20;

/**
 * Yields the image; a slow reader does not count as starvation.
 * @param child its process ID in the target's own namespace
 * @throws {CommandError} `failed` after killing the child
 */
export async function* unlessStarved(
  chunks: AsyncIterable<Uint8Array>,
  target: number,
  child: number,
  imageBytes: number,
  patience: Patience = PATIENCE,
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  let bytes = 0;
  // Since enough has come: how much, and how long it was waited for.
  let cameBytes = 0;
  let waitedMs = 0;
  const raised = { yet: false };
  const raiseNow = (): void => {
    raised.yet = true;
    void raise(target, child).catch(() => undefined);
  };
  try {
    for (;;) {
      const next = iterator.next();
      const since = performance.now();
      const raising = raised.yet ? undefined : setTimeout(raiseNow, Math.max(0, patience.raiseMs - waitedMs));
      let givingUp: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>((resolve) => {
        givingUp = setTimeout(resolve, Math.max(0, patience.giveUpMs - waitedMs), 'late');
      });
      next.catch(() => undefined);
      const first = await Promise.race([next, late]).finally(() => {
        clearTimeout(raising);
        clearTimeout(givingUp);
      });
      waitedMs += performance.now() - since;
      if (first === 'late') {
        await kill(target, child);
        throw starved(target, bytes, imageBytes, patience);
      }
      if (first.done === true) return;
      bytes += first.value.length;
      cameBytes += first.value.length;
      if (cameBytes >= ENOUGH_BYTES) {
        cameBytes = 0;
        waitedMs = 0;
      }
      yield first.value;
    }
  } finally {
    void iterator.return?.().catch(() => undefined);
  }
}

/**
 * Waits for the first bytes, which have a separate limit.
 * @throws {CommandError} `failed`
 */
export function starved(
  target: number,
  bytes: number,
  imageBytes: number | null,
  { giveUpMs }: Patience = PATIENCE,
): CommandError {
  const megabytes = (count: number): string => `${Math.round(count / 1e6)} MB`;
  const share = imageBytes === null ? '' : ` (${megabytes(bytes)} of ${megabytes(imageBytes)} have come)`;
  return new CommandError(
    'failed',
    `the image child of process ${target} got almost nothing out for ${giveUpMs / 1000} s${share} and was ended: the process keeps ` +
      'all processors busy that it may use; try again when it is less busy, or raise its CPU limit. Nothing was written',
  );
}

async function raise(target: number, child: number): Promise<void> {
  const pid = await pidOf(target, child);
  if (pid !== null) raisePriority(pid);
}

async function kill(target: number, child: number): Promise<void> {
  const pid = await pidOf(target, child).catch(() => null);
  try {
    if (pid !== null) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Returns its process ID here; null if it has ended. */
async function pidOf(target: number, child: number): Promise<number | null> {
  const found = (await childrenOf(target)).find(({ namespacePids }) => namespacePids.at(-1) === child);
  return found?.pid ?? null;
}
