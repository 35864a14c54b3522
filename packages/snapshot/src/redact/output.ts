/**
 * Collects output bytes in blocks that are passed on whole. A block is reused only after it has been
 * returned.
 */

export interface Output {
  byte(byte: number): void;
  /** Short ASCII text only. */
  text(ascii: string): void;
  utf8(text: string): void;
  /** Copies `bytes[from]` to `bytes[to - 1]`. */
  copy(bytes: Uint8Array, from: number, to: number): void;
  /** Returns the full blocks that were not taken yet. */
  take(): Uint8Array[];
  /** Also returns the content of the current block. */
  takeAll(): Uint8Array[];
  /** Returns a block for reuse, once nothing reads it. */
  reuse(block: Uint8Array): void;
}

const BLOCK_BYTES = 1 << 19;

export function openOutput(): Output {
  let full: Uint8Array[] = [];
  const free: ArrayBufferLike[] = [];
  let block: Uint8Array = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let at = 0;

  function byte(byte: number): void {
    room(1);
    block[at++] = byte;
  }

  function text(ascii: string): void {
    room(ascii.length);
    for (let i = 0; i < ascii.length; i++) block[at++] = ascii.charCodeAt(i);
  }

  function utf8(content: string): void {
    const bytes = Buffer.from(content);
    copy(bytes, 0, bytes.length);
  }

  function copy(bytes: Uint8Array, start: number, end: number): void {
    while (start < end) {
      room(1);
      const part = bytes.subarray(start, Math.min(end, start + BLOCK_BYTES - at));
      block.set(part, at);
      at += part.length;
      start += part.length;
    }
  }

  function room(bytes: number): void {
    if (at + bytes > BLOCK_BYTES) close();
  }

  function close(): void {
    full.push(block.subarray(0, at));
    const buffer = free.pop();
    block = buffer === undefined ? Buffer.allocUnsafeSlow(BLOCK_BYTES) : new Uint8Array(buffer);
    at = 0;
  }

  function take(): Uint8Array[] {
    const taken = full;
    full = [];
    return taken;
  }

  function takeAll(): Uint8Array[] {
    if (at > 0) close();
    return take();
  }

  function reuse({ buffer }: Uint8Array): void {
    free.push(buffer);
  }

  return { byte, text, utf8, copy, take, takeAll, reuse };
}
