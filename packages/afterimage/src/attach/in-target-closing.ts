/**
 * The frame of every expression that is evaluated in a target: it sees to it first of all that the inspector is closed
 * again. It is sent as text, so it may use nothing from outside of itself, and neither may what it frames.
 */
import type { Addon } from '@afterimage/agent/native';

export interface ClosingOrders {
  /** An abstract socket on which the one who attached waits. */
  control: string;
  /** Milliseconds since the epoch after which nobody waits any more. */
  deadline: number;
  /** Whether the inspector is to be closed when the one who attached is done with it, or gone. */
  closeInspector: boolean;
}

/** Kept in the target from one attachment to the next. */
export interface Attached {
  control?: { address: string; socket: import('node:net').Socket };
  addon?: Addon;
  addonVersion?: string;
}

/** What the frame hands to what it frames. */
export interface InTarget {
  attached: Attached;
  /** The socket to the one who attached. */
  control: import('node:net').Socket;
  /** When the expression was come to, as performance.now() tells. */
  started: number;
  /** A module of Node's. */
  load: (name: string) => unknown;
}

export type Late = { failure: 'late' };

type Require = (name: string) => unknown;

/** The expression for Runtime.evaluate, with the command line API: before Node.js 20.16 only that has `require`. */
export function expressionOf<Orders extends ClosingOrders>(
  work: (orders: Orders, target: InTarget) => unknown,
  orders: Orders,
): string {
  const require = "typeof require === 'function' ? require : undefined";
  return `(${attachHere.toString()})(${work.toString()}, ${JSON.stringify(orders)}, ${require})`;
}

function attachHere<Orders extends ClosingOrders>(
  work: (orders: Orders, target: InTarget) => unknown,
  orders: Orders,
  require: Require | undefined,
): unknown {
  const started = performance.now();
  const load = (name: string): unknown =>
    typeof process.getBuiltinModule === 'function' ? process.getBuiltinModule(name) : require?.(name);
  const net = load('net') as typeof import('node:net');
  const key = Symbol.for('@afterimage/attached');
  const holder = process as unknown as Record<symbol, Attached | undefined>;
  if (holder[key] === undefined) Object.defineProperty(process, key, { value: {} });
  const attached = holder[key] as Attached;

  // Closing the inspector waits for its clients, for ever if one is frozen: so only once the one that attached has
  // closed its own end, or is gone.
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
  if (Date.now() > orders.deadline) return { failure: 'late' };
  return work(orders, { attached, control: attached.control.socket, started, load });
}
