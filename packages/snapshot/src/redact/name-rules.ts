/**
 * Decides which names are kept: those that a programmer probably wrote. A name that looks like data used as a
 * key (an e-mail address, a token, a URL, an account number) is not kept. docs/redaction.md has the rules,
 * with an example of each.
 */
import { wordsOfPrograms } from './known-names.js';
import { joinedNames } from './joined-names.js';
import { randomTest } from './random-looking.js';
import { scriptPaths } from './script-paths.js';
import { USE } from './string-uses.js';

export interface NameRules {
  /**
   * Returns how much of a name is shown for these uses (see {@link USE}): all of it, a path without some
   * parts, or null for nothing.
   */
  shown(name: string, uses: number): string | null;
  /**
   * Tells whether a text in the place of a value is one of V8's own names, such as the one of all numbers.
   */
  isWord(name: string): boolean;
  /** Returns the part of a script's path that is shown; null for other texts. */
  scriptPath(name: string): string | null;
}

const MAX_IDENTIFIER_LENGTH = 200;
/** Names such as `get [Symbol.iterator]` contain names. */
const DEEPEST = 4;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const SMALL_NUMBER = /^-?\d{1,7}$/;
const PREFIXED = /^(?:get|set|bound|static|async|system \/|Node \/) (?<inner>.+)$/s;
const BRACKETED = /^(?:<symbol |\[|#)(?<inner>.+?)[\]>]?$/s;
/** An identifier in any alphabet (ECMA-262, IdentifierName) with a letter that is not ASCII. */
const FOREIGN_IDENTIFIER = /^(?=.*[\u0080-\u{10ffff}])[\p{ID_Start}$_][\p{ID_Continue}$]{0,49}$/su;
/** `api.acme.com` is a host name. */
const HOST = /\.(?:com|org|net|edu|gov|example|localhost)$/i;
const BUILTIN_CODE = /^\(\w+ builtin (?:handle|code)\)$/;
/** Names that V8's and Node's C++ code makes. */
const SYSTEM = /^(?:\d+ \/ )?(?:(?:system|Node|C\+\+) ?\/? )?[\w :.()<>,*&~+-]*$/;
const VALUE_WORDS = new Set([
  'bigint',
  'heap number',
  'smi number',
  'int',
  'double',
  'number',
  '(concatenated string)',
  '(sliced string)',
]);

/**
 * Creates the rules.
 * @param isKnown tells whether a text is a name of Node's or V8's
 */
export function nameRules(isKnown: (text: string) => boolean): NameRules {
  const looksRandom = randomTest(wordsOfPrograms());
  const joined = joinedNames();
  const scriptPath = scriptPaths(isKnown, looksRandom, joined);

  function shown(name: string, uses: number): string | null {
    if ((uses & USE.system) !== 0 && SYSTEM.test(name)) return name;
    if ((uses & USE.code) !== 0 && BUILTIN_CODE.test(name)) return name;
    return written(name, 0, uses) ? name : scriptPath(name);
  }

  /** Tells whether a programmer may have written the name. */
  function written(name: string, depth: number, uses: number): boolean {
    if (isKnown(name) || SMALL_NUMBER.test(name)) return true;
    if (name.length > MAX_IDENTIFIER_LENGTH || depth > DEEPEST) return false;
    const inner = (PREFIXED.exec(name) ?? BRACKETED.exec(name))?.groups?.['inner'];
    if (inner !== undefined && written(inner, depth + 1, uses)) return true;
    if (joined.isJoined(name)) return true;
    // A function's name comes from its source: V8 does not make it from data.
    if ((uses & USE.function) !== 0 && FOREIGN_IDENTIFIER.test(name)) return !looksRandom(name);
    const parts = name.split('.');
    if (!parts.every(isIdentifier) || looksRandom(name)) return false;
    return parts.length === 1 || !(HOST.test(name) || parts.some(joined.isProper));
  }

  function isIdentifier(part: string): boolean {
    return (
      IDENTIFIER.test(part) || SMALL_NUMBER.test(part) || part === '<anonymous>' || part === '<computed>'
    );
  }

  return {
    shown,
    scriptPath,
    isWord: (name) => VALUE_WORDS.has(name),
  };
}
