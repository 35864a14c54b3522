/** One capture of a heap of a given size, in one way: what the capture benchmark repeats. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { measureCapture, observe, tryCgroup, WAYS, type CaptureCost, type Way } from './cost.js';
import { developImage, type Development } from './develop-image.js';
import { interruption } from '../interruption.js';

export interface Measurement extends CaptureCost {
  way: Way;
  /** What the target itself says it uses before the capture, in bytes. */
  heapBytes: number;
  /** Longest pause before the capture, in ms. */
  ownPauseMs: number;
  /** From the signal until the target had no more part in it, in ms. */
  timeInTargetMs: number;
  /** Of an image, before it was compressed, in bytes. */
  imageBytes: number | undefined;
  fileBytes: number | undefined;
  /** Of the image, outside the target's cgroup. */
  development: Development | undefined;
}

const SERVER = fileURLToPath(new URL('./heap-server.js', import.meta.url));
const WARM_UP_MS = 3_000;
const BASELINE_MS = 5_000;
const CAPTURE_MS = 600_000;
const LOAD = { connections: 10, requestsPerSecond: 100, requests: [{ method: 'GET', path: '/orders' }] };

/**
 * Starts the target, captures it, and develops an image afterwards.
 * @throws {Error} when the target does not start, or the capture fails
 */
export async function measure(way: Way, sizeMb: number): Promise<Measurement> {
  console.error(`${way} at ${sizeMb} MB …`);
  const scratch = await mkdtemp(join(tmpdir(), 'afterimage-bench-'));
  try {
    const measurement = await measureIn(scratch, way, sizeMb);
    const path = measurement.line?.['path'];
    if (typeof path !== 'string') return measurement;
    const fileBytes = (await stat(path)).size;
    if (way !== 'image') return { ...measurement, fileBytes };
    const development = await developImage(
      path,
      join(scratch, 'developed.heapsnapshot'),
      interruption.signal,
    );
    return { ...measurement, fileBytes, development };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function measureIn(scratch: string, way: Way, sizeMb: number): Promise<Measurement> {
  const { cgroup, reason } = tryCgroup('afterimage-bench');
  if (reason !== undefined)
    console.error(`memory is that of the whole machine, CPU is not measured: ${reason}`);
  const env = {
    HEAP_MB: String(sizeMb),
    ALLOW_HEAP_SNAPSHOT: '1',
    AFTERIMAGE_PATH: join(scratch, 'target.heapsnapshot'),
    AFTERIMAGE_DEVELOP: 'never',
    AFTERIMAGE_STORE_PLAIN_IMAGE: '1',
    AFTERIMAGE_WHOLE_IMAGE: way === 'whole' ? '1' : '0',
  };
  const observed = await observe({ program: SERVER, preload: [...WAYS[way]], env, cgroup }, LOAD);
  const stopNow = (): void => void observed.server.stop();
  interruption.signal.addEventListener('abort', stopNow);
  try {
    await delay(WARM_UP_MS, undefined, { signal: interruption.signal });
    await observed.server.longestPauseMs(WARM_UP_MS);
    await delay(BASELINE_MS, undefined, { signal: interruption.signal });
    const ownPauseMs = await observed.server.longestPauseMs(WARM_UP_MS);
    const cost = await measureCapture(observed, CAPTURE_MS);
    interruption.signal.throwIfAborted();
    const timeInTargetMs = Number(cost.line?.['captureMs'] ?? cost.line?.['totalMs'] ?? cost.windowMs);
    const imageBytes = cost.line?.['imageBytes'];
    const heapBytes = Number(observed.server.listening['heapUsed']);
    return {
      ...cost,
      way,
      heapBytes,
      ownPauseMs,
      timeInTargetMs,
      imageBytes: imageBytes === undefined ? undefined : Number(imageBytes),
      fileBytes: undefined,
      development: undefined,
    };
  } finally {
    interruption.signal.removeEventListener('abort', stopNow);
    await observed.close();
  }
}
