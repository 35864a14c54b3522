/** Turns the darkroom's exit code into an error that says what happened and what to do. */

export type DevelopFailure =
  | 'truncated'
  | 'corrupt'
  | 'wrong-architecture'
  | 'unsupported-format'
  | 'missing-cpu-features'
  | 'address-unavailable'
  | 'sandbox-unavailable'
  | 'out-of-memory'
  | 'forbidden-system-call'
  | 'stalled'
  | 'crashed'
  | 'killed'
  | 'program-missing'
  | 'program-needed'
  | 'output-failed'
  | 'unreadable'
  | 'aborted';

/** Developing an image failed. `code` is stable; `message` says what happened and what to do. */
export class DevelopError extends Error {
  override name = 'DevelopError';
  constructor(
    readonly code: DevelopFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

interface Meaning {
  failure: DevelopFailure;
  otherwise: string;
  advice?: string;
}

/** Exit codes of the script that reads a heap out of its image: the darkroom's, which end at 73, and one of its own. */
export const READER_EXIT = {
  truncated: 61,
  corrupt: 62,
  noMemory: 67,
  unsupported: 69,
  unreadable: 80,
} as const;

// enum developer_exit in native/exit_codes.h.
const exits: Record<number, Meaning> = {
  60: { failure: 'crashed', otherwise: 'the darkroom was called wrongly' },
  61: {
    failure: 'truncated',
    otherwise: 'the image is truncated',
    advice: 'copy it again, or capture again',
  },
  62: { failure: 'corrupt', otherwise: 'the image is corrupt', advice: 'copy it again, or capture again' },
  63: { failure: 'wrong-architecture', otherwise: 'the image was captured on another architecture' },
  64: {
    failure: 'missing-cpu-features',
    otherwise: 'this CPU lacks instructions that the target uses',
    advice: 'develop the image on a machine like the one it was captured on',
  },
  65: {
    failure: 'address-unavailable',
    otherwise: 'an address of the image is taken in every process started here',
    advice: 'develop it on another machine or kernel',
  },
  66: { failure: 'sandbox-unavailable', otherwise: 'this kernel gives no sandbox' },
  67: {
    failure: 'out-of-memory',
    otherwise: 'there is not enough memory to restore the image',
    advice: 'develop it on a machine with more',
  },
  68: { failure: 'output-failed', otherwise: 'the snapshot could not be written' },
  69: { failure: 'unsupported-format', otherwise: 'the image has a format that this version does not know' },
  70: { failure: 'truncated', otherwise: 'the image could not be read' },
  71: {
    failure: 'crashed',
    otherwise: 'the limit of open files is too low',
    advice: 'raise it (ulimit -n) to that of the target',
  },
  72: {
    failure: 'stalled',
    otherwise: 'the restored process waits for a thread that was not captured',
    advice: 'capture again',
  },
  73: { failure: 'crashed', otherwise: 'V8 wrote no snapshot' },
  [READER_EXIT.unreadable]: { failure: 'unreadable', otherwise: 'the heap cannot be read out of the image' },
};

const signals: Partial<Record<NodeJS.Signals, Meaning>> = {
  SIGSYS: {
    failure: 'forbidden-system-call',
    otherwise:
      'the image tried a system call that no snapshot needs, and was killed: its code is not what was captured',
  },
  SIGKILL: {
    failure: 'killed',
    otherwise: 'the process that develops was killed, by a user or by the kernel for lack of memory',
    advice: 'see the kernel log; develop the image on a machine with more memory',
  },
  SIGTERM: { failure: 'killed', otherwise: 'the darkroom was terminated' },
};

/** Keeps only printable ASCII, because the text comes from a process that runs the image's code. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]+/g, ' ').trim();

/**
 * Returns the error for a darkroom that ended without a complete snapshot.
 * @param error the last error that the program itself reported
 * @param otherText what V8 or the C library printed
 */
export function explainExit(
  exitCode: number | null,
  signal: NodeJS.Signals | null,
  error: string,
  otherText: string,
): DevelopError {
  const meaning = exitCode !== null ? exits[exitCode] : signal ? signals[signal] : undefined;
  const said = printable(error || otherText.split('\n').filter(Boolean).slice(-2).join(' ')).slice(0, 300);
  if (meaning) {
    const text = said || meaning.otherwise;
    return new DevelopError(meaning.failure, meaning.advice ? `${text}: ${meaning.advice}` : text);
  }
  const end = signal ?? `exit code ${String(exitCode)}`;
  if (/out of memory|bad_alloc|allocation failed/i.test(otherText))
    return new DevelopError(
      'out-of-memory',
      `V8 ran out of memory while developing (${end}): develop the image on a machine with more`,
    );
  return new DevelopError(
    'crashed',
    `the restored process ended with ${end}${said ? ` (${said})` : ''}: capture again, and report it if that does not help`,
  );
}
