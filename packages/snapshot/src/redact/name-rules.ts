/**
 * Which names are kept: those that look like something a programmer wrote. A name that looks like data which a
 * program uses as a key (an e-mail address, a token, a URL, an account's number) is not. The rules, with an
 * example of each, are in docs/redaction.md.
 */
import { wordsOfPrograms } from './known-names.js';
import { randomTest } from './random-looking.js';
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

const LONGEST_IDENTIFIER = 200;
/** `get [Symbol.iterator]` and the like are names within names. */
const DEEPEST = 4;

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
const SMALL_NUMBER = /^-?\d{1,7}$/;
const PREFIXED = /^(?:get|set|bound|static|async|system \/|Node \/) (?<inner>.+)$/s;
const BRACKETED = /^(?:<symbol |\[|#)(?<inner>.+?)[\]>]?$/s;
const HEADER = /^x(?:-[a-z]+){1,5}$/i;
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

const SCRIPT = /^(?:file:\/\/|webpack:\/\/|[A-Za-z]:)?[/\\].*\.(?:[cm]?[jt]s|[jt]sx|json|node|wasm)$/s;
const NODES_SCRIPT = /^node:[\w/.-]+$/;
/** Directories with the directories of users in them. */
const HOMES = new Set(['home', 'Users']);
/** Words, what may be data, an extension of code. */
const MASKABLE = /^((?:[a-z]+-)*)(.+?)(\.[cm]?[jt]sx?|\.json|\.node|\.wasm)?$/s;
const SEGMENT = /^[\w.@+~%()[\] -]*$/;

/**
 * Parts of paths have no hash: that of the next snapshot would be another, and functions are found again by where
 * they stand.
 */
const USER = '‹user›';
const hidden = (part: string): string => `‹${part.length} chars›`;

/** @param isKnown whether a text is a name of Node's or V8's */
export function nameRules(isKnown: (text: string) => boolean): NameRules {
  const words = wordsOfPrograms();
  const looksRandom = randomTest(words);

  function shown(name: string, uses: number): string | null {
    if ((uses & USE.system) !== 0 && SYSTEM.test(name)) return name;
    if ((uses & USE.code) !== 0 && BUILTIN_CODE.test(name)) return name;
    return written(name, 0) ? name : scriptPath(name);
  }

  /** Whether a programmer may have written it. */
  function written(name: string, depth: number): boolean {
    if (isKnown(name) || SMALL_NUMBER.test(name)) return true;
    if (name.length > LONGEST_IDENTIFIER || depth > DEEPEST) return false;
    const inner = (PREFIXED.exec(name) ?? BRACKETED.exec(name))?.groups?.['inner'];
    if (inner !== undefined) return written(inner, depth + 1);
    if (HEADER.test(name))
      return name
        .toLowerCase()
        .split('-')
        .slice(1)
        .every((word) => words.has(word));
    return name.split('.').every(isIdentifier) && !looksRandom(name);
  }

  function isIdentifier(part: string): boolean {
    return (
      IDENTIFIER.test(part) || SMALL_NUMBER.test(part) || part === '<anonymous>' || part === '<computed>'
    );
  }

  function scriptPath(name: string): string | null {
    if (NODES_SCRIPT.test(name)) return looksRandom(name) ? null : name;
    if (!SCRIPT.test(name)) return null;
    const parts = name.split(/([/\\])/);
    return parts
      .map((part, at) => {
        const isSeparator = at % 2 === 1;
        if (at === 0 || isSeparator || isKnown(part)) return part;
        if (HOMES.has(parts[at - 2]) && at < parts.length - 1) return USER;
        return SEGMENT.test(part) && !looksRandom(part) ? part : maskedSegment(part);
      })
      .join('');
  }

  /** `chunk-4F2KQ7XN.js`: words before it and the extension tell what it is. */
  function maskedSegment(segment: string): string {
    const [, before = '', rest = '', extension = ''] = MASKABLE.exec(segment) ?? [];
    const areWords = before.split('-').every((word) => word === '' || words.has(word));
    if (!areWords || rest === '') return hidden(segment);
    return before + hidden(rest) + extension;
  }

  return {
    shown,
    scriptPath,
    isWord: (name) => VALUE_WORDS.has(name),
  };
}
