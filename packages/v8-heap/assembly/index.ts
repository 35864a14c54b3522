/** Reads V8's heap as it lies in the pages of an image, compiled to WebAssembly by scripts/build-wasm.mjs. */
export * from './bitmap';
export * from './dispatch';
export * from './layout';
export * from './maps';
export * from './mark';
export * from './pages';
export * from './room';
export * from './scopes';
export * from './sizes';
export * from './stack';
export * from './types';
export * from './walk';
