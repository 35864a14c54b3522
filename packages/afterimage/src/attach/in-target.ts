/**
 * The function that is called in a target to capture it. It is sent as text, under the rules of
 * in-target-frame.ts. It runs on the target's main thread, so it waits for nothing but V8's workers to park,
 * with a time limit.
 */
import type { Addon, Fork } from '@afterimage/image/native-part';
import type { ImageMetadata } from '@afterimage/image/read';
import { framed, type FrameOrders, type InTarget, type Late } from './in-target-frame.js';

/** The part of an image's metadata that is read in the target, at the moment of the capture. */
export type KnownInTarget = Pick<ImageMetadata, 'v8Version' | 'modules' | 'capturedAt' | 'rss' | 'heap'>;

interface Bare {
  __proto__: null;
}

export interface Orders extends FrameOrders {
  /** An abstract socket on which the attacher waits for the image. */
  image: string;
  /** The image's metadata but for `KnownInTarget`: a JSON object without its closing brace. */
  metadata: string;
  /** The addon's file, as the target sees it. */
  addon: string;
  /** Identifies the addon; one that was loaded before is reused if it is the same. */
  addonVersion: string;
  parkTimeoutMs: number;
  omitProgram: boolean;
  kept: readonly number[];
  symbols: string;
}

export type Answer =
  | { fork: Fork; /** How long the main thread was blocked, in milliseconds. */ heldMs: number }
  | Late
  | { failure: 'addon' | 'connect' | 'park-timeout' | 'busy' | 'fork-failed'; message: string };

/** What the target reports on the control socket, one JSON object a line. */
export interface ChildReport {
  exitCode: number | null;
  signal: number | null;
}

/** Returns the function to call with Node's internals. */
export function captureFunction(orders: Orders): string {
  return framed(captureHere, orders);
}

function captureHere(
  orders: Orders,
  { attached, methods, internalBinding, primordials, versions, elapsed, connect, report }: InTarget,
): Answer {
  if (attached.addonVersion !== orders.addonVersion) {
    const module = { __proto__: null, exports: { __proto__: null } };
    try {
      methods.dlopen(module, orders.addon);
    } catch (error) {
      return { failure: 'addon', message: (error as Error).message };
    }
    attached.addon = module.exports as unknown as Addon;
    attached.addonVersion = orders.addonVersion;
  }
  const usage = new primordials.Float64Array(5);
  methods.memoryUsage(usage);
  const heap = internalBinding('v8') as {
    updateHeapStatisticsBuffer(): void;
    heapStatisticsBuffer: Float64Array;
    kHeapSizeLimitIndex: number;
  };
  heap.updateHeapStatisticsBuffer();
  // Without prototypes: JSONStringify would call a toJSON that the application has put on Object.prototype.
  const known = {
    __proto__: null,
    v8Version: versions.v8,
    modules: versions.modules,
    capturedAt: primordials.DatePrototypeToISOString(new primordials.Date()),
    rss: usage[0],
    heap: {
      __proto__: null,
      total: usage[1],
      used: usage[2],
      external: usage[3],
      arrayBuffers: usage[4],
      limit: heap.heapStatisticsBuffer[heap.kHeapSizeLimitIndex],
    },
  } satisfies KnownInTarget & Bare & { heap: Bare };
  const text = `${orders.metadata},${primordials.StringPrototypeSlice(primordials.JSONStringify(known), 1)}`;
  const metadata = new primordials.Uint8Array(text.length);
  // ASCII, without TextEncoder, which belongs to the application.
  for (let at = 0; at < text.length; at++) {
    const code = primordials.StringPrototypeCharCodeAt(text, at);
    metadata[at] = code < 127 ? code : 63;
  }

  const image = connect(orders.image);
  if (image === null) return { failure: 'connect', message: '' };
  try {
    const { failure, fork } = (attached.addon as Addon).captureSync(
      {
        output: image.fd,
        metadata,
        parkTimeoutMs: orders.parkTimeoutMs,
        omitProgram: orders.omitProgram,
        kept: orders.kept,
        symbols: orders.symbols,
      },
      (exitCode, signal) => report(`{"exitCode":${exitCode},"signal":${signal}}\n`),
    );
    if (fork !== null) return { fork, heldMs: elapsed() };
    const code = failure?.code;
    return {
      failure: code === 'park-timeout' || code === 'busy' ? code : 'fork-failed',
      message: failure?.message ?? '',
    };
  } finally {
    image.close();
  }
}
