/**
 * Reads the beginning of a memory image (an ELF core file, docs/image-format.md): enough to know what it
 * is, how big it will be and what developing it will need, before the rest has arrived.
 */

/** The JSON note inside each image. Sizes in bytes. */
export interface ImageMetadata {
  format: 1;
  /** The application's name, as in the snapshot's file name. */
  name: string;
  pid: number;
  nodeVersion: string;
  v8Version: string;
  /** `process.versions.modules`. */
  modules: string;
  platform: string;
  arch: string;
  /** ISO 8601, UTC. */
  capturedAt: string;
  heap: { used: number; total: number; limit: number; external: number; arrayBuffers: number };
  rss: number;
}

export interface ImageHeader {
  metadata: ImageMetadata;
  /** Bytes of the whole, uncompressed image. */
  imageBytes: number;
  /** Bytes of memory content in it. */
  residentBytes: number;
}

/** An image whose header has been read; `chunks` yields all of it, header included. */
export interface ImageStream {
  header: ImageHeader;
  chunks: AsyncIterable<Uint8Array>;
}

/** Not an image, or not one that can be developed here. `code` is stable, `message` for people. */
export class ImageError extends Error {
  override name = 'ImageError';
  constructor(
    readonly code: 'not-an-image' | 'truncated' | 'corrupt' | 'wrong-architecture' | 'unsupported-format',
    message: string,
  ) {
    super(message);
  }
}

/**
 * Reads the header and hands the stream on, nothing lost.
 * @throws {ImageError}
 */
export function readImage(_source: AsyncIterable<Uint8Array>): Promise<ImageStream> {
  return Promise.reject(new ImageError('not-an-image', 'not built yet'));
}

/** Bytes of memory that developing this image takes at its peak, estimated from its heap statistics. */
export function developNeedBytes(header: ImageHeader): number {
  return header.residentBytes + 13 * header.metadata.heap.used;
}
