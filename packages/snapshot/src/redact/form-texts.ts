/** The texts of one form of the strings in a block, kept until the block can be written: by slot, as JSON. */
import type { Block } from './string-slots.js';

export interface FormTexts {
  /** Empties it for another block. */
  begin(block: Block): void;
  /** The text of `slot` is `json[from]` to `json[to - 1]`. */
  set(slot: number, json: Uint8Array, from: number, to: number): void;
  /** Makes room for a text of so many bytes; it is to be written to `bytes` from the place returned on. */
  room(slot: number, length: number): number;
  /** The text of `slot` is `bytes[from[slot - block.from]]` up to `to[…]`; nothing where none was set. */
  bytes: Uint8Array;
  from: Uint32Array;
  to: Uint32Array;
}

export function formTexts(): FormTexts {
  const texts: FormTexts = {
    begin,
    set,
    room,
    bytes: new Uint8Array(1 << 16),
    from: new Uint32Array(0),
    to: new Uint32Array(0),
  };
  let first = 0;
  let used = 0;

  function begin(block: Block): void {
    first = block.from;
    used = 0;
    const size = block.to - block.from;
    if (size > texts.from.length) {
      texts.from = new Uint32Array(size);
      texts.to = new Uint32Array(size);
    } else {
      texts.from.fill(0);
      texts.to.fill(0);
    }
  }

  function room(slot: number, length: number): number {
    if (used + length > texts.bytes.length) {
      const longer = new Uint8Array(Math.max(2 * texts.bytes.length, used + length));
      longer.set(texts.bytes.subarray(0, used));
      texts.bytes = longer;
    }
    const at = used;
    texts.from[slot - first] = at;
    used += length;
    texts.to[slot - first] = used;
    return at;
  }

  function set(slot: number, json: Uint8Array, from: number, to: number): void {
    let at = room(slot, to - from);
    for (const { bytes } = texts; from < to; from++) bytes[at++] = json[from];
  }

  return texts;
}
