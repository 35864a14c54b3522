/**
 * The one function that is evaluated in the target, through its inspector. It is sent as text, so it may use nothing
 * from outside of itself; and it runs on the target's main thread, so it does nothing that can wait, but for V8's
 * workers to come to rest, with a bound.
 */
import type { Addon, Fork } from '@afterimage/agent/native';

export interface Orders {
  /** Abstract sockets on which the one who attached waits: for reports, one JSON object a line, and for the image. */
  control: string;
  image: string;
  /** Goes into the image's metadata, so that nobody else's is taken for it. */
  request: string;
  /** The application's name. */
  name: string;
  /** The addon's file, as the target sees it. */
  addon: string;
  /** Which addon that is; one that was loaded before is used again when it is the same. */
  addonVersion: string;
  /** Milliseconds since the epoch after which nobody waits any more. */
  deadline: number;
  parkTimeoutMs: number;
  /** Whether the inspector is to be closed when the one who attached is done with it, or gone. */
  closeInspector: boolean;
}

export type Answer =
  | { fork: Fork; /** The main thread's standstill for all of this, in milliseconds. */ heldMs: number }
  | { failure: 'late' }
  | { failure: 'addon' | 'park-timeout' | 'fork-failed'; message: string };

/** What the target reports on the control socket. */
export interface ChildReport {
  exitCode: number | null;
  signal: number | null;
}

/** Kept in the target from one attachment to the next. */
interface Attached {
  control?: { address: string; socket: import('node:net').Socket };
  addon?: Addon;
  addonVersion?: string;
}

type Require = (name: string) => unknown;

/** The expression for Runtime.evaluate, with the command line API: before Node.js 20.16 only that has `require`. */
export function captureExpression(orders: Orders): string {
  return `(${captureHere.toString()})(${JSON.stringify(orders)}, typeof require === 'function' ? require : undefined)`;
}

function captureHere(orders: Orders, require: Require | undefined): Answer {
  const started = performance.now();
  const load = (name: string): unknown =>
    typeof process.getBuiltinModule === 'function' ? process.getBuiltinModule(name) : require?.(name);
  const net = load('net') as typeof import('node:net');
  const v8 = load('v8') as typeof import('node:v8');
  const key = Symbol.for('@afterimage/attached');
  const holder = process as unknown as Record<symbol, Attached | undefined>;
  if (holder[key] === undefined) Object.defineProperty(process, key, { value: {} });
  const attached = holder[key] as Attached;

  // First of all: whatever happens from here on, the inspector is closed again. Closing it waits for its clients,
  // for ever if one is frozen: so only once the one that attached has closed its own end, or is gone.
  if (attached.control?.address !== orders.control) {
    const control = net.connect(orders.control);
    attached.control = { address: orders.control, socket: control };
    control.unref();
    let open = orders.closeInspector;
    const closeInspector = (): void => {
      if (open) (process as unknown as { _debugEnd(): void })._debugEnd();
      open = false;
    };
    control.on('data', closeInspector);
    control.on('error', () => undefined);
    control.on('close', () => setTimeout(closeInspector, 50));
  }
  const { socket } = attached.control;
  if (Date.now() > orders.deadline) return { failure: 'late' };

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
        if (socket.writable) socket.write(`${JSON.stringify(report)}\n`);
      },
    );
    if (fork !== null) return { fork, heldMs: performance.now() - started };
    const isParking = failure?.code === 'park-timeout';
    return {
      failure: isParking ? 'park-timeout' : 'fork-failed',
      message: `${failure?.code ?? 'unknown'} ${failure?.message ?? ''}`.trim(),
    };
  } finally {
    image.destroy();
  }
}
