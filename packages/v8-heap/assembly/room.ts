/** Memory for everything but the static tables: handed out once, zeroed, never taken back. */

const PAGE_BYTES: u64 = 1 << 16;
const ADDRESS_SPACE: u64 = 1 << 32;

let next: u64 = (__heap_base + 15) & ~15;

/** The address of so many zeroed bytes, or 0 when WebAssembly's memory cannot hold them. */
export function reserve(bytes: u32): usize {
  return reserveAt(bytes, 8);
}

/** At a multiple of `alignment`, which is a power of two. */
export function reserveAt(bytes: u32, alignment: u32): usize {
  const start = (next + alignment - 1) & ~(<u64>alignment - 1);
  const end = start + bytes;
  if (end >= ADDRESS_SPACE) return 0;
  const missing = <i64>end - ((<i64>memory.size()) << 16);
  if (missing > 0 && !growBy(<i32>((<u64>missing + PAGE_BYTES - 1) / PAGE_BYTES))) return 0;
  next = end;
  return <usize>start;
}

/** By an eighth at least, where there is as much: V8 collects garbage whenever a large memory grows. */
function growBy(pages: i32): bool {
  const more = memory.size() >> 3;
  return (pages < more && memory.grow(more) >= 0) || memory.grow(pages) >= 0;
}
