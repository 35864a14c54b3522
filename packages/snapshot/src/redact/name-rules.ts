/**
 * Which names are kept: those that look like something a programmer wrote. A name that looks like data which a
 * program uses as a key (an e-mail address, a token, a URL, an account's number) is not. The rules, with an
 * example of each, are in docs/redaction.md.
 */
import { wordsOfPrograms } from './known-names.js';
import { joinedNames } from './joined-names.js';
import { randomTest } from './random-looking.js';
import { scriptPaths } from './script-paths.js';
import { USE } from './string-uses.js';

export interface NameRules {
  /**
   * What is shown of a name that is used in these ways (see {@link USE}): all of it, or of a path all but some parts;
   * null when nothing is.
   */
  shown(name: string, uses: number): string | null;
  /** The same for a name of V8's own that stands where a value could: the one of all numbers, for example. */
  isWord(name: string): boolean;
  /** The path of a script, as far as it is shown; null for another text. */
  scriptPath(name: string): string | null;
}

const MAX_IDENTIFIER_LENGTH = 200;
/** `get [Symbol.iterator]` and the like are names within names. */
const DEEPEST = 4;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const SMALL_NUMBER = /^-?\d{1,7}$/;
const PREFIXED = /^(?:get|set|bound|static|async|system \/|Node \/) (?<inner>.+)$/s;
const BRACKETED = /^(?:<symbol |\[|#)(?<inner>.+?)[\]>]?$/s;
/** Of any alphabet (ECMA-262, IdentifierName), with a letter that is not ASCII. */
const FOREIGN_IDENTIFIER = /^(?=.*[\u0080-\u{10ffff}])[\p{ID_Start}$_][\p{ID_Continue}$]{0,49}$/su;
/** `api.acme.com` is a host. */
const HOST = /\.(?:com|org|net|edu|gov|example|localhost)$/i;
const BUILTIN_CODE = /^\(\w+ builtin (?:handle|code)\)$/;
/** Names that V8's and Node's own C++ makes. */
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

/** @param isKnown whether a text is a name of Node's or V8's */
export function nameRules(isKnown: (text: string) => boolean): NameRules {
  const looksRandom = randomTest(wordsOfPrograms());
  const joined = joinedNames();
  const scriptPath = scriptPaths(isKnown, looksRandom, joined);

  function shown(name: string, uses: number): string | null {
    if ((uses & USE.system) !== 0 && SYSTEM.test(name)) return name;
    if ((uses & USE.code) !== 0 && BUILTIN_CODE.test(name)) return name;
    return written(name, 0, uses) ? name : scriptPath(name);
  }

  /** Whether a programmer may have written it. */
  function written(name: string, depth: number, uses: number): boolean {
    if (isKnown(name) || SMALL_NUMBER.test(name)) return true;
    if (name.length > MAX_IDENTIFIER_LENGTH || depth > DEEPEST) return false;
    const inner = (PREFIXED.exec(name) ?? BRACKETED.exec(name))?.groups?.['inner'];
    if (inner !== undefined && written(inner, depth + 1, uses)) return true;
    if (joined.isJoined(name)) return true;
    // A function's name is the one in its source: V8 does not make it out of data.
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
