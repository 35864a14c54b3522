/** Distinguishes builds of the addon. */
import { createHash } from 'node:crypto';

export function versionOf(addon: Uint8Array): string {
  return createHash('sha256').update(addon).digest('hex');
}
