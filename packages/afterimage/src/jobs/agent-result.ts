/** What becomes of a file that came from an agent in a container: it stays what it is, or it is developed. */
import { ENCRYPTED_ENDING } from '@afterimage/image/encryption';
import { freePath } from '../files/destination.js';
import { visible } from '../cli/visible.js';
import { copyAgentFile } from '../capture/agent-file.js';
import type { WrittenByAgent } from '../capture/arrival.js';
import type { Captured } from './outcome.js';
import { developAgentFile } from './result.js';
import { resultPath, SNAPSHOT_ENDING } from './result-path.js';
import type { CaptureTarget, CaptureContext } from './target.js';
import { snapshotOf, type AskedOfAgent } from './agent-job.js';

/** @throws {CommandError} or {DevelopError} */
export async function keepWritten(
  { pid, result, chunks }: WrittenByAgent,
  target: CaptureTarget,
  { output, wantsImage, force, recipients }: AskedOfAgent,
  { signal, progress, say }: CaptureContext,
): Promise<Omit<Captured, 'attempts'>> {
  const { kind, encrypted, redaction, pauseMs, parkMs, forkMs, captureMs, extraBytes, imageBytes } = result;
  const isDeveloped = kind === 'image' && !encrypted && !wantsImage;
  const ending = isDeveloped || kind === 'snapshot' ? SNAPSHOT_ENDING : imageEnding(result.path);
  const name = target.fileName ?? 'agent';
  const isSealed = encrypted || recipients.length > 0;
  const time = new Date();
  const named = resultPath(output, ending, { target: name, name, pid, time, encrypted: isSealed });
  const path = await freePath(named, force);
  const known = {
    by: 'agent',
    target: target.name,
    path,
    cost: { pauseMs, parkMs, forkMs, captureMs, extraBytes },
    image: imageBytes === null ? {} : { bytes: imageBytes },
  } as const;
  if (!isDeveloped) {
    const copied = await copyAgentFile(chunks, result, path, { recipients, force });
    if (kind === 'image' && !wantsImage)
      say(
        `the agent stored an image, encrypted: afterimage develop ${visible(path)} --identity FILE -o FILE`,
      );
    return { ...known, kind, ...copied, snapshot: snapshotOf(result) };
  }
  const developing = { redact: redaction ?? 'strings', recipients, force, signal, progress };
  const { header, developed } = await developAgentFile(chunks, path, developing);
  const { fileBytes: bytes, sha256 } = developed;
  const image = { bytes: header.imageBytes, ...header.metadata };
  return { ...known, kind: 'snapshot', bytes, sha256, snapshot: developed, image };
}

/** Without what encryption adds to it: that is added again. */
function imageEnding(path: string): string {
  const plain = path.endsWith(ENCRYPTED_ENDING) ? path.slice(0, -ENCRYPTED_ENDING.length) : path;
  return /\.image\.\w+$/.exec(plain)?.[0] ?? '.image';
}
