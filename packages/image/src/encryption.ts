/**
 * Encrypts to age recipients (https://age-encryption.org/v1). Capturing needs no secret; the holder of the
 * identity decrypts the result with `afterimage` or with `age`.
 */
import { PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { messageOf } from '@afterimage/host/errors';

/** Extension of encrypted files. */
export const ENCRYPTED_ENDING = '.age';

const MAGIC = Buffer.from('age-encryption.org/v1\n');
const ARMOR = Buffer.from('-----BEGIN AGE ENCRYPTED');
/** Number of bytes that tell whether a file is encrypted. */
export const MAGIC_BYTES = ARMOR.length;

/** A recipient or identity is invalid, or a file cannot be decrypted. */
export class EncryptionError extends Error {
  override name = 'EncryptionError';
}

type Age = typeof import('age-encryption');

/** This package contains the library (scripts/bundle-age.mjs), so that servers need not install it. */
async function age(): Promise<Age> {
  return (await import(new URL('../bundled/age.js', import.meta.url).href)) as Age;
}

/**
 * Checks age recipients.
 * @throws {EncryptionError} if one of them is invalid
 */
export async function checkRecipients(recipients: readonly string[]): Promise<void> {
  await encrypterFor(recipients);
}

async function encrypterFor(recipients: readonly string[]): Promise<InstanceType<Age['Encrypter']>> {
  const { Encrypter } = await age();
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (error) {
      // Don't print the text itself: it may be a secret identity, pasted by mistake.
      const hint = recipient.startsWith('AGE-SECRET-KEY') ? '; it is a secret identity' : '';
      throw new EncryptionError(
        `a recipient is not one of age's, such as age1…${hint} (${messageOf(error)})`,
        { cause: error },
      );
    }
  }
  return encrypter;
}

/**
 * Returns a stream that encrypts into `output` and ends it.
 * @throws {EncryptionError} if a recipient is invalid
 */
export async function encryptedOutput(output: Writable, recipients: readonly string[]): Promise<Writable> {
  const encrypter = await encrypterFor(recipients);
  const clear = new PassThrough();
  const encrypted = await encrypter.encrypt(Readable.toWeb(clear) as globalThis.ReadableStream<Uint8Array>);
  const done = pipeline(Readable.fromWeb(encrypted as unknown as ReadableStream), output);
  const input = new Writable({
    write(chunk: Uint8Array, _encoding, callback) {
      if (clear.write(chunk)) callback();
      else clear.once('drain', callback);
    },
    final(callback) {
      clear.end();
      done.then(() => callback(), callback);
    },
    destroy(error, callback) {
      if (error !== null) clear.destroy(error);
      callback(error);
    },
  });
  done.catch((error: unknown) => input.destroy(error as Error));
  return input;
}

/** Tells whether a file is encrypted, by its first {@link MAGIC_BYTES}. */
export function isEncrypted(beginning: Uint8Array): boolean {
  return startsWith(beginning, MAGIC) || startsWith(beginning, ARMOR);
}

/**
 * Tells whether a file is encrypted and then encoded as text (age's armor), which Afterimage does not read.
 */
export function isArmored(beginning: Uint8Array): boolean {
  return startsWith(beginning, ARMOR);
}

/**
 * Decrypts an age file.
 * @param identities the contents of identity files, as `age-keygen` writes them
 * @throws {EncryptionError} at once or while reading, if the file cannot be decrypted or was altered
 */
export async function decrypted(
  source: AsyncIterable<Uint8Array>,
  identities: readonly string[],
): Promise<AsyncIterable<Uint8Array>> {
  const decrypter = await decrypterFor(identities);
  try {
    const stream = Readable.toWeb(Readable.from(source, { objectMode: false }));
    const clear = await decrypter.decrypt(stream as globalThis.ReadableStream<Uint8Array>);
    return readToItsEnd(Readable.fromWeb(clear));
  } catch (error) {
    throw cannotDecrypt(error);
  }
}

/**
 * Returns the key that an age file's payload is derived from.
 * @param header the file's header with its MAC
 * @throws {EncryptionError} if none of the identities is for it, or it was altered
 */
export async function unwrapFileKey(header: Uint8Array, identities: readonly string[]): Promise<Uint8Array> {
  const decrypter = await decrypterFor(identities);
  try {
    return await decrypter.decryptHeader(header);
  } catch (error) {
    throw cannotDecrypt(error);
  }
}

async function decrypterFor(identities: readonly string[]): Promise<InstanceType<Age['Decrypter']>> {
  const { Decrypter } = await age();
  const decrypter = new Decrypter();
  for (const identity of identities.flatMap(identityLines)) {
    try {
      decrypter.addIdentity(identity);
    } catch (error) {
      throw new EncryptionError(
        `an identity is not one of age's, such as AGE-SECRET-KEY-1… (${messageOf(error)})`,
        { cause: error },
      );
    }
  }
  return decrypter;
}

async function* readToItsEnd(clear: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* clear;
  } catch (error) {
    throw cannotDecrypt(error);
  }
}

function identityLines(file: string): string[] {
  return file
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function cannotDecrypt(error: unknown): unknown {
  if (error instanceof Error && 'syscall' in error) return error;
  const why = messageOf(error);
  const reason = /no identity matched/i.test(why)
    ? 'it is encrypted for other recipients: none of the given identities matches'
    : `it cannot be decrypted: it is cut off or was altered (${why}); copy it again, or capture again`;
  return new EncryptionError(reason, { cause: error });
}

function startsWith(bytes: Uint8Array, beginning: Buffer): boolean {
  return beginning.equals(bytes.subarray(0, beginning.length));
}
