/**
 * The part of redaction that is compiled to WebAssembly (packages/snapshot/assembly), and the memory it works in,
 * of which each redaction has one of its own.
 */
import { REDACTION_WASM } from '../compiled/redaction-wasm.js';

/** See packages/snapshot/assembly/layout.ts. Places are in bytes. */
export interface Layout {
  INPUT: number;
  OUTPUT: number;
  /** Bytes that {@link Layout.INPUT} has room for. */
  WINDOW: number;
  FORMS: number;
  USES: number;
  TYPES: number;
  NUMBER: number;
  ELEMENT: number;
  UNKNOWN: number;
  SMALL_ELEMENT: number;
  STRINGS: number;
  BYTES_A_STRING: number;
  USE_IN_STRING: number;
}

interface Exports {
  memory: WebAssembly.Memory;
  rewriteRows: CompiledRedaction['rewriteRows'];
  rows: WebAssembly.Global;
  sum: WebAssembly.Global;
  outputEnd: WebAssembly.Global;
}

export interface CompiledRedaction {
  layout: Layout;
  /** The memory, whole; it is another object after {@link CompiledRedaction.reach}. */
  bytes: Uint8Array;
  view: DataView;
  /**
   * Makes the memory reach up to `end`, in bytes.
   * @throws {RangeError} when there is not so much
   */
  reach(end: number): void;
  /** See packages/snapshot/assembly/rows.ts. */
  rewriteRows: (
    from: number,
    end: number,
    fields: number,
    summed: number,
    forms: number,
    strings: number,
  ) => number;
  /** What the last call of {@link CompiledRedaction.rewriteRows} did besides. */
  readonly rows: number;
  readonly sum: number;
  readonly outputEnd: number;
}

const PAGE_BYTES = 1 << 16;

let compiled: WebAssembly.Module | undefined;

export function compiledRedaction(): CompiledRedaction {
  compiled ??= new WebAssembly.Module(Buffer.from(REDACTION_WASM, 'base64'));
  const exports = new WebAssembly.Instance(compiled).exports as Exports;
  const { memory, rewriteRows, rows, sum, outputEnd } = exports;
  const redaction: CompiledRedaction = {
    layout: layoutOf(exports),
    bytes: new Uint8Array(memory.buffer),
    view: new DataView(memory.buffer),
    reach,
    rewriteRows,
    get rows() {
      return rows.value;
    },
    get sum() {
      return sum.value;
    },
    get outputEnd() {
      return outputEnd.value;
    },
  };

  function reach(end: number): void {
    if (end <= redaction.bytes.length) return;
    memory.grow(Math.ceil((end - redaction.bytes.length) / PAGE_BYTES));
    redaction.bytes = new Uint8Array(memory.buffer);
    redaction.view = new DataView(memory.buffer);
  }

  return redaction;
}

/** All of its constants. */
function layoutOf(exports: object): Layout {
  const constants = Object.entries(exports as Record<string, WebAssembly.Global>)
    .filter(([name]) => name === name.toUpperCase())
    .map(([name, { value }]) => [name, value]);
  return Object.fromEntries(constants) as Layout;
}
