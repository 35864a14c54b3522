/**
 * The function that is evaluated in a target to capture it. It is sent as text, so it may use nothing from outside of
 * itself; and it runs on the target's main thread, so it does nothing that can wait, but for V8's workers to come to
 * rest, with a bound.
 */
import type { Addon, Fork } from '@afterimage/agent/native';
import type { ProcessFigures } from '@afterimage/agent/process-figures';
import { expressionOf, type ClosingOrders, type InTarget, type Late } from './in-target-closing.js';

export interface Orders extends ClosingOrders {
  /** An abstract socket on which the one who attached waits for the image. */
  image: string;
  /** Goes into the image's metadata, so that nobody else's is taken for it. */
  request: string;
  /** The application's name. */
  name: string;
  /** The addon's file, as the target sees it. */
  addon: string;
  /** Which addon that is; one that was loaded before is used again when it is the same. */
  addonVersion: string;
  parkTimeoutMs: number;
  /** What the kernel says of the target, for the image's metadata. */
  figures: ProcessFigures;
}

export type Answer =
  | { fork: Fork; /** The main thread's standstill for all of this, in milliseconds. */ heldMs: number }
  | Late
  | { failure: 'addon' | 'park-timeout' | 'busy' | 'fork-failed'; message: string };

/** What the target reports on the control socket, one JSON object a line. */
export interface ChildReport {
  exitCode: number | null;
  signal: number | null;
}

export function captureExpression(orders: Orders): string {
  return expressionOf(captureHere, orders);
}

function captureHere(orders: Orders, { attached, control, started, load }: InTarget): Answer {
  const net = load('net') as typeof import('node:net');
  const v8 = load('v8') as typeof import('node:v8');

  if (attached.addonVersion !== orders.addonVersion) {
    const module = { exports: {} };
    try {
      process.dlopen(module, orders.addon);
    } catch (error) {
      return { failure: 'addon', message: (error as Error).message.split('\n')[0] };
    }
    attached.addon = module.exports as Addon;
    attached.addonVersion = orders.addonVersion;
  }
  const { heapUsed, heapTotal, external, arrayBuffers, rss } = process.memoryUsage();
  const metadata = {
    format: 1,
    name: orders.name,
    pid: process.pid,
    nodeVersion: process.versions.node,
    v8Version: process.versions.v8,
    modules: process.versions.modules,
    platform: process.platform,
    arch: process.arch,
    capturedAt: new Date().toISOString(),
    request: orders.request,
    heap: {
      used: heapUsed,
      total: heapTotal,
      limit: v8.getHeapStatistics().heap_size_limit,
      external,
      arrayBuffers,
    },
    rss,
    process: orders.figures,
  };
  const image = net.connect(orders.image);
  image.on('error', () => undefined);
  image.unref();
  try {
    const { failure, fork } = (attached.addon as Addon).captureSync(
      {
        output: (image as unknown as { _handle: { fd: number } })._handle.fd,
        metadata: new TextEncoder().encode(JSON.stringify(metadata)),
        parkTimeoutMs: orders.parkTimeoutMs,
      },
      (exitCode, signal) => {
        const report: ChildReport = { exitCode, signal };
        if (control.writable) control.write(`${JSON.stringify(report)}\n`);
      },
    );
    if (fork !== null) return { fork, heldMs: performance.now() - started };
    const code = failure?.code;
    return {
      failure: code === 'park-timeout' || code === 'busy' ? code : 'fork-failed',
      message: `${failure?.code ?? 'unknown'} ${failure?.message ?? ''}`.trim(),
    };
  } finally {
    image.destroy();
  }
}
