/** Handles a file that came from an agent in a container: keeps it, or develops it. */
import { ENCRYPTED_ENDING } from '@afterimage/image/encryption';
import { freePath } from '../files/destination.js';
import { visible } from '../cli/visible.js';
import { copyAgentFile } from '../capture/agent-file.js';
import type { WrittenByAgent } from '../capture/arrival.js';
import { agentOutcome, agentSnapshot, snapshotOutcome, type Captured } from './outcome.js';
import { developAgentFile } from './result.js';
import { resultPath, SNAPSHOT_ENDING } from './result-path.js';
import type { CaptureTarget, CaptureContext } from './target.js';
import type { AskedOfAgent } from './agent-job.js';

/**
 * Writes the file.
 * @throws {CommandError} or {DevelopError}
 */
export async function keepWritten(
  { pid, result, chunks }: WrittenByAgent,
  target: CaptureTarget,
  { output, wantsImage, force, recipients, by }: AskedOfAgent,
  { signal, progress, say }: CaptureContext,
): Promise<Omit<Captured, 'attempts'>> {
  const { kind, encrypted, redaction } = result;
  const isDeveloped = kind === 'image' && !encrypted && !wantsImage;
  const ending = isDeveloped || kind === 'snapshot' ? SNAPSHOT_ENDING : imageEnding(result.path);
  const name = target.fileName ?? 'agent';
  const isSealed = encrypted || recipients.length > 0;
  const time = new Date();
  const named = resultPath(output, ending, { target: name, name, pid, time, encrypted: isSealed });
  const path = await freePath(named, force);
  const known = { ...agentOutcome(result), target: target.name, path };
  if (!isDeveloped) {
    const copied = await copyAgentFile(chunks, result, path, { recipients, force });
    if (kind === 'image' && !wantsImage)
      say(
        `the agent stored an image, encrypted: afterimage develop ${visible(path)} --identity FILE -o FILE`,
      );
    return { ...known, kind, ...copied, snapshot: agentSnapshot(result) };
  }
  const developing = { redact: redaction ?? 'strings', recipients, force, signal, progress };
  const { header, developed } = await developAgentFile(target.name, chunks, path, by, developing);
  return { ...known, ...snapshotOutcome(header, developed, developed.by) };
}

/** Returns the extension without that of encryption, which is added again. */
function imageEnding(path: string): string {
  const plain = path.endsWith(ENCRYPTED_ENDING) ? path.slice(0, -ENCRYPTED_ENDING.length) : path;
  return /\.image\.\w+$/.exec(plain)?.[0] ?? '.image';
}
