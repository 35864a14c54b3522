/**
 * Rewrites the strings of a snapshot in each form in which they are used: as a name, which is kept if the
 * rules allow it, and as a value, of which only length and a keyed hash stay.
 */
import type { StringTaker } from '../format/strings-section.js';
import type { CompiledRedaction } from './compiled.js';
import type { NameRules } from './name-rules.js';
import { MASK } from './masked-text.js';
import type { Output } from './output.js';
import type { StringRecords } from './string-records.js';
import type { Block } from './string-blocks.js';
import { USE } from './string-uses.js';

export interface StringRewriter extends StringTaker {
  /** Called after the last string. */
  close(): void;
  /** Number of strings processed. */
  readonly count: number;
}

export interface StringsToRewrite {
  /** Number of forms per string, see {@link FORM}. */
  forms: number;
  records: StringRecords;
  compiled: CompiledRedaction;
  rules: NameRules;
  output: Output;
  /** Whether the snapshot says that it was redacted before: what that left of its texts stays. */
  wasRedacted: boolean;
}

/** Text that JSON does not escape. */
const PLAIN = /^[ !#-[\]-~]*$/;
/** More than the strings of one window can become, even if all are empty. */
const TEXTS_A_WINDOW = 1 << 22;

export function stringRewriter({
  forms,
  records,
  compiled,
  rules,
  output,
  wasRedacted,
}: StringsToRewrite): StringRewriter {
  const { INPUT, OUTPUT, NOTHING, ALL } = compiled.layout;
  compiled.rules = { shownName, shownValue, isMask };
  if (wasRedacted) compiled.expectMasks();
  const used = records.used();
  let block = begun(0);
  /** The chunk that is in the compiled part's window. */
  let inWindow: Uint8Array | null = null;

  /** Processes the string at `at`, and those that directly follow it. Chunks fit in the window. */
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

  /**
   * Returns how much of a value is shown. Few are: V8's own words, and script names, which identify modules.
   */
  function shownValue(uses: number, at: number, length: number, units: number): number {
    const text = decoded(at, length, units);
    if (text === null) return NOTHING;
    if ((uses & USE.number) !== 0 && rules.isWord(text)) return ALL;
    return (uses & USE.code) === 0 && !wasRedacted ? NOTHING : asShown(text, rules.scriptPath(text));
  }

  function isMask(at: number, length: number): number {
    return MASK.test(decoded(at, length, 0) ?? '') ? 1 : 0;
  }

  function asShown(text: string, shown: string | null): number {
    if (shown === null) return NOTHING;
    return shown === text ? ALL : compiled.bytes.write(jsonOf(shown), OUTPUT, 'latin1');
  }

  /** Decodes a text; null if it has an escape that JSON does not have: then it is not a name. */
  function decoded(at: number, length: number, units: number): string | null {
    // As many units as bytes: only ASCII, and no escapes.
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

  /** Writes all forms of the block's slots up to `to`. */
  function write(to: number): void {
    for (let slot = block.from; slot < to;) {
      slot = compiled.writeTexts(slot, to);
      output.copy(compiled.bytes, OUTPUT, compiled.textsOutputEnd.value);
    }
  }

  function close(): void {
    // Values have moved within the block, so a slot may be used although its index had no string.
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
