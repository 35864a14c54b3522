/**
 * What the kit in a container and the command outside say to each other through an exec's pipes. The kit writes frames:
 * a byte for the type, four for the length (big-endian), then a message as JSON or a piece of the result. The command
 * writes messages alone, one a line; its end means that nobody is there any more.
 */
import type { AttachStep } from '../attach/attach.js';
import type { CaptureCost } from '../capture/captured-image.js';
import type { Failure } from '../command-error.js';

/** The native parts that the kit brings, in base64, by ABI. */
export type KitAddons = Partial<Record<string, string>>;

export const FRAME = { message: 1, data: 2 } as const;
export const FRAME_HEADER_BYTES = 5;
/** What is larger is no frame of the kit's. */
export const LARGEST_FRAME = 1 << 20;

/** A Node.js process that the kit sees. Sizes in bytes. */
export interface SeenProcess {
  pid: number;
  nodeVersion: string;
  command: string;
  rss: number;
  /** Why it cannot be captured; null when it can. */
  obstacle: string | null;
}

export type FromKit =
  /** First of all, by itself. */
  | {
      type: 'found';
      processes: SeenProcess[];
      memory: { limit: number; used: number; available: number; source: string };
    }
  | { type: 'step'; step: AttachStep }
  /** The data frames before this were all; the figures are of the compressed image. */
  | { type: 'done'; cost: CaptureCost; bytes: number; sha256: string }
  /** It came to nothing, and nothing is left of it in the container. */
  | { type: 'failed'; failure: Failure; message: string };

export type ToKit = { type: 'capture'; pid: number };

export interface Frame {
  type: number;
  payload: Buffer;
}

/** @throws {Error} when the stream is not made of frames, or ends within one */
export async function* readFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let rest = Buffer.alloc(0);
  for await (const chunk of source) {
    rest = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    let at = 0;
    while (rest.length - at >= FRAME_HEADER_BYTES) {
      const type = rest.readUInt8(at);
      const length = rest.readUInt32BE(at + 1);
      if ((type !== FRAME.message && type !== FRAME.data) || length > LARGEST_FRAME)
        throw new Error(
          `what came is not from the kit: ${JSON.stringify(rest.toString('latin1', at, at + 60))}`,
        );
      const end = at + FRAME_HEADER_BYTES + length;
      if (rest.length < end) break;
      yield { type, payload: rest.subarray(at + FRAME_HEADER_BYTES, end) };
      at = end;
    }
    rest = rest.subarray(at);
  }
  if (rest.length > 0) throw new Error('the connection ended within a frame');
}

export function frameHeader(type: number, length: number): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header.writeUInt8(type, 0);
  header.writeUInt32BE(length, 1);
  return header;
}
