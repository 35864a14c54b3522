/**
 * The part of redaction that nearly all bytes of a snapshot go through; scripts/build-wasm.mjs compiles it to
 * WebAssembly.
 */
export * from './keyed-hash';
export * from './layout';
export * from './names';
export * from './passed-on';
export * from './records';
export * from './rows';
export * from './strings';
export * from './texts';
