/**
 * Finds and loads the native addon for this Node ABI, and types its few functions. All policy (when, where,
 * what next) is in the TypeScript that calls it.
 */
import { existsSync, readdirSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the fork cost the target. Times in milliseconds. */
export interface Fork {
  /** Process ID of the child that writes the image. */
  pid: number;
  /** From the request until all V8 workers were parked. The event loop runs meanwhile. */
  parkMs: number;
  /** How long the main thread stood still: marking mappings, forking, restoring the marks. */
  pauseMs: number;
  /** The part of `pauseMs` that fork(2) itself took. */
  forkMs: number;
  /** Number of V8 worker threads that were parked. */
  workers: number;
  /** Number of memory mappings that the child inherited. */
  mappings: number;
}

/** Why no child was forked. */
export interface ForkFailure {
  code: 'park-timeout' | 'fork-failed' | 'mappings-unreadable' | 'busy';
  message: string;
  /** Error code of the system call: `EAGAIN`. */
  error?: string;
}

export interface CaptureRequest {
  /** Descriptor that the child writes the image to; the caller closes its own copy after the fork. */
  output: number;
  /** UTF-8 JSON that becomes part of the image ({@link ImageMetadata}). */
  metadata: Uint8Array;
  /**
   * How long to wait for V8's workers to park, in milliseconds; then the capture fails with `park-timeout`.
   */
  parkTimeoutMs: number;
  /**
   * Leaves out those pages of the program's file that the process has not changed: nearly the whole program.
   * V8's own generator then needs that file ({@link ImageStream.program}).
   */
  omitProgram: boolean;
  /**
   * Parts of that file that the image has nevertheless, because the reader needs them: where each begins and ends, in
   * pairs, in ascending order.
   */
  kept: readonly number[];
  /** Names in the program's file that no mapping has, as a note of the image has them (`program-symbols.ts` of `@afterimage/v8-heap`); may be empty. */
  symbols: string;
}

/**
 * The native addon. Functions that create something throw an Error whose message names the system call and
 * whose `code` is like EMFILE.
 */
export interface Addon {
  /** Creates a close-on-exec pipe: [read end, write end], with a buffer of 1 MiB if the kernel allows it. */
  pipe(): [number, number];
  /** Creates two connected close-on-exec stream sockets. */
  socketPair(): [number, number];
  /** Creates a close-on-exec file in memory (memfd_create(2)) with that name. */
  memory(name: string): number;
  /** Returns another close-on-exec descriptor of the same file. */
  duplicate(descriptor: number): number;
  /**
   * Starts a program in `/` with exactly four descriptors, 0 to 3, and returns its process ID. Until the
   * program handles SIGTERM, it ends together with the thread that made this call. Does not copy this
   * process's page tables.
   */
  spawn(
    file: string,
    args: readonly string[],
    environment: readonly string[],
    descriptors: readonly [number, number, number, number],
  ): number;
  /**
   * Null while the process runs, then how it ended: [exit code, signal]. Both are null if other code has
   * already reaped it.
   */
  reap(pid: number): [number | null, number | null] | null;
  /**
   * Keeps the signal from its other listeners, unless the process sent it to itself, and calls `onArrival`
   * instead (once for several that arrive together). Call it again after a listener was added. Returns false
   * while the signal has no listener.
   */
  holdSignal(number: number, onArrival: () => void): boolean;
  releaseSignal(): void;
  /** Tells whether the process itself sent the latest signal of that kind. */
  signalFromSelf(): boolean;
  /**
   * Parks V8's workers without blocking the event loop, forks, and releases them. Calls `onForked` once. If
   * the fork succeeded, calls `onExit` once after the child has ended and has been reaped.
   */
  capture(
    request: CaptureRequest,
    onForked: (failure: ForkFailure | null, fork: Fork | null) => void,
    onExit: (exitCode: number | null, signal: number | null) => void,
  ): void;
  /** Synchronous version of `capture`: blocks the caller while the workers park, at most `parkTimeoutMs`. */
  captureSync(
    request: CaptureRequest,
    onExit: (exitCode: number | null, signal: number | null) => void,
  ): { failure: ForkFailure | null; fork: Fork | null };
}

/** There is no addon for this platform, architecture or Node ABI. The message lists those that exist. */
export class UnsupportedPlatformError extends Error {
  override name = 'UnsupportedPlatformError';
}

const prebuilds = fileURLToPath(new URL('../prebuilds/', import.meta.url));

/** Names as in "Node 22 (ABI 127)": users install a Node version, but its ABI decides. */
const nodeOfAbi: Record<string, string> = { 115: 'Node 20', 127: 'Node 22', 137: 'Node 24', 147: 'Node 26' };

/** Returns the major numbers of the Node versions that have a native part. */
export function supportedMajors(): number[] {
  return Object.values(nodeOfAbi).map((name) => Number(name.replace('Node ', '')));
}

/** Returns the ABI of a major Node version; undefined if it has no native part. */
export function abiOf(major: number): string | undefined {
  return Object.keys(nodeOfAbi).find((abi) => nodeOfAbi[abi] === `Node ${major}`);
}

/** Platforms that have a native part; glibc and musl share one. */
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

/**
 * Returns the path of the addon for a Node ABI (`process.versions.modules`), whether or not the file exists.
 * Default: this platform and architecture.
 */
export function addonFile(
  abi: string,
  platform: string = process.platform,
  arch: string = process.arch,
): string {
  return path.join(prebuilds, `${platform}-${arch}`, `abi-${abi}.node`);
}

/** Returns the path of the darkroom, which is the same for every Node version. */
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
 * Loads the addon into this process.
 * @throws {UnsupportedPlatformError} if there is none, or the system refuses to load it
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
  44: 'its receiver has closed the connection',
  45: 'the image child cannot write to its receiver',
  46: 'the image child cannot read /proc/self/fd, or more than 1,024 eventfds are open',
  47: 'the image child cannot read /proc/self/pagemap nor /proc/self/mem',
};

/** Returns one sentence for the exit code or signal of the image child; null if it wrote the whole image. */
export function describeChildExit(exitCode: number | null, signal: number | null): string | null {
  if (exitCode === 0) return null;
  if (signal === constants.signals.SIGKILL)
    return 'the image child was killed, by a user or by the kernel for lack of memory';
  if (signal !== null) return `the image child ended by signal ${signal}`;
  if (exitCode === null)
    return 'the image child was reaped by other code in this process: how it ended is unknown';
  return childExits[exitCode] ?? `the image child ended with exit code ${exitCode}`;
}
