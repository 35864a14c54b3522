/** Tells one build of the addon from another. */
import { createHash } from 'node:crypto';

export function versionOf(addon: Uint8Array): string {
  return createHash('sha256').update(addon).digest('hex');
}
