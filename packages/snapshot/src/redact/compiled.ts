/**
 * Loads the part of redaction that is compiled to WebAssembly (packages/snapshot/assembly). Each redaction
 * has its own memory.
 */
import { REDACTION_WASM } from '../compiled/redaction-wasm.js';

/** Documented where they are defined: packages/snapshot/assembly. */
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
  expectMasks: () => void;
  bytesOfPlaces: (slots: number, forms: number) => number;
  beginTexts: (from: number, to: number, forms: number, at: number) => void;
  lastText: (from: number, to: number) => number;
  writeTexts: (slot: number, to: number) => number;
}

/** Results of the last call. */
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

/** Decides by JavaScript's rules how much of a string is shown; see assembly/strings.ts. */
type Shown = (uses: number, at: number, length: number, units: number) => number;

export interface Rules extends Record<'shownName' | 'shownValue', Shown> {
  /** Called only after `expectMasks`; returns 1 or 0. */
  isMask: (at: number, length: number) => number;
}

export interface CompiledRedaction extends Functions, Results {
  layout: Layout;
  /** The whole memory; {@link CompiledRedaction.reach} replaces this object. */
  bytes: Buffer;
  /**
   * Grows the memory up to `end`, in bytes.
   * @throws {RangeError} if there is not enough
   */
  reach: (end: number) => void;
  /** Called for each string that the compiled part does not know; set it before the first string. */
  rules: Rules;
}

const PAGE_BYTES = 1 << 16;
/** The memory grows by at least this share: memory that is never written takes no space. */
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

/**
 * Creates the compiled redaction.
 * @throws {Error} if there is no WebAssembly, or no address space for its memory
 */
export function compiledRedaction(): CompiledRedaction {
  const exports = instantiated({
    shownName: (uses, at, length, units) => redaction.rules.shownName(uses, at, length, units),
    shownValue: (uses, at, length, units) => redaction.rules.shownValue(uses, at, length, units),
    isMask: (at, length) => redaction.rules.isMask(at, length),
  });
  const { memory } = exports;
  const layout = Object.fromEntries(LAYOUT.map((name) => [name, exports[name].value])) as Layout;
  const redaction: CompiledRedaction = {
    ...exports,
    layout,
    bytes: Buffer.from(memory.buffer),
    reach,
    rules: { shownName: () => layout.NOTHING, shownValue: () => layout.NOTHING, isMask: () => 0 },
  };

  function reach(end: number): void {
    const { length } = redaction.bytes;
    if (end <= length) return;
    memory.grow(Math.ceil(Math.max(end - length, MIN_GROWTH * length) / PAGE_BYTES));
    redaction.bytes = Buffer.from(memory.buffer);
  }

  return redaction;
}
