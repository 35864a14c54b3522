/** The end of every result's way: encrypted for its recipients, if it has any, and hashed as it is on the disk. */
import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { encryptedOutput } from './encryption.js';

export interface SealedOutput {
  /** Takes everything in clear, and ends the output it was made for. */
  stream: Writable;
  /** Of the file, in hexadecimal, as `sha256sum` prints it; to be asked for once, at the end. */
  sha256: () => string;
  /** Of the file, so far. */
  bytes: () => number;
}

/** @throws {EncryptionError} when one of them is no recipient */
export async function sealedOutput(output: Writable, recipients: readonly string[]): Promise<SealedOutput> {
  const digested = digestedOutput(output);
  if (recipients.length === 0) return digested;
  return { ...digested, stream: await encryptedOutput(digested.stream, recipients) };
}

function digestedOutput(output: Writable): SealedOutput {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = new Writable({
    highWaterMark: output.writableHighWaterMark,
    write(chunk: Uint8Array, _encoding, done) {
      hash.update(chunk);
      bytes += chunk.length;
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
  return { stream, sha256: () => hash.digest('hex'), bytes: () => bytes };
}
