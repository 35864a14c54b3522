/** The kit in a container, seen from outside: brought there, spoken to, and seen to its end. */
import { within } from '@afterimage/agent/deferred';
import type { ImageStream } from '@afterimage/agent/image';
import { readImage } from '@afterimage/agent/image';
import { createHash } from 'node:crypto';
import type { AttachStep } from '../attach/attach.js';
import type { CapturedImage, CaptureCost } from '../capture/captured-image.js';
import { CommandError } from '../command-error.js';
import { decompressed, split } from '../compression.js';
import { GREETING, GREETING_BYTES, NODE_FLAGS } from '../kit/bootstrap.js';
import { packKit } from '../kit/pack.js';
import { FRAME, readFrames, type Frame, type FromKit, type ToKit } from '../kit/protocol.js';
import { visible } from '../visible.js';
import { accessError, execIn, type ContainerAccess, type Exec } from './access.js';

type Found = Extract<FromKit, { type: 'found' }>;

export interface KitSession {
  found: Found;
  /** Node.js in the container, that the kit runs on. */
  nodeVersion: string;
  arch: string;
  /** @throws {CommandError}; whoever reads the image gets the same */
  capture(pid: number, onStep: (step: AttachStep) => void): Promise<CapturedImage>;
  /** Ends the kit, and waits for it. */
  close(): Promise<void>;
}

/** Where images have their Node.js; the last is whatever the container runs. */
const NODES = [
  'node',
  '/usr/local/bin/node',
  '/usr/bin/node',
  '/nodejs/bin/node',
  '/bin/node',
  '/proc/1/exe',
];
/** To reach the container and start a process there. */
const START_MS = 60_000;
/** For the kit to be gone from the container after its input has ended. */
const END_MS = 10_000;

/** What an exec says when the program is not there, with runc, crun, containerd and the tools in front of them. */
const NOT_FOUND =
  /executable file .* not found|no such file or directory|not found in \$PATH|permission denied/i;

/**
 * @param nodes paths of Node.js to try first
 * @throws {CommandError}
 */
export async function startKit(
  access: ContainerAccess,
  nodes: readonly string[],
  signal: AbortSignal,
): Promise<KitSession> {
  for (const node of new Set([...nodes, ...NODES])) {
    const exec = execIn(access, [node, ...NODE_FLAGS]);
    const cut = (): void => exec.cut();
    signal.addEventListener('abort', cut, { once: true });
    const greeted = await greeting(exec, access);
    signal.throwIfAborted();
    if (greeted !== null) return await converse(exec, access, greeted);
    signal.removeEventListener('abort', cut);
  }
  throw new CommandError(
    'refused',
    `${access.name} has no Node.js where one is usually found (${NODES.join(', ')}): say where it is, --node PATH`,
  );
}

interface Greeted {
  nodeVersion: string;
  platform: string;
  arch: string;
  frames: AsyncGenerator<Frame>;
}

/** Null when there is no such program in the container. @throws {CommandError} when it cannot be reached */
async function greeting(exec: Exec, access: ContainerAccess): Promise<Greeted | null> {
  const late = (): CommandError =>
    new CommandError('failed', `nothing came from ${access.name} within ${START_MS / 1000} s${said(exec)}`);
  const started = split(exec.stdout as AsyncIterable<Uint8Array>, GREETING_BYTES);
  const [beginning, all] = await within(started, START_MS, late).catch((error: unknown) => {
    exec.cut();
    throw error;
  });
  const line = beginning.toString('latin1', 0, GREETING_BYTES);
  const greeted = new RegExp(`^${GREETING} (\\S+) (\\S+) (\\S+) *\\n$`).exec(line);
  if (greeted !== null) {
    const [, nodeVersion, platform, arch] = greeted;
    return { nodeVersion, platform, arch, frames: readFrames(behind(all, GREETING_BYTES)) };
  }
  await exec.ended;
  if (NOT_FOUND.test(exec.errorText())) return null;
  throw accessError(access, exec.errorText() || line.trim());
}

async function* behind(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of chunks) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

async function converse(exec: Exec, access: ContainerAccess, greeted: Greeted): Promise<KitSession> {
  const { nodeVersion, arch, frames } = greeted;
  const close = async (): Promise<void> => {
    exec.stdin.end();
    await within(exec.ended, END_MS, () => new Error('late')).catch(() => exec.cut());
  };
  try {
    exec.stdin.write(await packKit(greeted.platform, arch));
    const found = await nextMessage(frames, exec, access);
    if (found.type !== 'found') throw unexpected(found, access);
    return {
      found,
      nodeVersion,
      arch,
      capture: (pid, onStep) => captureBy(exec, access, frames, pid, onStep, close),
      close,
    };
  } catch (error) {
    exec.cut();
    throw error;
  }
}

async function captureBy(
  exec: Exec,
  access: ContainerAccess,
  frames: AsyncGenerator<Frame>,
  pid: number,
  onStep: (step: AttachStep) => void,
  close: () => Promise<void>,
): Promise<CapturedImage> {
  const order: ToKit = { type: 'capture', pid };
  exec.stdin.write(`${JSON.stringify(order)}\n`);
  let cost: CaptureCost | null = null;
  async function* compressed(): AsyncGenerator<Uint8Array> {
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
      const message = parse(frame);
      if (message.type === 'step') {
        onStep(message.step);
        continue;
      }
      if (message.type !== 'done') throw unexpected(message, access);
      if (message.bytes !== bytes || message.sha256 !== hash.digest('hex')) {
        throw new CommandError(
          'failed',
          `what came from ${access.name} is not what was sent (${bytes} bytes of ${message.bytes}); nothing was written`,
        );
      }
      cost = message.cost;
      return;
    }
  }
  const image: ImageStream = await readImage(decompressed(compressed()));
  return {
    image,
    cost: () => {
      if (cost === null) throw new Error('the image has not come in yet');
      return cost;
    },
    release: close,
  };
}

async function nextMessage(
  frames: AsyncGenerator<Frame>,
  exec: Exec,
  access: ContainerAccess,
): Promise<FromKit> {
  return parse(await nextFrame(frames, exec, access));
}

async function nextFrame(frames: AsyncGenerator<Frame>, exec: Exec, access: ContainerAccess): Promise<Frame> {
  const next = await frames.next().catch((error: unknown) => {
    throw broken(exec, access, error);
  });
  if (next.done !== true) return next.value;
  await within(exec.ended, END_MS, () => broken(exec, access));
  throw broken(exec, access);
}

function parse({ payload }: Frame): FromKit {
  return JSON.parse(payload.toString()) as FromKit;
}

function unexpected(message: FromKit, { name }: ContainerAccess): CommandError {
  return message.type === 'failed'
    ? new CommandError(message.failure, `${name}: ${message.message}`)
    : new CommandError('failed', `${name}: the kit said '${message.type}' out of turn`);
}

/** The kit sees its input end then, and leaves nothing behind. */
function broken(exec: Exec, { name }: ContainerAccess, cause?: unknown): BrokenConnectionError {
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new BrokenConnectionError(
    'failed',
    `the connection to ${name} broke${why}${said(exec)}; nothing was written, and nothing is left there`,
    { cause },
  );
}

/** Another try may do. */
export class BrokenConnectionError extends CommandError {}

function said(exec: Exec): string {
  const text = visible(exec.errorText().split('\n').slice(-2).join(' '));
  return text === '' ? '' : ` (${text})`;
}
