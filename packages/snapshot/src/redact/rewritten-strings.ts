/**
 * The strings of a snapshot on their way through, each in the forms it is used in: as a name, which is kept if
 * the rules say so, and as a value, of which no more is left than its length and a keyed hash.
 */
import type { StringTaker } from '../format/strings-section.js';
import type { CompiledRedaction } from './compiled.js';
import type { NameRules } from './name-rules.js';
import type { Output } from './output.js';
import type { StringRecords } from './string-records.js';
import type { Block } from './string-blocks.js';
import { USE } from './string-uses.js';

export interface StringRewriter extends StringTaker {
  /** Behind the last string. */
  close(): void;
  /** Strings that were taken. */
  readonly count: number;
}

export interface StringsToRewrite {
  /** How many a string has, see {@link FORM}. */
  forms: number;
  records: StringRecords;
  compiled: CompiledRedaction;
  rules: NameRules;
  output: Output;
}

/** What JSON writes as it is. */
const PLAIN = /^[ !#-[\]-~]*$/;
/** More than what becomes of the strings of one window, which at worst are empty ones. */
const TEXTS_A_WINDOW = 1 << 22;

export function stringRewriter({
  forms,
  records,
  compiled,
  rules,
  output,
}: StringsToRewrite): StringRewriter {
  const { INPUT, OUTPUT, NOTHING, ALL } = compiled.layout;
  compiled.rules = { shownName, shownValue };
  const used = records.used();
  let block = begun(0);
  /** The chunk that is in the compiled part's window. */
  let inWindow: Uint8Array | null = null;

  /** More than one string, where others follow. Chunks fit in the window. */
  function take(chunk: Uint8Array, at: number): number {
    if (chunk !== inWindow) {
      compiled.bytes.set(chunk, INPUT);
      inWindow = chunk;
    }
    if (compiled.stringsTaken() === block.to) nextBlock();
    compiled.reach((compiled.textsEnd.value >>> 0) + TEXTS_A_WINDOW);
    return compiled.takeStrings(INPUT + at, INPUT + chunk.length, forms, block.to, records.room) - INPUT;
  }

  function shownName(uses: number, at: number, length: number, units: number): number {
    const text = decoded(at, length, units);
    return text === null ? NOTHING : asShown(text, rules.shown(text, uses));
  }

  /** Of a value that may be read, as few may: a word of V8's, or the name of a script, which modules are known by. */
  function shownValue(uses: number, at: number, length: number, units: number): number {
    const text = decoded(at, length, units);
    if (text === null) return NOTHING;
    if ((uses & USE.number) !== 0 && rules.isWord(text)) return ALL;
    return (uses & USE.code) === 0 ? NOTHING : asShown(text, rules.scriptPath(text));
  }

  function asShown(text: string, shown: string | null): number {
    if (shown === null) return NOTHING;
    return shown === text ? ALL : compiled.bytes.write(jsonOf(shown), OUTPUT, 'latin1');
  }

  /** Null for a text with an escape that JSON does not know: it is nobody's name. */
  function decoded(at: number, length: number, units: number): string | null {
    // As many units as bytes: nothing but ASCII, and no escapes.
    if (units === length) return compiled.bytes.toString('latin1', at, at + length);
    const text = compiled.bytes.toString('utf8', at, at + length);
    if (!text.includes('\\')) return text;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      return null;
    }
  }

  function begun(index: number): Block {
    const next = records.blockOf(index);
    // So that all slots of the block are known.
    if (next.from < used) records.slotOf(next.from);
    const at = records.end;
    compiled.reach(at + compiled.bytesOfPlaces(next.to - next.from, forms));
    compiled.beginTexts(next.from, next.to, forms, at);
    return next;
  }

  function nextBlock(): void {
    write(block.to);
    block = begun(compiled.stringsTaken());
  }

  /** All forms of the slots in the block up to `to`. */
  function write(to: number): void {
    for (let slot = block.from; slot < to;) {
      slot = compiled.writeTexts(slot, to);
      output.copy(compiled.bytes, OUTPUT, compiled.textsOutputEnd.value);
    }
  }

  function close(): void {
    // Values have moved within the block: not only to where there was a string.
    write(compiled.lastText(compiled.stringsTaken(), block.to));
  }

  return {
    take,
    close,
    get count() {
      return compiled.stringsTaken();
    },
  };
}

function jsonOf(text: string): string {
  if (PLAIN.test(text)) return text;
  return JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
