/** Controls the second thread. Both work on shared memory, see columns.ts. */
import { Worker } from 'node:worker_threads';
import type { Bits } from './format/bits.js';
import type { SnapshotFile } from './format/chunks.js';
import type { Dominance, DominanceQuestion, OwnershipQuestion } from './graph/dominance.js';
import { SnapshotFormatError, type SnapshotFormatErrorCode } from './format/format-error.js';
import type { EdgeColumns } from './read/rows.js';

/** What the second thread can compute. */
export interface Tasks {
  /** Reads the edges of an uncompressed file. */
  edges: { question: SnapshotFile; answer: EdgeColumns };
  ownership: { question: OwnershipQuestion; answer: Bits };
  dominance: { question: DominanceQuestion; answer: Dominance };
}

export type Request = { [T in keyof Tasks]: { task: T; question: Tasks[T]['question'] } }[keyof Tasks];

export type Reply =
  { answer: unknown } | { failure: string; format?: { code: SnapshotFormatErrorCode; offset: number } };

export interface SecondThread {
  /**
   * Asks for one task at a time.
   * @throws {SnapshotFormatError} if the task does, {Error} if the thread fails
   */
  ask<T extends keyof Tasks>(task: T, question: Tasks[T]['question']): Promise<Tasks[T]['answer']>;
  end(): Promise<void>;
}

/** Columns are not in its heap. */
const HEAP_MB = 512;

export function startSecondThread(): SecondThread {
  const worker = new Worker(new URL('./second-thread-worker.js', import.meta.url), {
    name: 'afterimage-snapshot',
    // The program's own flags and environment (a preload, a profiler, an inspector) must not apply to this
    // thread.
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB, maxYoungGenerationSizeMb: 4 },
  });

  function ask<T extends keyof Tasks>(task: T, question: Tasks[T]['question']): Promise<Tasks[T]['answer']> {
    const answer = new Promise<Tasks[T]['answer']>((resolve, reject) => {
      const fail = (reason: string): void =>
        settle(() => reject(new Error(`the second thread failed: ${reason}; try again with one thread`)));
      const onMessage = (reply: Reply): void =>
        settle(() => {
          if ('answer' in reply) resolve(reply.answer as Tasks[T]['answer']);
          else if (reply.format)
            reject(new SnapshotFormatError(reply.format.code, reply.format.offset, reply.failure));
          else reject(new Error(reply.failure));
        });
      const onError = (error: unknown): void => fail(error instanceof Error ? error.message : String(error));
      const onExit = (): void => fail('it has ended');
      // One by one: removing all listeners would remove the Worker's own, without which it receives no
      // messages.
      const settle = (then: () => void): void => {
        worker
          .off('message', onMessage)
          .off('messageerror', onError)
          .off('error', onError)
          .off('exit', onExit);
        then();
      };
      worker.on('message', onMessage).on('messageerror', onError).on('error', onError).on('exit', onExit);
      worker.postMessage({ task, question });
    });
    // Handled by the code that awaits it, unless the first thread fails earlier.
    answer.catch(() => undefined);
    return answer;
  }

  return {
    ask,
    end: async () => {
      await worker.terminate();
    },
  };
}
