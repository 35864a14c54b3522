/** Tells of a file, once it is written, what `sha256sum` will say of it. */
import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';

export interface DigestedOutput {
  /** Passes everything on to the output it was made for, and ends it. */
  stream: Writable;
  /** Of all that was written, in hexadecimal; to be asked for once, at the end. */
  sha256(): string;
}

export function digestedOutput(output: Writable): DigestedOutput {
  const hash = createHash('sha256');
  const stream = new Writable({
    highWaterMark: output.writableHighWaterMark,
    write(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      output.write(chunk, done);
    },
    final(done) {
      output.end(() => done());
    },
    destroy(error, done) {
      // Without an error the output has come to its own end, and its descriptor stays open for its owner.
      if (error !== null) output.destroy(error);
      done(error);
    },
  });
  output.on('error', (error) => stream.destroy(error));
  return { stream, sha256: () => hash.digest('hex') };
}
