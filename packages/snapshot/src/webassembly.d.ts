/** What is used of WebAssembly, which Node's own types leave to those of browsers. */
declare namespace WebAssembly {
  type Module = object;
  const Module: new (bytes: Uint8Array) => Module;
  const Instance: new (module: Module, imports: object) => { readonly exports: unknown };
  interface Memory {
    readonly buffer: ArrayBuffer;
    /** By so many pages of 64 KiB. Throws a RangeError when there is no memory. */
    grow(pages: number): number;
  }
  interface Global {
    readonly value: number;
  }
}
