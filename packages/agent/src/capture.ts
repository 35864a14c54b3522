/**
 * One capture from start to end, in either mode: checks before anything is done, the capture, the cleanup
 * afterwards.
 */
import type { CaptureJob } from './capture-job.js';
import { messageOf } from '@afterimage/host/errors';
import { CaptureError } from './errors.js';
import type { CaptureResult } from './events.js';
import { formatBytes, formatMs } from '@afterimage/host/format';
import { captureImage, checkImageCapture } from './image-capture.js';
import { removeOlder } from './keep.js';
import { ENCRYPTED_ENDING } from '@afterimage/image/encryption';
import { checkOutput, OutputError } from '@afterimage/host/output-file';
import { describeShortage, shortageCode } from './shortage.js';
import { removeLeftovers } from '@afterimage/host/temporary';

/** Loaded only when used: it brings the redactor, nearly half of what an agent would load. */
export const loadInline = (): Promise<typeof import('./inline.js')> => import('./inline.js');

/**
 * Emits `refused` if a check fails; otherwise `started`, then `captured`, then `written` or `failed`.
 * @throws {CaptureError}
 */
export async function capture(job: CaptureJob): Promise<CaptureResult> {
  const { emit, path, reserve, settings } = job;
  let inline: Awaited<ReturnType<typeof loadInline>> | undefined;
  try {
    await reserve.during(async () => {
      await checkOutput(settings.recipients.length > 0 ? path + ENCRYPTED_ENDING : path);
      await removeLeftovers(settings.path, path);
      if (settings.mode === 'inline') inline = await loadInline();
      await (inline?.checkInline(path, settings.recipients) ?? checkImageCapture(path, settings));
    });
    job.signal.throwIfAborted();
  } catch (error) {
    const refusal = await reserve.during(() => captureError(error));
    emit('refused', `refused: ${refusal.message}`, { code: refusal.code, path, count: 1 });
    throw refusal;
  }
  try {
    const result = await (inline?.captureInline(job) ?? captureImage(job));
    const { keep } = settings;
    if (keep !== undefined) await reserve.during(() => removeOlder(settings.path, path, keep));
    emit('written', writtenMessage(result), result);
    return result;
  } catch (error) {
    const failure = await reserve.during(() => captureError(error));
    const detail = failure.detail === undefined ? {} : { detail: failure.detail };
    emit('failed', `failed: ${failure.message}`, { code: failure.code, path, ...detail });
    throw failure;
  }
}

function writtenMessage({ kind, path, bytes, totalMs, why }: CaptureResult): string {
  const file = `${path} (${formatBytes(bytes)}) after ${formatMs(totalMs)}`;
  if (kind === 'snapshot') return `wrote the snapshot ${file}`;
  const identity = path.endsWith(ENCRYPTED_ENDING) ? ' --identity FILE' : '';
  const to = path.replace(/(\.image)?\.(zst|gz)(\.age)?$/, '.heapsnapshot');
  const reason = why === undefined ? '' : `: ${why}`;
  return `stored the image ${file}${reason}; on a machine with enough memory: afterimage develop ${path}${identity} -o ${to}`;
}

/** Returns the error to end with. If a resource was exhausted, its message says which, with the figures. */
async function captureError(error: unknown): Promise<CaptureError> {
  const failure = withCode(error);
  const code = shortageCode(failure);
  if (code === null) return failure;
  const message = `${failure.message.replace(/; nothing was written$/, '')}; ${await describeShortage(code)}`;
  return new CaptureError('resources', message, { detail: code, cause: failure });
}

function withCode(error: unknown): CaptureError {
  if (error instanceof CaptureError) return error;
  if (error instanceof OutputError) {
    const code = error.code === 'disk-full' ? 'disk' : 'output';
    return new CaptureError(code, error.message, { detail: error.code, cause: error });
  }
  return new CaptureError('collector-failed', messageOf(error), { cause: error });
}
