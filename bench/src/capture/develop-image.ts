/** Develops a stored image in a separate process, and reports the cost. */
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { PassThrough, type Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { develop } from '@afterimage/image/develop';
import { readImage } from '@afterimage/image/read';

export interface Development {
  path: string;
  snapshotBytes: number;
  /** Size of the file the image was stored in. */
  storedBytes: number;
  ms: number;
  /** The darkroom's own peak, in bytes. */
  peakBytes: number;
}

const WATCH_EVERY_MS = 50;

/**
 * The snapshot appears at `path` only when it is whole.
 * @throws {Error} when the image is not one, or cannot be developed
 */
export async function developImage(image: string, path: string, signal?: AbortSignal): Promise<Development> {
  const begin = performance.now();
  let peakBytes = 0;
  let watch: NodeJS.Timeout | undefined;
  const partial = `${path}.partial`;
  const chunks = new PassThrough();
  const reading = pipeline(createReadStream(image), decompressor(image), chunks);
  // Awaited below; until then a failure also ends `chunks`, and is met there first.
  reading.catch(() => undefined);
  try {
    const [{ snapshotBytes }] = await Promise.all([
      develop(await readImage(chunks), createWriteStream(partial, { mode: 0o600 }), {
        ...(signal && { signal }),
        onStart: (pid) => {
          watch = setInterval(() => (peakBytes = Math.max(peakBytes, residentPeak(pid))), WATCH_EVERY_MS);
        },
      }),
      reading,
    ]);
    await rename(partial, path);
    return {
      path,
      snapshotBytes,
      storedBytes: (await stat(image)).size,
      ms: performance.now() - begin,
      peakBytes,
    };
  } finally {
    clearInterval(watch);
    chunks.destroy();
    await reading.catch(() => undefined);
    await rm(partial, { force: true });
  }
}

function decompressor(image: string): Transform {
  if (image.endsWith('.gz')) return zlib.createGunzip();
  if (!image.endsWith('.zst')) return new PassThrough();
  // Since Node 22.15; the agent compresses so only where it is there.
  const { createZstdDecompress } = zlib as { createZstdDecompress?: () => Transform };
  if (!createZstdDecompress) throw new Error(`${image}: this Node.js (${process.version}) cannot read zstd`);
  return createZstdDecompress();
}

function residentPeak(pid: number): number {
  try {
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
