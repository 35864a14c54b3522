/**
 * Tells whether a JSON stream, cut at an arbitrary byte, was cut inside a string. Reads almost nothing of it:
 * a quote whose neighbour on the left could not precede an opening one closes a string for certain, so the
 * last such quote of a chunk is a safe place to start from.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** What can stand left of a quote that opens a string, or of one that is escaped inside it. */
const BEFORE_OPENING_OR_ESCAPED = new Set(Buffer.from(',[{:\\ \n\r\t'));

export interface StringTracker {
  push(chunk: Uint8Array): void;
  /** Whether the bytes so far end inside a string. */
  readonly inString: boolean;
}

export function trackStrings(): StringTracker {
  let inString = false;
  let escaped = false; // the bytes so far end with a backslash that escapes what comes next
  let lastByte = BACKSLASH; // of the chunk before; at the start of the stream nothing can be closed

  function push(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const closing = lastCertainlyClosing(bytes, lastByte);
    if (closing >= 0) inString = escaped = false;
    follow(bytes, closing + 1);
    lastByte = bytes[bytes.length - 1] ?? lastByte;
  }

  /** Goes from quote to quote, from `start`, where the state is known, to the end. */
  function follow(bytes: Buffer, start: number): void {
    for (let from = start; ;) {
      const quote = bytes.indexOf(QUOTE, from);
      const end = quote < 0 ? bytes.length : quote;
      if (inString) escaped = endsEscaped(bytes, from, end, escaped);
      if (quote < 0) return;
      if (!escaped) inString = !inString;
      escaped = false;
      from = quote + 1;
    }
  }

  return {
    push,
    get inString() {
      return inString;
    },
  };
}

function lastCertainlyClosing(bytes: Buffer, byteBefore: number): number {
  let quote = bytes.lastIndexOf(QUOTE);
  while (quote > 0) {
    if (!BEFORE_OPENING_OR_ESCAPED.has(bytes[quote - 1] ?? 0)) return quote;
    quote = bytes.lastIndexOf(QUOTE, quote - 1);
  }
  return quote === 0 && !BEFORE_OPENING_OR_ESCAPED.has(byteBefore) ? 0 : -1;
}

/** Whether the byte at `end` is escaped, `escapedBefore` telling the same of the byte at `from`. */
function endsEscaped(bytes: Buffer, from: number, end: number, escapedBefore: boolean): boolean {
  let first = end;
  while (first > from && bytes[first - 1] === BACKSLASH) first--;
  const odd = (end - first) % 2 === 1;
  return first === from && escapedBefore ? !odd : odd;
}
