/**
 * Finds and loads the native addon built for this Node ABI, and gives its few functions types.
 * Everything that is policy (when, where to, what next) is decided in TypeScript above it.
 */
import { existsSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** What forking cost the target. Times in milliseconds. */
export interface Fork {
  /** The child that writes the image. */
  pid: number;
  /** From the request until all V8 workers stood still. The event loop runs meanwhile. */
  parkMs: number;
  /** The main thread's own standstill: marking mappings, forking, restoring the marks. */
  pauseMs: number;
  /** The part of `pauseMs` spent in fork(2) itself. */
  forkMs: number;
  /** V8 worker threads parked. */
  workers: number;
  /** Memory mappings handed on to the child. */
  mappings: number;
}

/** Why no child was forked. */
export interface ForkFailure {
  code: 'park-timeout' | 'fork-failed' | 'mappings-unreadable' | 'busy';
  message: string;
  /** Of the system call: `EAGAIN`. */
  error?: string;
}

export interface CaptureRequest {
  /** Descriptor the child writes the image to; the caller closes its own copy after the fork. */
  output: number;
  /** UTF-8 JSON that travels inside the image ({@link ImageMetadata}). */
  metadata: Uint8Array;
  /** Gathering V8's workers is given up, with `park-timeout`, after this long. */
  parkTimeoutMs: number;
}

/** Those that make something throw an Error with the call in its message and a `code` such as EMFILE. */
export interface Addon {
  /** A close-on-exec pipe as [read end, write end], 1 MiB deep where the kernel allows. */
  pipe(): [number, number];
  /** Two connected close-on-exec stream sockets. */
  socketPair(): [number, number];
  /** A close-on-exec file in memory (memfd_create(2)) by that name. */
  memory(name: string): number;
  /** Another close-on-exec descriptor of the same file. */
  duplicate(descriptor: number): number;
  /**
   * Starts a program in `/` with these as its descriptors 0 to 3 and no others, and returns its pid. Until the program
   * handles SIGTERM, it ends with the thread that called this. Does not copy this process' page tables.
   */
  spawn(
    file: string,
    args: readonly string[],
    environment: readonly string[],
    descriptors: readonly [number, number, number, number],
  ): number;
  /** Null while it runs, then how it ended: [exit code, signal]. Both are null where other code has reaped it. */
  reap(pid: number): [number | null, number | null] | null;
  /**
   * With `hold`, keeps the signal from its listeners, unless the process sent it to itself, and calls `onArrival` instead
   * (once for several that arrive together); without, only notes who sent it. To be called again after a listener was
   * added. False while the signal has none.
   */
  holdSignal(number: number, hold: boolean, onArrival: () => void): boolean;
  releaseSignal(): void;
  /** Whether the process itself sent the latest signal of that kind. */
  signalFromSelf(): boolean;
  /**
   * Parks V8's workers without blocking the event loop, forks, releases them. `onForked` is called once.
   * If it carried a fork, `onExit` is called once when the child has ended and has been reaped.
   */
  capture(
    request: CaptureRequest,
    onForked: (failure: ForkFailure | null, fork: Fork | null) => void,
    onExit: (exitCode: number | null, signal: number | null) => void,
  ): void;
  /** The same, blocking the caller while the workers gather, at most `parkTimeoutMs`. */
  captureSync(
    request: CaptureRequest,
    onExit: (exitCode: number | null, signal: number | null) => void,
  ): { failure: ForkFailure | null; fork: Fork | null };
}

/** No addon for this platform, architecture or Node ABI. The message says which there are. */
export class UnsupportedPlatformError extends Error {
  override name = 'UnsupportedPlatformError';
}

const prebuilds = fileURLToPath(new URL('../prebuilds/', import.meta.url));

/** Names as in "Node 22 (ABI 127)": what to install is a Node version, what decides is its ABI. */
const nodeOfAbi: Record<string, string> = { 115: 'Node 20', 127: 'Node 22', 137: 'Node 24', 147: 'Node 26' };

/** The Node versions that there is a native part for, by their major numbers. */
export function supportedMajors(): number[] {
  return Object.values(nodeOfAbi).map((name) => Number(name.replace('Node ', '')));
}

/** The ABI of a Node version by its major number; undefined for those that there is no native part for. */
export function abiOf(major: number): string | undefined {
  return Object.keys(nodeOfAbi).find((abi) => nodeOfAbi[abi] === `Node ${major}`);
}

/** The platforms that there are native parts for; glibc and musl share one. */
const platforms = ['linux-x64', 'linux-arm64'];

function supportedHere(): string {
  try {
    return readdirSync(directory)
      .map((file) => /^abi-(\d+)\.node$/.exec(file)?.[1])
      .filter((abi) => abi !== undefined)
      .map((abi) => `${nodeOfAbi[abi] ?? 'Node'} (ABI ${abi})`)
      .sort()
      .join(', ');
  } catch {
    return '';
  }
}

const here = `${process.platform}-${process.arch}`;
const directory = path.join(prebuilds, here);

/** The addon for a Node ABI (`process.versions.modules`), on this platform by default, whether it is there or not. */
export function addonFile(
  abi: string,
  platform: string = process.platform,
  arch: string = process.arch,
): string {
  return path.join(prebuilds, `${platform}-${arch}`, `abi-${abi}.node`);
}

/** The darkroom, which is the same for every Node.js. */
export function darkroomFile(platform: string = process.platform, arch: string = process.arch): string {
  return path.join(prebuilds, `${platform}-${arch}`, 'darkroom');
}

function whyMissing(): string {
  const supported = supportedHere();
  if (supported)
    return `image capture has no native part for ${process.version} (ABI ${process.versions.modules}); there is one for ${supported}`;
  return platforms.includes(here)
    ? `this installation has no native part for ${here} (${directory}): install the package again, or run \`npm run build\` in a checkout`
    : `image capture does not work on ${here}; it works on ${platforms.join(' and ')}`;
}

function whyNotLoaded(reason: string): string {
  return /undefined symbol|symbol not found/.test(reason)
    ? `the native part does not fit this build of Node ${process.version} (${reason}): build it against the headers of that Node, with \`npm run build\` in a checkout`
    : `the native part cannot be loaded (${reason}): it must lie on a mount that is not noexec, and Node must run without --no-addons`;
}

/**
 * Loads the addon for this process.
 * @throws {UnsupportedPlatformError} when there is none, or the system refuses to load it
 */
export function loadAddon(): Addon {
  const file = addonFile(process.versions.modules);
  if (!existsSync(file)) throw new UnsupportedPlatformError(whyMissing());
  const module: { exports: unknown } = { exports: {} };
  try {
    process.dlopen(module, file);
  } catch (error) {
    const [reason = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new UnsupportedPlatformError(whyNotLoaded(reason), { cause: error });
  }
  return module.exports as Addon;
}

// enum child_exit in native/exit_codes.h.
const childExits: Record<number, string> = {
  40: 'the target ended before the image child was ready',
  41: 'the image child got no memory for its own tables (96 MB of address space)',
  42: 'the image child cannot read /proc/self/maps',
  43: 'the memory is too scattered for one image (over a million separate runs of pages)',
  44: 'the collector is gone',
  45: 'the image child cannot write to the collector',
  46: 'the image child cannot read /proc/self/fd, or more than 1,024 eventfds are open',
  47: 'the image child cannot read /proc/self/pagemap nor /proc/self/mem',
};

/** One sentence for what the image child ended with, or null when it wrote the whole image. */
export function describeChildExit(exitCode: number | null, signal: number | null): string | null {
  if (exitCode === 0) return null;
  if (signal === constants.signals.SIGKILL)
    return 'the image child was killed, by a user or by the kernel for lack of memory';
  if (signal !== null) return `the image child ended by signal ${signal}`;
  if (exitCode === null)
    return 'the image child was reaped by other code in this process: how it ended is unknown';
  return childExits[exitCode] ?? `the image child ended with exit code ${exitCode}`;
}
