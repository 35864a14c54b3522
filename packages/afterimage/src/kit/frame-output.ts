/**
 * Writes frames to the kit's standard output. Not through process.stdout, which blocks the whole process
 * until a pipe is read: on a hanging connection the kit must still watch memory and give up.
 */
import { createWriteStream } from 'node:fs';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { FRAME, framed, framedMessage, LARGEST_FRAME, type FromKit } from './protocol.js';

export interface FrameOutput {
  message(message: FromKit): Promise<void>;
  /** Accepts the result in pieces of any size. */
  data: Writable;
}

/**
 * Creates the output.
 * @param onStall called if nothing was read for `stallMs`, or the reader has ended
 */
export function frameOutput(fd: number, stallMs: number, onStall: () => void): FrameOutput {
  const output = openOutput(fd);
  output.on('error', onStall);
  const write = ([header, payload]: [Uint8Array, Uint8Array]): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(onStall, stallMs);
      output.write(header);
      output.write(payload, (error) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      });
    });
  const data = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      const pieces: Promise<void>[] = [];
      for (let at = 0; at < chunk.length; at += LARGEST_FRAME)
        pieces.push(write(framed(FRAME.data, chunk.subarray(at, at + LARGEST_FRAME))));
      Promise.all(pieces).then(() => done(), done);
    },
  });
  return { message: (message) => write(framedMessage(message)), data };
}

/** Usually a pipe; with some container runtimes, a file. */
function openOutput(fd: number): Writable {
  try {
    return new Socket({ fd, readable: false, writable: true });
  } catch {
    return createWriteStream('', { fd });
  }
}
