/**
 * Reads the file that an agent has written, through its process's view: it may be in another mount namespace,
 * and the agent's statements about it are not trusted. Follows no link; the file must be the target's own.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { CommandError } from '../cli/command-error.js';
import { compressionOf, sealedResult } from '../files/compressed-output.js';
import { decompressed } from '../files/compression.js';
import { writeOutput, type Stored } from '../files/output.js';
import type { AgentResult } from '../processes/agent-board.js';
import type { ProcessStatus } from '@afterimage/host/process-status';
import { visible } from '../cli/visible.js';

/**
 * Copies the file, compresses the copy according to its name, and encrypts it if there are recipients and the
 * agent had none.
 * @throws {CommandError}
 */
export async function copyAgentFile(
  chunks: AsyncIterable<Uint8Array>,
  { encrypted }: AgentResult,
  output: string,
  { recipients, force }: { recipients: readonly string[]; force: boolean },
): Promise<Stored> {
  return writeOutput(output, force, async (to) => {
    // Encrypted data cannot be compressed.
    const asItIs = encrypted || compressionOf(output) === null;
    const sealed = await sealedResult(to, asItIs ? '' : output, encrypted ? [] : recipients);
    await pipeline(asItIs ? chunks : decompressed(chunks), sealed.stream);
    return { bytes: sealed.bytes(), sha256: sealed.sha256() };
  });
}

/**
 * Yields the file's bytes.
 * @throws {CommandError}, at the end if they are not those that the agent has written
 */
export async function* agentFile(status: ProcessStatus, result: AgentResult): AsyncGenerator<Uint8Array> {
  const file = await openAgentFile(status, result);
  try {
    yield* asAnnounced(file, status, result);
  } finally {
    await file.close();
  }
}

async function openAgentFile({ pid, uid }: ProcessStatus, { path }: AgentResult): Promise<FileHandle> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const file = await open(`/proc/${pid}/root${path}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch(
    (error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      throw new CommandError(
        'failed',
        `the agent of process ${pid} wrote ${visible(path)}, which cannot be read there (${code ?? String(error)})`,
        { cause: error },
      );
    },
  );
  const found = await file.stat();
  if (found.isFile() && found.uid === uid) return file;
  await file.close();
  throw notTheFile(pid, path);
}

/** Yields the bytes; throws at the end if they are not those that the agent has written. */
async function* asAnnounced(
  file: FileHandle,
  { pid }: ProcessStatus,
  { path, sha256 }: AgentResult,
): AsyncGenerator<Uint8Array> {
  const sum = createHash('sha256');
  for await (const chunk of file.createReadStream({ autoClose: false }) as AsyncIterable<Uint8Array>) {
    sum.update(chunk);
    yield chunk;
  }
  if (sum.digest('hex') !== sha256) throw notTheFile(pid, path);
}

function notTheFile(pid: number, path: string): CommandError {
  return new CommandError(
    'failed',
    `${visible(path)}, as process ${pid} sees it, is not the file that its agent has written; nothing was copied`,
  );
}
