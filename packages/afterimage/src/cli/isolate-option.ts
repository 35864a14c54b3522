/** The option `--isolate`, which selects the thread whose heap is read out of an image. */
import { InvalidArgumentError, Option } from 'commander';

export interface IsolateOptions {
  /** Number of the thread, as `worker_threads` counts; for a thread without one, the address of its heap, `0x…`. */
  isolate?: string;
}

/** The thread that is read by default. */
export const MAIN_THREAD = '0';
/** Value with which `capture` writes a snapshot for each thread. */
export const ALL_ISOLATES = 'all';

export function isolateOption(): Option {
  return new Option(
    '--isolate <n>',
    'of an image: the heap of the thread with this number, as worker_threads numbers them; 0 (default) is the main thread',
  ).argParser(isolateName);
}

/** The same option of `capture`, which also accepts {@link ALL_ISOLATES}. */
export function capturedIsolateOption(): Option {
  return new Option(
    '--isolate <n>',
    'a snapshot of the heap of the worker thread with this number, 0 for the main thread, or all: one file for each',
  ).argParser((value) => (value === ALL_ISOLATES ? value : isolateName(value)));
}

/** Parses the option's value for commander. */
export function isolateName(value: string): string {
  if (/^0x[0-9a-f]{1,12}$/i.test(value)) return value.toLowerCase();
  if (/^\d{1,15}$/.test(value)) return String(Number(value));
  throw new InvalidArgumentError('Give the number of a thread, such as 1; 0 is the main thread.');
}

/** Whether it is the heap that is read without the option. */
export function isMainThread(isolate: string | undefined): boolean {
  return isolate === undefined || isolate === MAIN_THREAD;
}
