/** Whether the reader knows what an image was taken of, as far as its header tells. */
import type { ImageHeader } from '@afterimage/image/read';
import { versionOf } from '../layouts/versions.js';

/** Returns why the reader cannot read it; null where it may. */
export function whyUnreadable({ arch, metadata }: Pick<ImageHeader, 'arch' | 'metadata'>): string | null {
  return whyUnknown(arch, metadata.v8Version);
}

/**
 * The same, of a process.
 * @param arch as `process.arch`
 * @param v8 as `process.versions.v8`
 */
export function whyUnknown(arch: string, v8: unknown): string | null {
  if (arch !== 'x64') return `the image was taken on ${arch}, and the reader knows x64`;
  if (typeof v8 === 'string' && versionOf(v8) !== null) return null;
  return `V8 ${printable(String(v8))} is not among those that can be read`;
}

/** An image may say anything. */
function printable(text: string): string {
  return text.slice(0, 64).replace(/[^\x20-\x7e]/g, '?');
}
