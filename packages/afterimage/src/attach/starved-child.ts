/**
 * An image child runs at the lowest priority. In a target that keeps all processors busy that it may use, as a saturated
 * server under a CPU limit does, it gets next to nothing: then its priority is raised, and in the end it is given up.
 */
import { RAISE_AFTER_MS, raisePriority } from '@afterimage/host/raised-priority';
import { CommandError } from '../cli/command-error.js';
import { childrenOf } from '@afterimage/host/process-status';

export interface Patience {
  /** Without a byte for so long, its priority is raised; in milliseconds. */
  raiseMs: number;
  /** Without a byte for so long, it is given up. */
  giveUpMs: number;
}

const PATIENCE: Patience = { raiseMs: RAISE_AFTER_MS, giveUpMs: 60_000 };

/**
 * The image as it comes; what reads it may take its time.
 * @param child is looked for by its pid in the target's own namespace
 * @throws {CommandError} `failed` when it is given up; the child is killed then
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
  try {
    for (;;) {
      const next = iterator.next();
      const raising = setTimeout(() => void raise(target, child), patience.raiseMs);
      let givingUp: NodeJS.Timeout | undefined;
      const late = new Promise<'late'>((resolve) => {
        givingUp = setTimeout(resolve, patience.giveUpMs, 'late');
      });
      next.catch(() => undefined);
      const first = await Promise.race([next, late]).finally(() => {
        clearTimeout(raising);
        clearTimeout(givingUp);
      });
      if (first === 'late') {
        await kill(target, child);
        throw starved(target, bytes, imageBytes, patience);
      }
      if (first.done === true) return;
      bytes += first.value.length;
      yield first.value;
    }
  } finally {
    void iterator.return?.().catch(() => undefined);
  }
}

/** @throws {CommandError} `failed`, for the first bytes, which have a bound of their own */
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
    `the image child of process ${target} got nothing out for ${giveUpMs / 1000} s${share} and was ended: the process keeps ` +
      'all processors busy that it may use; try again when it is less busy, or raise its CPU limit. Nothing was written',
  );
}

async function raise(target: number, child: number): Promise<void> {
  const pid = await pidOf(target, child);
  if (pid !== null) raisePriority(pid);
}

async function kill(target: number, child: number): Promise<void> {
  const pid = await pidOf(target, child);
  try {
    if (pid !== null) process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Its pid here; null where there is none any more. */
async function pidOf(target: number, child: number): Promise<number | null> {
  const found = (await childrenOf(target)).find(({ namespacePids }) => namespacePids.at(-1) === child);
  return found?.pid ?? null;
}
