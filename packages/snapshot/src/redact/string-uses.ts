/**
 * What each string of a snapshot is used as: one byte a string, noted while nodes and edges stream by. The
 * texts come last in the file, so this is all there is to decide their fate by.
 */

export const USE = {
  /** By a name that a program may make out of data: an object's class, a function, a variable. */
  name: 1,
  /** By V8's code objects: functions, scripts, builtins. */
  code: 2,
  /** By a name that V8 or Node gives. */
  system: 4,
  /** By a property. */
  property: 8,
  /** As the content of a string, and of whatever else a program can put text in. */
  value: 16,
  /** As the name of a number, or of a string made of others: V8's word, or digits. */
  number: 32,
  /** As the source of a regular expression. */
  regexp: 64,
} as const;

/** The uses by which a string is a value. */
export const VALUE_USES = USE.value | USE.number | USE.regexp;

/** The greatest index there can be: three times it still fits in 32 bits. */
export const MAX_STRING_INDEX = 2 ** 29 - 1;

export interface StringUses {
  /** By index; {@link StringUses.reach} makes it longer. */
  bits: Uint8Array;
  /** Makes room for a string with this index. */
  reach(index: number): void;
  /** One more than the greatest index used. */
  end(): number;
}

export function stringUses(): StringUses {
  const uses: StringUses = { bits: new Uint8Array(1 << 16), reach, end };

  function reach(index: number): void {
    if (index < uses.bits.length) return;
    const longer = new Uint8Array(Math.min(Math.max(index + 1, 2 * uses.bits.length), MAX_STRING_INDEX + 1));
    longer.set(uses.bits);
    uses.bits = longer;
  }

  function end(): number {
    let end = uses.bits.length;
    while (end > 0 && uses.bits[end - 1] === 0) end--;
    return end;
  }

  return uses;
}
