/**
 * Wraps every function that is called in a target. It first connects to the attacher, so that the target
 * closes its inspector itself if the attacher ends. It is sent as text, so it and the wrapped functions use
 * nothing outside themselves: no global, prototype or module of the application, which may have changed any
 * of them. They use only Node.js's internals (node-internals.ts); object literals have no prototype, and
 * arrays are read by index.
 */
import type { Addon } from '@afterimage/image/native-part';

export interface FrameOrders {
  /** An abstract socket on which the attacher listens. */
  control: string;
  /** Milliseconds since the epoch after which the command no longer waits. */
  deadline: number;
  /** Whether the target closes its inspector when the attacher ends. */
  closeInspector: boolean;
}

/** Kept in the target from one attachment to the next. */
export interface Attached {
  control?: Control;
  addon?: Addon;
  addonVersion?: string;
  /**
   * Whether the inspector is being closed. That waits for its clients, and runs what they send meanwhile: closing it again
   * from there ends Node.js 26 (Agent::Stop in src/inspector_agent.cc of Node).
   */
  isClosing?: boolean;
}

interface Control {
  address: string;
  /** Whether to close the inspector when the attacher ends. */
  closes: boolean;
  /** Null once the connection has ended. */
  pipe: Pipe | null;
}

/** A connection's handle, as lib/net.js of Node uses it. */
export interface Pipe {
  /** -1 without a socket. */
  readonly fd: number;
  onread: (data: ArrayBuffer | undefined) => void;
  connect(request: object, address: string): number;
  readStart(): number;
  writeLatin1String(request: object, text: string): number;
  unref(): void;
  close(): void;
}

/** `internalBinding('process_methods')` */
export interface ProcessMethods {
  _debugEnd(): void;
  dlopen(module: { exports: unknown }, file: string): void;
  /** Fills in resident size, V8's heap committed and used, external, array buffers; in bytes. */
  memoryUsage(figures: Float64Array): void;
  rss(): number;
  uptime(): number;
  getActiveResourcesInfo(): string[];
}

/** From `primordials`, which are copies from before the application ran. */
export interface Primordials {
  DateNow(): number;
  Date: DateConstructor;
  DatePrototypeToISOString(date: Date): string;
  Float64Array: Float64ArrayConstructor;
  Uint8Array: Uint8ArrayConstructor;
  JSONStringify(value: unknown): string;
  StringPrototypeCharCodeAt(text: string, at: number): number;
  StringPrototypeSlice(text: string, start: number): string;
  SymbolFor(key: string): symbol;
}

/** What the wrapper passes to the wrapped function. */
export interface InTarget {
  attached: Attached;
  methods: ProcessMethods;
  internalBinding: (name: string) => unknown;
  primordials: Primordials;
  /** As strings, whatever the application made of them; empty if they are not strings. */
  versions: { node: string; v8: string; modules: string };
  /** Milliseconds since the function was called. */
  elapsed: () => number;
  /** Connects to an abstract socket without keeping the target alive; null if there is no descriptor left. */
  connect: (address: string) => Pipe | null;
  /** Whether this call made the connection to the attacher. */
  isConnecting: boolean;
  /** Sends a line to the attacher, if it is connected. */
  report: (line: string) => void;
}

export type Late = { failure: 'late' };

type Work<Orders> = (orders: Orders, target: InTarget) => unknown;

/** Returns the function to call with Node's internals (node-internals.ts). */
export function framed<Orders extends FrameOrders>(work: Work<Orders>, orders: Orders): string {
  const passed = 'internalBinding, primordials, process';
  return `function (${passed}) { return (${attachHere.toString()})(${work.toString()}, ${JSON.stringify(orders)}, ${passed}); }`;
}

/** The function that closes the inspector. Send it together with the end of the session. */
export const closingFunction = `function (internalBinding, primordials) {
  const methods = internalBinding('process_methods');
  const attached = methods[primordials.SymbolFor('@afterimage/attached')];
  if (attached !== undefined && attached.control !== undefined) attached.control.closes = false;
  if (attached === undefined) return methods._debugEnd();
  if (attached.isClosing === true) return;
  attached.isClosing = true;
  try {
    methods._debugEnd();
  } finally {
    attached.isClosing = false;
  }
}`;

/** Closes the inspector if Node's internals are out of reach, with what the application has left in place. */
export const closingExpression = `(() => {
  const each = (close) => { try { close(); return true; } catch { return false; } };
  return each(() => process._debugEnd()) || each(() => require('node:inspector').close()) ||
    each(() => process.getBuiltinModule('node:inspector').close());
})()`;

// eslint-disable-next-line max-lines-per-function -- it uses nothing outside itself
function attachHere<Orders extends FrameOrders>(
  work: Work<Orders>,
  orders: Orders,
  internalBinding: (name: string) => unknown,
  primordials: Primordials,
  process: { versions?: Record<string, unknown> | null },
): unknown {
  const { now } = internalBinding('performance') as { now: () => number };
  const started = now();
  const methods = internalBinding('process_methods') as ProcessMethods;
  const { Pipe, PipeConnectWrap, constants } = internalBinding('pipe_wrap') as {
    Pipe: new (type: number) => Pipe;
    PipeConnectWrap: new () => { oncomplete: (status: number) => void };
    constants: { SOCKET: number };
  };
  const connect = (address: string, onRefused?: () => void): Pipe | null => {
    const pipe = new Pipe(constants.SOCKET);
    const request = new PipeConnectWrap();
    // If the peer refuses, libuv already has a descriptor, and reports that only later (uv_pipe_connect2).
    request.oncomplete = (status) => {
      if (status === 0) return;
      if (attached.control?.pipe === pipe) attached.control.pipe = null;
      pipe.close();
      if (onRefused !== undefined) onRefused();
    };
    const failed = pipe.connect(request, address) !== 0 || pipe.fd < 0;
    if (failed) pipe.close();
    else pipe.unref();
    return failed ? null : pipe;
  };

  // On one of Node's objects, because those of the application may be frozen.
  const key = primordials.SymbolFor('@afterimage/attached');
  const holder = methods as unknown as Record<symbol, Attached | undefined>;
  const attached = (holder[key] ??= { __proto__: null } as Attached);
  const isConnecting = attached.control?.address !== orders.control;
  if (isConnecting) {
    const control: Control = { address: orders.control, closes: orders.closeInspector, pipe: null };
    attached.control = control;
    const end = (): void => {
      const { closes } = control;
      control.closes = false;
      if (!closes || attached.isClosing === true) return;
      attached.isClosing = true;
      try {
        methods._debugEnd();
      } finally {
        attached.isClosing = false;
      }
    };
    let isSecond = false;
    const listenTo = (pipe: Pipe): void => {
      control.pipe = pipe;
      // Called with data when the attacher is done, or without when the connection has ended.
      pipe.onread = (data) => {
        if (data !== undefined) end();
        if (data !== undefined || control.pipe === null) return;
        control.pipe = null;
        pipe.close();
        // An attacher that had no descriptor for the connection lives, and still has its session: closing the inspector
        // under a session can end Node.js 26. So it is asked once more.
        const again = isSecond || !control.closes ? null : connect(orders.control, end);
        isSecond = true;
        if (again === null) end();
        else listenTo(again);
      };
      pipe.readStart();
    };
    const pipe = connect(orders.control);
    if (pipe !== null) listenTo(pipe);
  }
  if (primordials.DateNow() > orders.deadline) return { failure: 'late' };
  const report = (line: string): void => {
    const { WriteWrap } = internalBinding('stream_wrap') as {
      WriteWrap: new () => { oncomplete: () => void };
    };
    const request = new WriteWrap();
    request.oncomplete = () => undefined;
    attached.control?.pipe?.writeLatin1String(request, line);
  };
  const version = (name: string): string => {
    const text = process.versions?.[name];
    return typeof text === 'string' ? text : '';
  };
  const versions = { node: version('node'), v8: version('v8'), modules: version('modules') };
  const elapsed = (): number => now() - started;
  return work(orders, {
    attached,
    methods,
    internalBinding,
    primordials,
    versions,
    elapsed,
    connect,
    isConnecting,
    report,
  });
}
