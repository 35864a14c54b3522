/** Developing, the same for every command that has an image: only if there is enough room, with progress. */
import { develop, type DevelopProgress, type DevelopResult } from '@afterimage/image/develop';
import { formatBytes } from '@afterimage/host/format';
import { describeHeadroom, readHeadroom, reserveBytes } from '@afterimage/host/headroom';
import { developNeedBytes, sizeOf, type ImageHeader, type ImageStream } from '@afterimage/image/read';
import { checkDisk } from '@afterimage/host/output-file';
import type { RedactionLevel } from '@afterimage/snapshot/redaction';
import type { Writable } from 'node:stream';
import { COMPRESSED_SHARE } from '@afterimage/image/stored-size';
import { CommandError } from '../cli/command-error.js';
import { compressionOf, sealedResult } from '../files/compressed-output.js';
import { writeOutput } from '../files/output.js';
import type { ProgressLine } from '../cli/progress-line.js';

export interface Developed extends DevelopResult {
  /** SHA-256 of the file, lowercase hex. */
  sha256: string;
  /** Size of the file, compressed and encrypted if applicable. */
  fileBytes: number;
}

export interface Developing {
  redact: RedactionLevel;
  /** Recipients to encrypt the snapshot to; empty for no encryption. */
  recipients: readonly string[];
  /**
   * Whether to replace an existing file of the same name, and to try even if memory or disk seem too small.
   */
  force: boolean;
  /** The target's program, for V8's own generator and an image without it; by default, where the target had it. */
  program?: string | undefined;
  /** What to do if memory is too small, apart from --force. */
  advice?: string;
  signal: AbortSignal;
  progress: ProgressLine;
}

/** Estimated size of the snapshot relative to the heap; measured: 1.8, with many small objects. */
const SNAPSHOT_PER_HEAP = 2;

/**
 * Develops.
 * @param output a path, or `-` for standard output
 * @throws {DevelopError} or {OutputError}
 */
export async function developTo(
  output: string,
  image: ImageStream,
  { redact, recipients, force, program, signal, progress }: Developing,
): Promise<Developed> {
  const onProgress = (step: DevelopProgress): void => showStep(progress, step);
  const write = async (to: Writable): Promise<Developed> => {
    const sealed = await sealedResult(to, output, recipients);
    const result = await develop(image, sealed.stream, {
      signal,
      onProgress,
      redact,
      targetProgram: program,
    });
    return { ...result, sha256: sealed.sha256(), fileBytes: sealed.bytes() };
  };
  return writeOutput(output, force, write);
}

/**
 * Checks that there is enough memory and disk space.
 * @param advice what to do if memory is too small, apart from --force
 * @param needed memory that it takes, in bytes
 * @throws {CommandError} `refused` if there is not enough
 */
export async function checkRoom(
  header: ImageHeader,
  output: string,
  advice = 'develop it on a machine with more',
  needed = developNeedBytes(sizeOf(header)),
): Promise<void> {
  const headroom = await readHeadroom();
  if (headroom.available - reserveBytes(headroom.limit) < needed) {
    throw new CommandError(
      'refused',
      `developing this image takes up to ${formatBytes(needed)} of memory, ${describeHeadroom(headroom)}; ` +
        `${advice}, or try with --force`,
    );
  }
  if (output === '-') return;
  const share = compressionOf(output) === null ? 1 : COMPRESSED_SHARE;
  await checkDisk(output, header.metadata.heap.used * SNAPSHOT_PER_HEAP * share).catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError('refused', `${reason}, or try with --force`, { cause: error });
  });
}

/** Shows the progress of developing. */
export function showStep(progress: ProgressLine, { phase, done, total }: DevelopProgress): void {
  if (phase === 'restoring') {
    progress.show(`reading the image: ${formatBytes(done)} of ${formatBytes(total)}`, done / total);
  } else if (phase === 'taking') {
    const share = total > 0 ? done / total : null;
    progress.show(`V8 is taking the snapshot: ${done.toLocaleString('en')} objects`, share);
  } else {
    progress.show(`writing the snapshot: ${formatBytes(done)}`, null);
  }
}
