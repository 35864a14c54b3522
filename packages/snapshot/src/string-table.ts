/**
 * The strings of a snapshot, kept as the bytes of their JSON and decoded when asked for: most of them never
 * are, and all of them together may be more than one JavaScript string can hold.
 */

export interface StringTable {
  readonly count: number;
  /** Bytes of JSON they take, quotes not counted. */
  readonly bytes: number;
  /** The string at `index`; the empty string when there is none. */
  get(index: number): string;
  /** Indexes of the strings with exactly this content; mostly one or none. */
  find(content: string): number[];
  /** Whether the JSON of the string at `index` begins with a digit and has `content` (ASCII) in it. */
  numberedWith(index: number, content: Buffer): boolean;
}

export interface StringTableBuilder {
  /** Bytes of the string that is being read. */
  append(chunk: Uint8Array, from: number, to: number): void;
  /** Ends the string that is being read. */
  end(): void;
  build(): StringTable;
}

const BLOCK_BYTES = 1 << 25;
const BACKSLASH = 0x5c;

export function buildStringTable(): StringTableBuilder {
  const blocks: Uint8Array[] = [];
  let ends = new Float64Array(1 << 16);
  let count = 0;
  let bytes = 0;

  function append(chunk: Uint8Array, from: number, to: number): void {
    while (from < to) {
      const used = bytes % BLOCK_BYTES;
      if (used === 0) blocks.push(new Uint8Array(BLOCK_BYTES));
      const length = Math.min(to - from, BLOCK_BYTES - used);
      blocks[blocks.length - 1].set(chunk.subarray(from, from + length), used);
      from += length;
      bytes += length;
    }
  }

  function end(): void {
    if (count === ends.length) {
      const larger = new Float64Array(ends.length * 2);
      larger.set(ends);
      ends = larger;
    }
    ends[count++] = bytes;
  }

  return { append, end, build: () => stringTable(blocks, ends.slice(0, count)) };
}

/** `ends[i]` is where the string i ends, counted through all blocks, each of which has {@link BLOCK_BYTES}. */
function stringTable(blocks: Uint8Array[], ends: Float64Array): StringTable {
  const bytes = ends.length > 0 ? ends[ends.length - 1] : 0;
  const startOf = (index: number): number => (index === 0 ? 0 : ends[index - 1]);

  function json(index: number): Buffer {
    const start = startOf(index);
    const end = ends[index];
    const parts: Buffer[] = [];
    for (let at = start; at < end;) {
      const block = Math.floor(at / BLOCK_BYTES);
      const until = Math.min(end, (block + 1) * BLOCK_BYTES);
      const { buffer, byteOffset } = blocks[block];
      parts.push(Buffer.from(buffer, byteOffset + (at - block * BLOCK_BYTES), until - at));
      at = until;
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  }

  function get(index: number): string {
    return index >= 0 && index < ends.length ? decode(json(index)) : '';
  }

  function find(content: string): number[] {
    const wanted = Buffer.from(JSON.stringify(content).slice(1, -1));
    const found: number[] = [];
    for (let index = 0; index < ends.length; index++) {
      if (ends[index] - startOf(index) === wanted.length && json(index).equals(wanted)) found.push(index);
    }
    return found;
  }

  function numberedWith(index: number, content: Buffer): boolean {
    const start = startOf(index);
    if (ends[index] - start <= content.length) return false;
    const first = blocks[Math.floor(start / BLOCK_BYTES)][start % BLOCK_BYTES];
    return first >= 0x30 && first <= 0x39 && json(index).includes(content);
  }

  return { count: ends.length, bytes, get, find, numberedWith };
}

function decode(json: Buffer): string {
  const text = json.toString('utf8');
  if (!json.includes(BACKSLASH)) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text; // an escape that JSON does not know: shown as it stands
  }
}
