/**
 * The part of redaction that is compiled to WebAssembly (packages/snapshot/assembly), and the memory it works in,
 * of which each redaction has one of its own.
 */
import { REDACTION_WASM } from '../compiled/redaction-wasm.js';

/** Described where they are made: packages/snapshot/assembly, each in the module of its kind. */
interface Functions {
  rewriteRows: (
    from: number,
    end: number,
    fields: number,
    summed: number,
    forms: number,
    strings: number,
  ) => number;
  slotOf: (index: number) => number;
  addUses: (index: number, uses: number) => void;
  usedUpTo: (end: number) => number;
  shuffleSlots: (from: number, to: number, random: number) => void;
  endOfNumbers: (from: number, end: number) => number;
  setKey: (from: number) => void;
  learnNames: (end: number) => void;
  isKnownName: (from: number, to: number) => number;
  hashText: (from: number, to: number) => number;
  takeStrings: (from: number, end: number, forms: number, blockEnd: number, noted: number) => number;
  stringsTaken: () => number;
  bytesOfPlaces: (slots: number, forms: number) => number;
  beginTexts: (from: number, to: number, forms: number, at: number) => void;
  lastText: (from: number, to: number) => number;
  writeTexts: (slot: number, to: number) => number;
}

/** What the last call left behind. */
interface Results {
  rows: WebAssembly.Global;
  sum: WebAssembly.Global;
  outputEnd: WebAssembly.Global;
  textsEnd: WebAssembly.Global;
  textsOutputEnd: WebAssembly.Global;
}

/** Constants. */
const LAYOUT = [
  'WINDOW',
  'MAX_ROW_BYTES',
  'INPUT',
  'OUTPUT',
  'MAX_NAME_LENGTH',
  'TYPES',
  'FORMS',
  'USES',
  'NAMES',
  'NAMES_BYTES',
  'NUMBER',
  'ELEMENT',
  'UNKNOWN',
  'SMALL_ELEMENT',
  'STRINGS',
  'BYTES_A_STRING',
  'NO_SLOT',
  'NOTHING',
  'ALL',
  'STRING_KIND',
  'REGEXP_KIND',
  'NUMBER_KIND',
  'NAME_KIND',
  'HASH_DIGITS',
  'BEGINNINGS',
  'BYTES_A_BEGINNING',
  'MIDDLE',
  'ENDING',
] as const;

type Layout = Record<(typeof LAYOUT)[number], number>;

/** What is shown of a string as JavaScript's rules say; see assembly/strings.ts. */
type Shown = (uses: number, at: number, length: number, units: number) => number;

export type Rules = Record<'shownName' | 'shownValue', Shown>;

export interface CompiledRedaction extends Functions, Results {
  layout: Layout;
  /** The memory, whole; it is another object after {@link CompiledRedaction.reach}. */
  bytes: Buffer;
  /**
   * Makes the memory reach up to `end`, in bytes.
   * @throws {RangeError} when there is not so much
   */
  reach: (end: number) => void;
  /** Asked for each string that the compiled part does not know; to be set before the first. */
  rules: Rules;
}

const PAGE_BYTES = 1 << 16;
/** The memory grows by this part of it at least: memory that is not written to takes no place. */
const MIN_GROWTH = 1 / 4;

let compiled: WebAssembly.Module | undefined;

type Exports = Functions &
  Results &
  Record<keyof Layout, WebAssembly.Global> & { memory: WebAssembly.Memory };

function instantiated(strings: Rules): Exports {
  try {
    compiled ??= new WebAssembly.Module(Buffer.from(REDACTION_WASM, 'base64'));
    return new WebAssembly.Instance(compiled, { strings }).exports as Exports;
  } catch (error) {
    throw new Error(
      `redaction needs WebAssembly, which does not start here (${(error as Error).message}): ` +
        'run Node.js without --jitless, and with 16 GB of address space (ulimit -v), which it reserves and does not use',
      { cause: error },
    );
  }
}

/** @throws {Error} where there is no WebAssembly, or no address space for its memory */
export function compiledRedaction(): CompiledRedaction {
  const exports = instantiated({
    shownName: (uses, at, length, units) => redaction.rules.shownName(uses, at, length, units),
    shownValue: (uses, at, length, units) => redaction.rules.shownValue(uses, at, length, units),
  });
  const { memory } = exports;
  const layout = Object.fromEntries(LAYOUT.map((name) => [name, exports[name].value])) as Layout;
  const redaction: CompiledRedaction = {
    ...exports,
    layout,
    bytes: Buffer.from(memory.buffer),
    reach,
    rules: { shownName: () => layout.NOTHING, shownValue: () => layout.NOTHING },
  };

  function reach(end: number): void {
    const { length } = redaction.bytes;
    if (end <= length) return;
    memory.grow(Math.ceil(Math.max(end - length, MIN_GROWTH * length) / PAGE_BYTES));
    redaction.bytes = Buffer.from(memory.buffer);
  }

  return redaction;
}
