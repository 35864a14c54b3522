/**
 * The strings of a snapshot on their way through, each in the forms it is used in: as a name, which is kept if
 * the rules say so, and as a value, of which no more is left than its length and a keyed hash.
 */
import type { StringTaker } from '../strings-section.js';
import type { CompiledRedaction } from './compiled.js';
import type { NameRules } from './name-rules.js';
import type { Output } from './output.js';
import type { StringRecords } from './string-records.js';
import type { Block } from './string-blocks.js';
import { FORM, SHOWN_USES, USE, VALUE_USES } from './string-uses.js';

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
  const { INPUT, OUTPUT, HELD, LONGEST_NAME, NAME_KIND } = compiled.layout;
  compiled.decide = decide;
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

  /** Sets the texts of a string that is used in these ways, and not only as content. */
  function decide(index: number, uses: number, at: number, length: number, units: number): void {
    const isLong = length > LONGEST_NAME;
    const hashString = (): unknown => compiled.hashText(at, at + length);
    // What is in several chunks has its hash by now, but only the beginning is still there.
    if (isLong && at !== HELD) hashString();
    const text = isLong ? null : decoded(at, length, units);
    const slot = records.slotOf(index);
    const nameUses = uses & ~(VALUE_USES | (forms > FORM.property ? USE.property : 0));

    const set = (form: number, slot: number, shown: string): void => {
      if (shown === text) compiled.setText(form, slot, at, at + length);
      else {
        const bytes = compiled.bytes.write(jsonOf(shown), OUTPUT, 'latin1');
        compiled.setText(form, slot, OUTPUT, OUTPUT + bytes);
      }
    };
    const setMaskedName = (form: number, slot: number): void => {
      if (!isLong) hashString();
      compiled.setMasked(form, slot, NAME_KIND, units);
    };

    if ((uses & VALUE_USES) !== 0 && (uses & SHOWN_USES) !== 0) {
      const shown = text === null ? null : shownValue(text, uses);
      if (shown !== null) set(FORM.value, slot, shown);
      else compiled.setMasked(FORM.value, slot, compiled.kindOf(uses), units);
    }
    if (nameUses !== 0) {
      const shown = text === null ? null : rules.shown(text, nameUses);
      if (shown !== null) set(FORM.name, index, shown);
      else setMaskedName(FORM.name, index);
    }
    if (forms > FORM.property && (uses & USE.property) !== 0) {
      if (text !== null && rules.isKnown(text)) set(FORM.property, slot, text);
      else setMaskedName(FORM.property, slot);
    }
  }

  /** Null for a value that is not to be read, as nearly all are not. */
  function shownValue(text: string, uses: number): string | null {
    if ((uses & USE.number) !== 0 && rules.isWord(text)) return text;
    // The name of a script, where that stands in clear: modules are known by it.
    return (uses & USE.code) === 0 ? null : rules.scriptPath(text);
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
