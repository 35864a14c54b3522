/** Decides before a capture what its image leaves out of the program's file. */
import type { CaptureRequest } from '@afterimage/image/native-part';
import type { ProgramFile } from '@afterimage/image/read';
import { programFile } from '@afterimage/image/target-program';
import { programNeeds } from './program-needs.js';
import { programSymbols } from './program-symbols.js';

/** What is left out, as the native part is told. */
export type Omission = Pick<CaptureRequest, 'omitProgram' | 'kept' | 'symbols'>;

export interface LeanCapture extends Omission {
  /** For the image's metadata; undefined if it is whole. */
  program?: ProgramFile | undefined;
}

const WHOLE: LeanCapture = { omitProgram: false, kept: [], symbols: '' };

/**
 * An image has of the program what the reader needs, if the reader knows its V8; otherwise it is whole. One that V8's own
 * generator develops at once, with the file, has nothing of it.
 * @param file descriptor of the program's file; undefined if it cannot be opened
 */
export function leanCapture(pid: number, file: number | undefined, isDevelopedByV8: boolean): LeanCapture {
  if (file === undefined) return WHOLE;
  try {
    const kept = isDevelopedByV8 ? [] : (programNeeds(file)?.kept ?? null);
    const symbols = isDevelopedByV8 ? '' : programSymbols(file);
    if (kept === null) return { ...WHOLE, symbols };
    return { omitProgram: true, kept, symbols, program: programFile(pid, file) };
  } catch (error) {
    // A program that cannot be read can still be captured, as a whole.
    if (error instanceof Error && 'syscall' in error) return WHOLE;
    throw error;
  } finally {
    // What was read of the file would otherwise lie there until the image has passed.
    globalThis.gc?.();
  }
}
