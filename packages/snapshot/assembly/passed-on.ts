/** Sections of numbers whose meaning is unknown. */

/** Returns the first byte that is not a digit, comma or newline; `end` if there is none. */
export function endOfNumbers(from: usize, end: usize): usize {
  for (; from < end; from += 16) {
    const bytes = v128.load(from);
    const isDigit = i8x16.le_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(9));
    const isBetween = v128.or(i8x16.eq(bytes, i8x16.splat(0x2c)), i8x16.eq(bytes, i8x16.splat(0x0a)));
    const passed = i8x16.bitmask(v128.or(isDigit, isBetween)) as u32;
    if (passed !== 0xffff) return min(from + (ctz(~passed) as usize), end);
  }
  return end;
}
