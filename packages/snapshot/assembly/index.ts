/**
 * The part of redaction that nearly all bytes of a snapshot go through, compiled to WebAssembly by
 * scripts/build-wasm.mjs.
 */
export {
  BYTES_A_STRING,
  ELEMENT,
  FORMS,
  INPUT,
  NUMBER,
  OUTPUT,
  STRINGS,
  TYPES,
  UNKNOWN,
  USE_IN_STRING,
  USES,
  WINDOW,
} from './layout';
export { outputEnd, rewriteRows, rows, SMALL_ELEMENT, sum } from './rows';
