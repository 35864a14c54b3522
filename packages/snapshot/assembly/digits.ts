/** Converts decimal digits, eight at a time as the bytes of one word: the first digit is the lowest byte. */

/** Eight times the digit 0. */
const ZEROS: u64 = 0x3030_3030_3030_3030;
const ZERO: u8 = 0x30;
const EIGHT_DIGITS: u32 = 100_000_000;

/** Returns the number that the `length` digits at `from` stand for; one to eight digits. */
export function parseDigits(from: usize, length: i32): u32 {
  let digits = (load<u64>(from) ^ ZEROS) << (64 - 8 * length);
  // Combines pairs of digits, then groups of four, then all eight.
  digits = digits * 10 + (digits >> 8);
  const first = digits & 0x0000_00ff_0000_00ff;
  const second = (digits >> 16) & 0x0000_00ff_0000_00ff;
  return ((first * (100 + ((1_000_000 as u64) << 32)) + second * (1 + ((10_000 as u64) << 32))) >> 32) as u32;
}

/** Writes the digits of `value` to `to` and returns their end; may overwrite up to eight bytes after that. */
export function writeDigits(to: usize, value: u32): usize {
  if (value >= EIGHT_DIGITS) {
    to = writeFirstDigits(to, value / EIGHT_DIGITS);
    store<u64>(to, eightDigits(value % EIGHT_DIGITS) | ZEROS);
    return to + 8;
  }
  const digits = eightDigits(value);
  const leadingZeros = ctz(digits | ((1 as u64) << 56)) >> 3;
  store<u64>(to, (digits | ZEROS) >> (8 * leadingZeros));
  return to + 8 - (leadingZeros as usize);
}

/** Writes one or two digits; few numbers have so many. */
function writeFirstDigits(to: usize, value: u32): usize {
  if (value >= 10) store<u8>(to++, ZERO + ((value / 10) as u8));
  store<u8>(to++, ZERO + ((value % 10) as u8));
  return to;
}

/**
 * Returns all digits of a number below {@link EIGHT_DIGITS}: first four in each half, then two in each
 * quarter, then one each.
 */
function eightDigits(value: u32): u64 {
  const fours = ((value / 10_000) as u64) | (((value % 10_000) as u64) << 32);
  const hundreds = ((fours * 10_486) >> 20) & 0x0000_007f_0000_007f;
  const twos = hundreds + ((fours - hundreds * 100) << 16);
  const tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
  return tens + ((twos - tens * 10) << 8);
}
