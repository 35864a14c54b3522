/**
 * Writes frames to the kit's standard output. Never by process.stdout, which waits for a pipe's reader with the whole
 * process standing still: a connection that hangs must not keep the kit from watching memory, and from giving up.
 */
import { createWriteStream } from 'node:fs';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { FRAME, framed, framedMessage, LARGEST_FRAME, type FromKit } from './protocol.js';

export interface FrameOutput {
  message(message: FromKit): Promise<void>;
  /** Takes the result, in pieces of any size. */
  data: Writable;
}

/** @param onStall called when nobody has taken anything for `stallMs`, or will any more */
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

/** A pipe as a rule; with some container runtimes, a file. */
function openOutput(fd: number): Writable {
  try {
    return new Socket({ fd, readable: false, writable: true });
  } catch {
    return createWriteStream('', { fd });
  }
}
