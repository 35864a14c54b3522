/**
 * The last step before a result's file: compresses according to the file's name, then encrypts and hashes.
 */
import { ENCRYPTED_ENDING } from '@afterimage/image/encryption';
import { frameCompressor, type CompressFrame } from '@afterimage/image/frames';
import { sealedOutput, type SealedOutput } from '@afterimage/image/seal';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as zlib from 'node:zlib';

export type Compression = 'gzip' | 'zstd';

const CHUNK_BYTES = 64 * 1024;
/** Of what is compressed at once where Node.js has no zstd. */
const FRAME_BYTES = 1 << 20;
/** ZSTD_c_compressionLevel */
const ZSTD_LEVEL = 100;

type CreateZstd = (options: { chunkSize: number; params: Record<number, number> }) => Transform;
/** Node has zstd from 22.15 and 23.8 on. */
const createZstd = (zlib as { createZstdCompress?: CreateZstd }).createZstdCompress;

/** Detects the compression by the extension before that of encryption: `x.heapsnapshot.zst.age`. */
export function compressionOf(path: string): Compression | null {
  const plain = path.endsWith(ENCRYPTED_ENDING) ? path.slice(0, -ENCRYPTED_ENDING.length) : path;
  if (/\.gz$/i.test(plain)) return 'gzip';
  return /\.zst$/i.test(plain) ? 'zstd' : null;
}

/**
 * Wraps the output.
 * @param path the result's name
 * @throws {EncryptionError} if a recipient is invalid
 */
export async function sealedResult(
  output: Writable,
  path: string,
  recipients: readonly string[],
): Promise<SealedOutput> {
  const sealed = await sealedOutput(output, recipients);
  const compression = compressionOf(path);
  if (compression === null) return sealed;
  return { ...sealed, stream: await compressedOutput(sealed.stream, compression) };
}

/** Returns a stream that compresses into `output` and ends it. */
export async function compressedOutput(output: Writable, compression: Compression): Promise<Writable> {
  const transform = await compressor(compression);
  const done = pipeline(transform, output);
  const input = new Writable({
    write(chunk: Uint8Array, _encoding, callback) {
      transform.write(chunk, callback);
    },
    final(callback) {
      transform.end();
      done.then(() => callback(), callback);
    },
    destroy(error, callback) {
      if (error !== null) transform.destroy(error);
      callback(error);
    },
  });
  done.catch((error: unknown) => input.destroy(error as Error));
  return input;
}

/** Uses level 1 of either method, which is as fast as V8 writes. */
async function compressor(compression: Compression): Promise<Transform> {
  if (compression === 'gzip') return zlib.createGzip({ level: 1, chunkSize: CHUNK_BYTES });
  return createZstd?.({ chunkSize: CHUNK_BYTES, params: { [ZSTD_LEVEL]: 1 } }) ?? compiledZstd();
}

/**
 * For a Node.js without zstd: the C library compiled to WebAssembly, which compresses one block at a time.
 * Each block is a separate frame; a file may consist of several frames (RFC 8878, section 3.1).
 */
async function compiledZstd(): Promise<Transform> {
  const compress = await compiledFrames();
  let block: Uint8Array[] = [];
  let bytes = 0;
  const frame = (): Uint8Array => {
    const compressed = compress(Buffer.concat(block));
    [block, bytes] = [[], 0];
    return compressed;
  };
  return new Transform({
    writableHighWaterMark: CHUNK_BYTES,
    transform(chunk: Uint8Array, _encoding, callback) {
      block.push(chunk);
      bytes += chunk.length;
      if (bytes < FRAME_BYTES) callback();
      else callback(null, frame());
    },
    flush(callback) {
      callback(null, frame());
    },
  });
}

type Compress = (block: Uint8Array) => Uint8Array;

let compiled: Promise<Compress> | null = null;

/** Started once: what it compresses after a second `init` may be no frame. */
function compiledFrames(): Promise<Compress> {
  return (compiled ??= import('@bokuweb/zstd-wasm').then(async ({ init, compress }) => {
    await init();
    return (block) => compress(block, 1);
  }));
}

/** Compresses one frame of an image. */
export async function frameCompressorOf(compression: Compression): Promise<CompressFrame> {
  const native = frameCompressor(compression);
  if (native !== null) return native;
  const compress = await compiledFrames();
  return (block) => Promise.resolve(compress(block));
}
