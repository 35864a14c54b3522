/** Decides whether this process can be captured by image. */
import { createRequire } from 'node:module';
import { isMainThread } from 'node:worker_threads';
import { codeOf, messageOf } from '@afterimage/host/errors';
import { CaptureError } from './errors.js';
import { loadAddon, type Addon } from '@afterimage/image/native-part';

export const WORKER_REASON =
  'worker threads take no captures: signals reach the main thread only, and the snapshot is of its heap; ' +
  'install the agent there';

/**
 * Returns the addon.
 * @throws {CaptureError} `unsupported`, with the reason and what to do
 */
export function requireAddon(): Addon {
  const reason = whyNoImage();
  if (reason === null) return addon();
  const way = isMainThread ? "; mode: 'inline' (AFTERIMAGE_MODE=inline) captures with a pause" : '';
  throw new CaptureError('unsupported', `image capture is impossible here: ${reason}${way}`);
}

/**
 * Returns one sentence that says why capture by image is impossible, or null if it is possible. Loads the
 * addon.
 */
export function whyNoImage(): string | null {
  if (!isMainThread) return WORKER_REASON;
  if (isSingleExecutable())
    return 'a single executable application has no Node.js to start the collector with';
  try {
    addon();
  } catch (error) {
    const code = error instanceof Error ? codeOf(error.cause) : undefined;
    return permission() !== undefined && code === 'ERR_DLOPEN_DISABLED' ? FORBIDDEN : messageOf(error);
  }
  return permission()?.has('child') === false ? FORBIDDEN : null;
}

const FORBIDDEN =
  "the permission model forbids it: add --allow-addons and --allow-child-process to the server's flags";

let loaded: Addon | undefined;

/**
 * Returns the addon, loaded once: each load would initialize it again.
 * @throws {UnsupportedPlatformError}
 */
export function addon(): Addon {
  return (loaded ??= loadAddon());
}

/** Returns the addon; null if it cannot be loaded. */
export function addonOrNull(): Addon | null {
  try {
    return addon();
  } catch {
    return null;
  }
}

/** Returns Node's permission model; undefined if it is off. */
export function permission(): { has: (scope: string) => boolean } | undefined {
  return (process as { permission?: { has: (scope: string) => boolean } }).permission;
}

function isSingleExecutable(): boolean {
  try {
    const sea = createRequire(import.meta.url)('node:sea') as { isSea(): boolean };
    return sea.isSea();
  } catch {
    // Node.js before 20.12 has no such module.
    return false;
  }
}
