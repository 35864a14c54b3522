/**
 * The strings of a snapshot on their way through, each in the forms it is used in: as a name, which is kept if
 * the rules say so, and as a value, of which no more is left than its length and a keyed hash.
 */
import type { StringTaker } from '../strings-section.js';
import { formTexts, type FormTexts } from './form-texts.js';
import type { KeyedHash } from './keyed-hash.js';
import { setMasked, type MaskedKind } from './masked-text.js';
import type { NameRules } from './name-rules.js';
import type { Output } from './output.js';
import type { StringRecords } from './string-records.js';
import type { Block } from './string-slots.js';
import { USE, VALUE_USES } from './string-uses.js';

/** How the forms follow each other in the output; a property has one of its own where there are three. */
export const FORM = { name: 0, value: 1, property: 2 } as const;

export interface StringRewriter extends StringTaker {
  /** Behind the last string. */
  close(): void;
  /** Strings that were taken. */
  readonly count: number;
}

export interface StringsToRewrite {
  forms: number;
  records: StringRecords;
  hash: KeyedHash;
  rules: NameRules;
  output: Output;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
/** What JSON writes as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;
/** A longer one is data, whatever it is made of. In bytes of JSON. */
const LONGEST_NAME = 2048;
/** The content of these is never looked at, and they are most. */
const CONTENT_USES = USE.value | USE.regexp;

export function stringRewriter(work: StringsToRewrite): StringRewriter {
  const { forms, records, hash, rules, output } = work;
  const texts: FormTexts[] = Array.from({ length: forms }, formTexts);
  /** A string that the last chunk ended in. */
  const held = new Uint8Array(LONGEST_NAME);
  let block = records.blockOf(0);
  texts.forEach((form) => form.begin(block));
  let index = 0;
  let written = 0;

  // Of the string being taken:
  let begun = false;
  let use = 0;
  let bytes = 0;
  /** UTF-16 units, which is what JavaScript counts a string's length in. */
  let units = 0;
  let escaped = false;
  /** Hexadecimal digits of an escape still to come. */
  let hexDigits = 0;

  function take(chunk: Uint8Array, at: number): number {
    if (!begun) begin();
    const start = at;
    for (; at < chunk.length; at++) {
      const byte = chunk[at];
      if (hexDigits > 0) hexDigits--;
      else if (escaped) {
        escaped = false;
        if (byte === LETTER_U) hexDigits = 4;
      } else if (byte === QUOTE) break;
      else {
        if (byte === BACKSLASH) escaped = true;
        // Not the bytes that continue a character of UTF-8; one of four bytes has two units.
        if (byte < 0x80 || byte >= 0xc0) units += byte >= 0xf0 ? 2 : 1;
      }
    }
    const isWhole = at < chunk.length && bytes === 0;
    if ((use & VALUE_USES) !== 0 || !isWhole) hash.update(chunk, start, at);
    if (!isWhole && bytes + at - start <= LONGEST_NAME) held.set(chunk.subarray(start, at), bytes);
    bytes += at - start;
    if (isWhole) end(chunk, start);
    else if (at < chunk.length) end(held, 0);
    return at;
  }

  function begin(): void {
    begun = true;
    if (index === block.to) nextBlock();
    use = records.usesOf(index);
    bytes = units = hexDigits = 0;
    escaped = false;
    hash.begin();
  }

  /** The string lies in `json` from `start` on, unless it is too long to be a name. */
  function end(json: Uint8Array, start: number): void {
    begun = false;
    // Its hash is known by now, but where it may not be needed.
    if ((use & VALUE_USES) !== 0 || json === held) hash.end();
    if ((use & ~CONTENT_USES) === 0) {
      if (use !== 0) setMasked(texts[FORM.value], records.slotOf(index), kindOf(use), units, hash);
    } else if (bytes > LONGEST_NAME) {
      if (json !== held) hashAll(json, start);
      setForms(null, json, start);
    } else setForms(decoded(json, start, start + bytes), json, start);
    index++;
  }

  function hashAll(json: Uint8Array, start: number): void {
    hash.begin();
    hash.update(json, start, start + bytes);
    hash.end();
  }

  /** `text` is null for what cannot be a name. */
  function setForms(text: string | null, json: Uint8Array, start: number): void {
    const slot = records.slotOf(index);
    const nameUses = use & ~(VALUE_USES | (forms > FORM.property ? USE.property : 0));
    if ((use & VALUE_USES) !== 0) {
      const shown = text === null ? null : shownValue(text);
      if (shown === null) setMasked(texts[FORM.value], slot, kindOf(use), units, hash);
      else setShown(texts[FORM.value], slot, shown, text, json, start);
    }
    if (nameUses !== 0) {
      const shown = text === null ? null : rules.shown(text, nameUses);
      if (shown === null) setMaskedName(texts[FORM.name], index, json, start);
      else setShown(texts[FORM.name], index, shown, text, json, start);
    }
    if (forms > FORM.property && (use & USE.property) !== 0) {
      if (text !== null && rules.isKnown(text)) texts[FORM.property].set(slot, json, start, start + bytes);
      else setMaskedName(texts[FORM.property], slot, json, start);
    }
  }

  function setMaskedName(form: FormTexts, slot: number, json: Uint8Array, start: number): void {
    if (bytes <= LONGEST_NAME) hashAll(json, start);
    setMasked(form, slot, 'name', units, hash);
  }

  function setShown(
    form: FormTexts,
    slot: number,
    shown: string,
    text: string | null,
    json: Uint8Array,
    start: number,
  ): void {
    if (shown === text) {
      form.set(slot, json, start, start + bytes);
      return;
    }
    const ascii = jsonOf(shown);
    form.set(slot, ascii, 0, ascii.length);
  }

  /** Null for a value that is not to be read, as nearly all are not. */
  function shownValue(text: string): string | null {
    if ((use & USE.number) !== 0 && rules.isWord(text)) return text;
    // The name of a script, where that stands in clear: modules are known by it.
    return (use & USE.code) === 0 ? null : rules.scriptPath(text);
  }

  function nextBlock(): void {
    write(block, block.to);
    block = records.blockOf(index);
    texts.forEach((form) => form.begin(block));
  }

  /** All forms of the slots in the block up to `to`. */
  function write({ from }: Block, to: number): void {
    for (let slot = from; slot < to; slot++) {
      const at = slot - from;
      for (const form of texts) {
        const length = form.to[at] - form.from[at];
        output.room(length + 4);
        const { block: target } = output;
        // The first is behind the bracket.
        if (written++ > 0) {
          target[output.at++] = COMMA;
          target[output.at++] = NEWLINE;
        }
        target[output.at++] = QUOTE;
        if (length > 0) output.copy(form.bytes, form.from[at], form.to[at]);
        target[output.at++] = QUOTE;
      }
    }
  }

  function close(): void {
    // Values have moved within the block: not only to where there was a string.
    let to = index;
    for (const form of texts) {
      for (let at = block.to - block.from; at > to - block.from; at--) {
        if (form.to[at - 1] === 0) continue;
        to = block.from + at;
        break;
      }
    }
    write(block, to);
  }

  return {
    take,
    close,
    get count() {
      return index;
    },
  };
}

function kindOf(use: number): MaskedKind {
  return (use & USE.value) !== 0 ? 'string' : (use & USE.regexp) !== 0 ? 'regexp' : 'number';
}

function jsonOf(text: string): Uint8Array {
  if (PLAIN.test(text)) return Buffer.from(text, 'latin1');
  const ascii = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return Buffer.from(ascii, 'latin1');
}

function decoded(json: Uint8Array, from: number, to: number): string | null {
  const text = Buffer.from(json.buffer, json.byteOffset + from, to - from).toString('utf8');
  if (!text.includes('\\')) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return null; // an escape that JSON does not know: nobody's name
  }
}
