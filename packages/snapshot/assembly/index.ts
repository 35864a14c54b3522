/**
 * The part of redaction that nearly all bytes of a snapshot go through, compiled to WebAssembly by
 * scripts/build-wasm.mjs.
 */
export * from './keyed-hash';
export * from './layout';
export * from './names';
export * from './passed-on';
export * from './records';
export * from './rows';
export * from './strings';
export * from './texts';
