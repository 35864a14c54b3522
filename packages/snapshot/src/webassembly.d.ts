/** The part of WebAssembly that is used; Node's own types leave it to those of browsers. */
declare namespace WebAssembly {
  type Module = object;
  const Module: new (bytes: Uint8Array) => Module;
  const Instance: new (module: Module, imports: object) => { readonly exports: unknown };
  interface Memory {
    readonly buffer: ArrayBuffer;
    /** Grows by this many pages of 64 KiB. Throws a RangeError if there is not enough memory. */
    grow(pages: number): number;
  }
  interface Global {
    readonly value: number;
  }
}
