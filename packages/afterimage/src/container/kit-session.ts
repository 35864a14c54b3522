/**
 * Controls the kit in a container from outside: sends it there, exchanges messages with it, and waits for its
 * end.
 */
import { within } from '@afterimage/host/deferred';
import { messageOf } from '@afterimage/host/errors';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { note, newCleanup, type Cleanup } from '../attach/cleanup.js';
import { CommandError } from '../cli/command-error.js';
import { split } from '../files/compression.js';
import { GREETING_BYTES, NODE_FLAGS } from '../kit/bootstrap.js';
import { KIT_GREETING } from '../processes/node-processes.js';
import { packKit, type KitUse } from '../kit/pack.js';
import {
  FRAME,
  framed,
  framedMessage,
  LARGEST_FRAME,
  messageIn,
  readFrames,
  type Frame,
  type FromKit,
  type ToKit,
} from '../kit/protocol.js';
import { visible } from '../cli/visible.js';
import { finderIn, forOutside } from './outside-pid.js';
import { accessError, execIn, isUnreached, type ContainerAccess, type Exec } from './access.js';

type Message<T extends FromKit['type']> = Extract<FromKit, { type: T }>;

export interface KitSession {
  found: Message<'found'>;
  platform: string;
  arch: string;
  order(message: ToKit): void;
  /** Sends data as fast as it is accepted, then its end. */
  send(chunks: AsyncIterable<Uint8Array>): Promise<void>;
  /**
   * Yields the result; throws at its end if it is incomplete, or the kit failed.
   * @param onMessage receives the messages in between
   * @param onDone receives the outcome, before the end
   */
  result(
    onMessage: (message: Message<'step' | 'progress' | 'said' | 'wrote'>) => void,
    onDone: (message: Message<'done'>) => void,
  ): AsyncGenerator<Uint8Array>;
  /** Returns advice from the kit as it applies outside the container. */
  forOutside(text: string): Promise<string>;
  /** Cleans up what an earlier kit has left. */
  cleanUp(left: Cleanup): Promise<void>;
  /** Ends the kit, and waits for it. */
  close(): Promise<void>;
}

/** Another attempt may succeed. */
export class BrokenConnectionError extends CommandError {}

/** Whatever the container runs: a program other than Node.js rejects the arguments and ends. */
const ITS_PROGRAM = '/proc/1/exe';
/** Usual paths of Node.js in container images. */
const NODES = ['node', '/usr/local/bin/node', '/usr/bin/node', '/nodejs/bin/node', '/bin/node', ITS_PROGRAM];
/** Time for reaching the container and starting a process there. */
const START_MS = 60_000;
/** Time for the kit to leave the container after its input has ended. */
const END_MS = 10_000;

/** Time for cleaning up after a killed kit. */
const CLEANUP_MS = 60_000;

/**
 * What an exec reports if the program does not exist, with runc, crun, containerd and the tools in front of
 * them.
 */
const NOT_FOUND = /executable file.* not found|no such file or directory|permission denied/i;
/** Longer text is cut. */
const MAX_TEXT_LENGTH = 10_000;

/**
 * Starts the kit.
 * @param nodes paths of Node.js to try first
 * @throws {CommandError}
 */
export async function startKit(
  access: ContainerAccess,
  what: KitUse,
  nodes: readonly string[],
  signal: AbortSignal,
): Promise<KitSession> {
  for (const node of new Set([...nodes, ...NODES])) {
    const exec = execIn(access, [node, ...NODE_FLAGS]);
    const cut = (): void => exec.cut();
    signal.addEventListener('abort', cut, { once: true });
    const greeted = await greeting(exec, access, node === ITS_PROGRAM);
    signal.throwIfAborted();
    if (greeted !== null) return await open(exec, access, what, node, greeted);
    signal.removeEventListener('abort', cut);
  }
  throw new CommandError(
    'refused',
    `${access.name} has no Node.js where one is usually found (${NODES.join(', ')}): pass its path with --node PATH`,
  );
}

interface Greeted {
  platform: string;
  arch: string;
  frames: AsyncGenerator<Frame>;
}

/**
 * Returns null if there is no such program in the container.
 * @param mayBeOther whether the program may be something other than Node.js
 * @throws {CommandError} if the container cannot be reached
 */
async function greeting(exec: Exec, access: ContainerAccess, mayBeOther: boolean): Promise<Greeted | null> {
  const late = (): CommandError =>
    new CommandError(
      'failed',
      `no Node.js answered in ${access.name} within ${START_MS / 1000} s${said(exec)}`,
    );
  const inTime = <T>(promise: Promise<T>): Promise<T> =>
    within(promise, START_MS, late).catch((error: unknown) => {
      exec.cut();
      throw error;
    });
  const [beginning, all] = await inTime(split(exec.stdout as AsyncIterable<Uint8Array>, GREETING_BYTES));
  const line = beginning.toString('latin1', 0, GREETING_BYTES);
  const greeted = new RegExp(`^${KIT_GREETING} \\S+ (\\S+) (\\S+) *\\n$`).exec(line);
  if (greeted !== null) {
    const [, platform, arch] = greeted;
    return { platform, arch, frames: readFrames(behind(all, GREETING_BYTES)) };
  }
  const [output, { signal }] = await inTime(Promise.all([lastWords(exec, all), exec.ended]));
  if (signal !== null || isBeginning(line)) throw broken(exec, access);
  // Docker's daemon writes the reason why a program cannot be started to the program's standard output.
  const text = `${output}\n${exec.errorText()}`.trim();
  if (mayBeOther || (NOT_FOUND.test(text) && !isUnreached(text))) return null;
  throw accessError(access, text);
}

async function lastWords(exec: Exec, output: AsyncIterable<Uint8Array>): Promise<string> {
  const [beginning] = await split(output, MAX_TEXT_LENGTH);
  exec.discard();
  return beginning.toString('utf8', 0, MAX_TEXT_LENGTH);
}

/** Tells whether a line may be the beginning of a greeting. */
function isBeginning(line: string): boolean {
  return line !== '' && KIT_GREETING.startsWith(line.slice(0, KIT_GREETING.length));
}

async function* behind(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of chunks) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

async function open(
  exec: Exec,
  access: ContainerAccess,
  what: KitUse,
  node: string,
  { platform, arch, frames }: Greeted,
): Promise<KitSession> {
  const left = newCleanup();
  try {
    exec.stdin.write(await packKit(what, platform, arch));
    const found = await nextMessage(frames, exec, access);
    if (found.type !== 'found') throw unexpected(found, access);
    const outside = (text: string): Promise<string> =>
      forOutside(text, access.name, finderIn(found.surroundings.place));
    return {
      found,
      platform,
      arch,
      order: (message) => write(exec, framedMessage(message)),
      send: (chunks) => sendAll(exec, chunks),
      result: (onMessage, onDone) =>
        orCleanedUp(
          adviceOutside(receive(exec, access, frames, left, onMessage, onDone), outside),
          left,
          access,
          node,
        ),
      forOutside: outside,
      cleanUp: async (ofAnother) => {
        write(exec, framedMessage({ type: 'clean-up', left: ofAnother }));
        const answer = await nextMessage(frames, exec, access);
        if (answer.type !== 'cleaned-up') throw unexpected(answer, access);
      },
      close: async () => {
        exec.stdin.end();
        exec.discard();
        await within(exec.ended, END_MS, () => new Error('late')).catch(() => exec.cut());
      },
    };
  } catch (error) {
    exec.cut();
    throw error;
  }
}

function write({ stdin }: Exec, [header, payload]: [Uint8Array, Uint8Array]): boolean {
  stdin.write(header);
  return stdin.write(payload);
}

async function sendAll(exec: Exec, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const gone = exec.ended.then(() => undefined);
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += LARGEST_FRAME) {
      const taken = write(exec, framed(FRAME.data, chunk.subarray(at, at + LARGEST_FRAME)));
      if (!taken && !exec.stdin.destroyed) await Promise.race([once(exec.stdin, 'drain'), gone]);
    }
    // The kit's last message, or its absence, is the outcome.
    if (exec.stdin.destroyed) return;
  }
  write(exec, framedMessage({ type: 'end' }));
}

async function* receive(
  exec: Exec,
  access: ContainerAccess,
  frames: AsyncGenerator<Frame>,
  left: Cleanup,
  onMessage: (message: Message<'step' | 'progress' | 'said' | 'wrote'>) => void,
  onDone: (message: Message<'done'>) => void,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let bytes = 0;
  for (;;) {
    const frame = await nextFrame(frames, exec, access);
    if (frame.type === FRAME.data) {
      hash.update(frame.payload);
      bytes += frame.payload.length;
      yield frame.payload;
      continue;
    }
    const message = messageIn(frame) as FromKit;
    switch (message.type) {
      case 'watchdog':
        note(left, message.order);
        continue;
      case 'step':
      case 'progress':
      case 'said':
      case 'wrote':
        onMessage(message);
        continue;
      case 'done':
        break;
      default:
        throw unexpected(message, access);
    }
    if (message.bytes !== bytes || message.sha256 !== hash.digest('hex')) {
      throw new BrokenConnectionError(
        'failed',
        `what came from ${access.name} is not what was sent (${bytes} bytes of ${message.bytes}); nothing was written`,
      );
    }
    onDone(message);
    return;
  }
}

/** Rewrites what a failed kit says. */
async function* adviceOutside(
  chunks: AsyncGenerator<Uint8Array>,
  outside: (text: string) => Promise<string>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    if (!(error instanceof CommandError) || error instanceof BrokenConnectionError) throw error;
    throw new CommandError(error.failure, await outside(error.message), { cause: error });
  }
}

/** A killed kit cannot clean up after itself, so another kit does before the failure is passed on. */
async function* orCleanedUp(
  chunks: AsyncGenerator<Uint8Array>,
  left: Cleanup,
  access: ContainerAccess,
  node: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    const isLeft = left.target !== null || left.directories.length > 0;
    if (error instanceof BrokenConnectionError && isLeft && !left.dismissed) {
      await cleanUp(left, access, node).catch((reason: unknown) => {
        throw notCleanedUp(left, access, reason);
      });
    }
    throw error;
  }
}

async function cleanUp(left: Cleanup, access: ContainerAccess, node: string): Promise<void> {
  const kit = await startKit(access, 'capture', [node], AbortSignal.timeout(CLEANUP_MS));
  try {
    await kit.cleanUp(left);
  } finally {
    await kit.close();
  }
}

function notCleanedUp({ target }: Cleanup, { name }: ContainerAccess, reason: unknown): CommandError {
  const what = target === null ? '' : `, and whether the inspector of process ${target.pid} there is closed`;
  return new CommandError(
    'failed',
    `the connection to ${name} broke while the process was attached to, and what is left there could not be cleaned up ` +
      `(${visible(messageOf(reason))}): look whether /tmp has a directory afterimage-…${what}; nothing was written`,
    { cause: reason },
  );
}

async function nextMessage(
  frames: AsyncGenerator<Frame>,
  exec: Exec,
  access: ContainerAccess,
): Promise<FromKit> {
  return messageIn(await nextFrame(frames, exec, access)) as FromKit;
}

async function nextFrame(frames: AsyncGenerator<Frame>, exec: Exec, access: ContainerAccess): Promise<Frame> {
  const next = await frames.next().catch((error: unknown) => {
    throw broken(exec, access, error);
  });
  if (next.done !== true) return next.value;
  await within(exec.ended, END_MS, () => broken(exec, access));
  throw broken(exec, access);
}

function unexpected(message: FromKit, { name }: ContainerAccess): CommandError {
  return message.type === 'failed'
    ? new CommandError(message.failure, `${name}: ${visible(message.message)}`)
    : new CommandError('failed', `${name}: unexpected message '${message.type}' from the kit`);
}

/** Returns the error for a broken connection. The kit sees its input end, and leaves nothing behind. */
function broken(exec: Exec, { name }: ContainerAccess, cause?: unknown): BrokenConnectionError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new BrokenConnectionError(
    'failed',
    `the connection to ${name} broke${visible(why)}${said(exec)}; nothing was written, and nothing is left there`,
    { cause },
  );
}

function said(exec: Exec): string {
  const text = visible(exec.errorText().split('\n').slice(-2).join(' '));
  return text === '' ? '' : ` (${text})`;
}
