/**
 * Prevents an image, which contains every secret of its process, from being stored unencrypted unless that
 * was allowed.
 */
import { CaptureError } from './errors.js';
import type { Settings } from './options.js';

/**
 * Checks that an image may be stored.
 * @param why the image is not developed at once
 * @throws {CaptureError} `unencrypted` if the image would be stored unencrypted
 */
export function refusePlainImage(
  { recipients, storePlainImage }: Pick<Settings, 'recipients' | 'storePlainImage'>,
  why: string,
): void {
  if (recipients.length > 0 || storePlainImage) return;
  throw new CaptureError(
    'unencrypted',
    `the image would be stored (${why}) with every secret of the process in it: name recipients to encrypt it for ` +
      '(AFTERIMAGE_RECIPIENTS, age1…), or allow it as it is with AFTERIMAGE_STORE_PLAIN_IMAGE=1',
  );
}
