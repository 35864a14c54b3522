/**
 * Distinguishes identifiers that a person chose from random ones: by the known words in them, and without
 * such words, by how likely their letters follow each other in words.
 */

export interface RandomTest {
  /** Tells whether part of `name`, which is ASCII, looks random and is long enough to be worth hiding. */
  (name: string): boolean;
}

/** Shorter sequences can be found by trying all of them, so hiding them is useless. */
const SHORTEST = 7;
/**
 * Approximate bits per letter in a word of any language. A random letter has 4.7 bits, and an unlikely
 * sequence adds to that.
 */
const BITS_OF_A_LETTER = 3.9;
/**
 * For each change between uppercase letters, lowercase letters and digits, of which random texts have many.
 */
const BITS_OF_AN_EDGE = 1.5;
const BITS_OF_A_DIGIT = 1.2;
const BITS_OF_A_SEPARATOR = -1.5;
/** For each letter of a known word: a word is no accident. */
const BITS_OF_A_KNOWN_LETTER = -2.2;
/** Random letters form such short words by chance. */
const SHORT_WORD = 3;
const BITS_OF_A_SHORT_WORDS_LETTER = -1.2;
const TOO_MANY_BITS = 4;

/** A number of this many digits belongs to a person: a telephone, an account, an order. */
const LONG_NUMBER = /\d{6}/;
const HEXADECIMAL = /[0-9a-f]{8,}/gi;
const HEXADECIMAL_EDGE = /\d(?=[a-f])|[a-f](?=\d)/gi;
const HEXADECIMAL_EDGES = 3;
const TOKEN = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^A-Za-z0-9]/g;

/**
 * Creates the test.
 * @param words in lower case, a to z
 */
export function randomTest(words: ReadonlySet<string>): RandomTest {
  const bitsOf = letterModel(words);

  return (name) => {
    if (LONG_NUMBER.test(name)) return true;
    for (const digits of name.match(HEXADECIMAL) ?? []) {
      if ((digits.match(HEXADECIMAL_EDGE) ?? []).length >= HEXADECIMAL_EDGES) return true;
    }
    let bits = 0;
    let length = 0;
    const add = (more: number, characters: number): boolean => {
      bits += more;
      length += characters;
      if (bits <= 0) bits = length = 0;
      return bits > TOO_MANY_BITS && length >= SHORTEST;
    };
    for (const token of name.match(TOKEN) ?? []) {
      if (/[0-9]/.test(token)) {
        if (add(BITS_OF_AN_EDGE + BITS_OF_A_DIGIT * token.length, token.length)) return true;
      } else if (!/[a-z]/i.test(token)) add(BITS_OF_A_SEPARATOR, 1);
      else {
        const word = token.toLowerCase();
        if (words.has(word)) {
          const each = word.length > SHORT_WORD ? BITS_OF_A_KNOWN_LETTER : BITS_OF_A_SHORT_WORDS_LETTER;
          add(each * word.length, word.length);
          continue;
        }
        add(BITS_OF_AN_EDGE, 0);
        for (let at = 0; at < word.length; at++) {
          if (add(bitsOf(word, at) - BITS_OF_A_LETTER, 1)) return true;
        }
      }
    }
    return false;
  };
}

/** Returns how many bits a letter of a word is worth, given the two before it. */
function letterModel(words: ReadonlySet<string>): (word: string, at: number) => number {
  const LETTERS = 27; // including the beginning of a word
  const counts = new Uint32Array(LETTERS ** 3);
  const totals = new Uint32Array(LETTERS ** 2);
  const letter = (word: string, at: number): number => (at < 0 ? 0 : word.charCodeAt(at) - 0x60);
  const pair = (word: string, at: number): number => letter(word, at - 2) * LETTERS + letter(word, at - 1);
  for (const word of words) {
    let before = 0;
    for (let at = 0; at < word.length; at++) {
      const next = word.charCodeAt(at) - 0x60;
      counts[before * LETTERS + next]++;
      totals[before]++;
      before = (before % LETTERS) * LETTERS + next;
    }
  }
  const SMOOTHING = 0.2;
  return (word, at) => {
    const before = pair(word, at);
    const count = counts[before * LETTERS + letter(word, at)];
    return -Math.log2((count + SMOOTHING) / (totals[before] + SMOOTHING * LETTERS));
  };
}
