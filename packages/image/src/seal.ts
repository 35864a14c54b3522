/**
 * The last step for every result: encrypts it, if it has recipients, and computes the hash of the file on
 * disk.
 */
import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import { encryptedOutput } from './encryption.js';

export interface SealedOutput {
  /** Takes the unencrypted data, and ends the output that it was made for. */
  stream: Writable;
  /** Returns the file's SHA-256 in lowercase hex, as `sha256sum` prints it. Call it once, at the end. */
  sha256: () => string;
  /** Bytes written to the file so far. */
  bytes: () => number;
}

/**
 * Wraps an output so that what is written to it is encrypted and hashed.
 * @throws {EncryptionError} if a recipient is invalid
 */
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
      // Without an error the output has already ended by itself, and its descriptor stays open for its owner.
      if (error !== null) output.destroy(error);
      done(error);
    },
  });
  output.on('error', (error) => stream.destroy(error));
  return { stream, sha256: () => hash.digest('hex'), bytes: () => bytes };
}
