/**
 * Follows the JSON document of a snapshot as its bytes arrive: a header, then sections. It only finds where
 * each section begins; the caller reads the contents.
 */
import { malformed, notASnapshot, truncated, unexpected } from './format-error.js';
import { MAX_HEADER_BYTES } from './header.js';
import { isSpace, type Section } from './section.js';

export interface DocumentParts {
  /** Receives the JSON value of `snapshot`, which begins at byte `start`, before any section. */
  header(json: string, start: number): void;
  /**
   * Returns the reader for the section whose name is at byte `start`; null skips the section, whatever its
   * value.
   */
  section(key: string, start: number): Section | null;
}

export interface DocumentReader {
  /**
   * Processes the next chunk.
   * @throws {SnapshotFormatError}
   */
  push(chunk: Uint8Array): void;
  /**
   * Ends the document.
   * @throws {SnapshotFormatError} if it is incomplete
   */
  end(): DocumentEnd;
}

export interface DocumentEnd {
  /** Number of bytes after the end of the document, not counting white space. */
  trailingBytes: number;
  /** Size of the whole file. */
  bytes: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;

const MAX_KEY_BYTES = 256;

/** Processes bytes from `at` on and returns where it stopped: at the chunk's end, or after what it reads. */
type Part = (chunk: Uint8Array, at: number) => number;

/** Creates a reader for one document: pass all chunks in order, then call `end`. */
// eslint-disable-next-line max-lines-per-function -- one state machine over bytes: its states are its locals
export function readDocument(parts: DocumentParts): DocumentReader {
  /** Number of bytes in the earlier chunks. */
  let base = 0;
  let part: Part;
  /** What `part` reads, for the error if nothing follows. */
  let expected: string;
  let hasHeader = false;
  const seen = new Set<string>();
  let trailingBytes = 0;
  let done = false;

  next('the beginning of a snapshot', (chunk, at) => {
    at = afterSpace(chunk, at);
    if (at === chunk.length) return at;
    if (chunk[at] !== OPEN_BRACE) throw notASnapshot(base + at, 'it does not begin as one');
    expectKey();
    return at + 1;
  });

  function push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) at = part(chunk, at);
    base += chunk.length;
  }

  function next(what: string, then: Part): void {
    expected = what;
    part = then;
  }

  /** Expects white space, then the given byte; then calls `then` with the offset after it. */
  function nextByte(byte: number, what: string, then: (offset: number) => void): void {
    next(what, (chunk, at) => {
      at = afterSpace(chunk, at);
      if (at === chunk.length) return at;
      if (chunk[at] !== byte) throw unexpected(chunk[at], base + at, what);
      then(base + at + 1);
      return at + 1;
    });
  }

  function expectKey(): void {
    nextByte(QUOTE, 'the name of a section', () => {
      const name: number[] = [];
      next('the name of a section', (chunk, at) => {
        for (; at < chunk.length; at++) {
          if (chunk[at] === QUOTE) {
            const key = String.fromCharCode(...name);
            const start = base + at - name.length - 1;
            nextByte(COLON, `a colon after ${JSON.stringify(key)}`, () => expectSection(key, start));
            return at + 1;
          }
          name.push(chunk[at]);
          if (name.length > MAX_KEY_BYTES) throw malformed(base + at, 'the name of a section does not end');
        }
        return at;
      });
    });
  }

  /** Expects the section whose name begins at byte `start`. */
  function expectSection(key: string, start: number): void {
    if (key === 'snapshot') {
      if (hasHeader) throw malformed(start, 'there are two sections snapshot');
      expectHeader();
      return;
    }
    if (!hasHeader) {
      throw notASnapshot(start, `its first section is ${JSON.stringify(key)} instead of "snapshot"`);
    }
    if (seen.has(key)) throw malformed(start, `there are two sections ${key}`);
    seen.add(key);
    const section = parts.section(key, start);
    if (section === null) expectAny(key);
    else expectArray(key, section);
  }

  function expectNextKey(): void {
    next('the next section', (chunk, at) => {
      at = afterSpace(chunk, at);
      if (at === chunk.length) return at;
      if (chunk[at] === COMMA) expectKey();
      else if (chunk[at] === CLOSE_BRACE) {
        done = true;
        next('nothing', trailing);
      } else throw unexpected(chunk[at], base + at, 'a comma or the end of the snapshot');
      return at + 1;
    });
  }

  function trailing(chunk: Uint8Array, at: number): number {
    for (; at < chunk.length; at++) if (!isSpace(chunk[at])) trailingBytes++;
    return at;
  }

  function expectHeader(): void {
    const bytes: number[] = [];
    let start = -1;
    const value = anyValue((byte, offset) => {
      if (bytes.length === 0) start = offset;
      bytes.push(byte);
      if (bytes.length > MAX_HEADER_BYTES) throw notASnapshot(start, 'its header does not end');
    });
    next('the header', (chunk, at) => {
      const { end, whole } = value(chunk, at);
      if (!whole) return end;
      hasHeader = true;
      parts.header(Buffer.from(bytes).toString('utf8'), start);
      expectNextKey();
      return end;
    });
  }

  function expectAny(key: string): void {
    const value = anyValue(() => undefined);
    next(`the section ${key}`, (chunk, at) => {
      const { end, whole } = value(chunk, at);
      if (whole) expectNextKey();
      return end;
    });
  }

  /** Follows one JSON value to its end; it distinguishes only strings and brackets. */
  function anyValue(
    see: (byte: number, offset: number) => void,
  ): (chunk: Uint8Array, at: number) => { end: number; whole: boolean } {
    let depth = 0;
    let inString = false;
    let escaped = false;
    return (chunk, at) => {
      for (; at < chunk.length; at++) {
        const byte = chunk[at];
        if (depth === 0 && !inString && (byte === COMMA || byte === CLOSE_BRACE)) {
          return { end: at, whole: true };
        }
        see(byte, base + at);
        if (inString) {
          if (escaped) escaped = false;
          else if (byte === BACKSLASH) escaped = true;
          else if (byte === QUOTE) inString = false;
        } else if (byte === QUOTE) inString = true;
        else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
        else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
        if (depth < 0) throw unexpected(byte, base + at, 'a value');
      }
      return { end: at, whole: false };
    };
  }

  function expectArray(key: string, section: Section): void {
    nextByte(OPEN_BRACKET, 'an opening bracket', () =>
      next(`the end of the section ${key}`, (chunk, at) => {
        const end = section.push(chunk, at, base);
        if (section.closed) expectNextKey();
        return end;
      }),
    );
  }

  function end(): DocumentEnd {
    if (!done) throw truncated(base, expected);
    return { trailingBytes, bytes: base };
  }

  return { push, end };
}

function afterSpace(chunk: Uint8Array, at: number): number {
  while (at < chunk.length && isSpace(chunk[at])) at++;
  return at;
}
