/**
 * The messages between the kit in a container and the command outside, through an exec's pipes. Both send
 * frames: a byte for the type, four for the length (big-endian), then a message as JSON or a piece of an
 * image or a snapshot. The end of the kit's input means that the connection has ended.
 */
import type { DevelopProgress, DevelopResult } from '@afterimage/image/develop';
import type { AttachStep } from '../attach/attach.js';
import type { WatchdogOrder, Cleanup } from '../attach/cleanup.js';
import type { CapturedByAgent } from '../capture/agent-signal.js';
import type { CaptureCost } from '../capture/arrival.js';
import type { Failure } from '../cli/command-error.js';
import type { HeapReport } from '../heap/report.js';
import type { Place } from '../processes/place.js';

/** What the kit contains, in base64: the addons, by ABI, and the darkroom. */
export type KitParts = Partial<Record<string, string>>;
export const DARKROOM_PART = 'darkroom';

export const FRAME = { message: 1, data: 2 } as const;
const HEADER_BYTES = 5;
/** Larger frames are rejected. */
export const LARGEST_FRAME = 1 << 20;

/** A Node.js process that the kit can inspect. Sizes in bytes. */
export interface SeenProcess {
  pid: number;
  nodeVersion: string;
  command: string;
  rss: number;
  /** Why attaching to it is impossible; null if it is possible. */
  obstacle: string | null;
  /** The agent in it, and why it cannot capture; null if there is none. */
  agent: { obstacle: string | null } | null;
}

/** A process that calls itself Node.js and that the kit's user cannot inspect. */
export interface ClosedProcess {
  pid: number;
  uid: number;
  gid: number;
}

/** The kit's surroundings. */
export interface Surroundings {
  /** Path in the container of the Node.js that runs the kit. */
  node: string;
  uid: number;
  gid: number;
  /** In bytes. */
  memory: { limit: number; used: number; available: number; source: string };
  /** What its process IDs belong to; null if unknown. */
  place: Place | null;
}

export type FromKit =
  /** The first message, sent unprompted. */
  | { type: 'found'; processes: SeenProcess[]; closed: ClosedProcess[]; surroundings: Surroundings }
  | { type: 'step'; step: AttachStep }
  | { type: 'progress'; progress: DevelopProgress }
  /** What the command must do if the kit is killed. */
  | { type: 'watchdog'; order: WatchdogOrder }
  /** The leftovers of an earlier kit have been removed. */
  | { type: 'cleaned-up' }
  /** A message of an agent while it captures. */
  | { type: 'said'; text: string }
  /** What an agent has written: its file follows. */
  | { type: 'wrote'; result: CapturedByAgent }
  /** All data frames have been sent: the compressed size. */
  | {
      type: 'done';
      bytes: number;
      sha256: string;
      cost?: CaptureCost;
      developed?: DevelopResult;
      /** The answer to `heap`, without any data before it; not checked yet. */
      heap?: HeapReport;
      /** A sentence about the inspector if it is still open. */
      leftOpen?: string | null;
    }
  /** The order failed, and left nothing behind in the container. */
  | { type: 'failed'; failure: Failure; message: string };

export type ToKit =
  /** `isWhole`: V8's own generator may need all of the program's file in the image. */
  | { type: 'capture'; pid: number; byAgent: boolean; waitMs?: number | undefined; isWhole?: boolean }
  /** What is the heap of this process made of? */
  | { type: 'heap'; pid: number; waitMs?: number | undefined }
  | { type: 'clean-up'; left: Cleanup }
  /** The image follows in data frames, compressed or not, then its end. */
  | { type: 'develop' }
  | { type: 'end' };

export interface Frame {
  type: number;
  payload: Buffer;
}

/**
 * Yields frames.
 * @throws {Error} if the stream does not consist of frames, or ends within one
 */
export async function* readFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let rest = Buffer.alloc(0);
  for await (const chunk of source) {
    rest = Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= HEADER_BYTES) {
      const type = rest.readUInt8(at);
      const length = rest.readUInt32BE(at + 1);
      if ((type !== FRAME.message && type !== FRAME.data) || length > LARGEST_FRAME) {
        const text = JSON.stringify(rest.toString('latin1', at, at + 60));
        throw new Error(`unexpected data from the kit: ${text}`);
      }
      const end = at + HEADER_BYTES + length;
      if (rest.length < end) break;
      yield { type, payload: rest.subarray(at + HEADER_BYTES, end) };
      at = end;
    }
    rest = rest.subarray(at);
  }
  if (rest.length > 0) throw new Error('the connection ended within a frame');
}

/** Returns the message in a frame. */
export function messageIn({ payload }: Frame): FromKit | ToKit {
  return JSON.parse(payload.toString()) as FromKit | ToKit;
}

/** Returns a frame's header and contents, to be written one after the other. */
export function framed(type: number, payload: Uint8Array): [Uint8Array, Uint8Array] {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(payload.length, 1);
  return [header, payload];
}

export function framedMessage(message: FromKit | ToKit): [Uint8Array, Uint8Array] {
  return framed(FRAME.message, Buffer.from(JSON.stringify(message)));
}
