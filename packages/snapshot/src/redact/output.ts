/** Bytes on their way out, in blocks that are handed over whole: a block is never written to again. */

export interface Output {
  /** The block being filled, and how far. Whoever writes has asked for {@link Output.room} first. */
  block: Uint8Array;
  at: number;
  /** Makes sure that so many bytes more have room in `block`; another `block` may stand there then. */
  room(bytes: number): void;
  byte(byte: number): void;
  /** ASCII only. */
  text(ascii: string): void;
  utf8(text: string): void;
  /** Copies `bytes[from]` to `bytes[to - 1]`. */
  copy(bytes: Uint8Array, from: number, to: number): void;
  /** What has been written since it was last asked. */
  take(): Uint8Array[];
}

const BLOCK_BYTES = 1 << 19;

export function openOutput(): Output {
  let full: Uint8Array[] = [];
  let from = 0;
  const output: Output = {
    block: Buffer.allocUnsafeSlow(BLOCK_BYTES),
    at: 0,
    room,
    byte,
    text,
    utf8,
    copy,
    take,
  };

  function room(bytes: number): void {
    if (output.at + bytes <= output.block.length) return;
    close();
    output.block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, bytes));
    output.at = from = 0;
  }

  function byte(byte: number): void {
    room(1);
    output.block[output.at++] = byte;
  }

  function text(ascii: string): void {
    room(ascii.length);
    for (let i = 0; i < ascii.length; i++) output.block[output.at++] = ascii.charCodeAt(i);
  }

  function utf8(content: string): void {
    const bytes = Buffer.from(content);
    copy(bytes, 0, bytes.length);
  }

  function copy(bytes: Uint8Array, start: number, end: number): void {
    while (start < end) {
      room(1);
      const part = bytes.subarray(start, Math.min(end, start + output.block.length - output.at));
      output.block.set(part, output.at);
      output.at += part.length;
      start += part.length;
    }
  }

  function close(): void {
    if (output.at > from) full.push(output.block.subarray(from, output.at));
    from = output.at;
  }

  function take(): Uint8Array[] {
    close();
    const taken = full;
    full = [];
    return taken;
  }

  return output;
}
