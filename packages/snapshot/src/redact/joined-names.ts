/**
 * Recognizes names that are words joined by `-`, `:`, `/`, a space or a dot: `order-created`, `user/updated`.
 * Programs name events, routes and headers like that, but also make such keys from data (`order-alice`). So a
 * name is kept only if all its words are known and none is a name of people, places or companies.
 */
import { domainWords, properWords, wordsOfPrograms } from './known-names.js';

export interface JoinedNames {
  /** Tells whether `name` consists of joined words, all of them known. */
  isJoined: (name: string) => boolean;
  /** Tells whether `part`, which has no separators, consists of known words. */
  isOfWords: (part: string) => boolean;
  /** Tells whether `part` is a name of people, places or companies. */
  isProper: (part: string) => boolean;
}

/** More words are a sentence, a path, or a passphrase. */
const MAX_PARTS = 6;
const MAX_PARTS_WITH_SPACES = 4;
const MAX_LENGTH = 80;
/** From this many words on, half must be words of programs: passphrases consist of common words. */
const PARTS_OF_PASS_PHRASES = 4;

/** At most two characters between words, and before the first: `--verbose`, `/users/:id`, `GET /users`. */
const JOINED = /^[-:/@.]{0,2}[A-Za-z]\w*(?:[-:/ .]{1,2}[A-Za-z]\w*)*(?:[-:/.]\*)?$/;
const BETWEEN = /[-:/@ .*]+/;
const TOKEN = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|_+/g;
/** Allows `v1`, `http2`, `sha256`: other numbers may be data. */
const NUMBER_IN_A_WORD = /^(?:[1-9]|16|32|64|128|256|384|512)$/;
/** Allows `http2Stream`, `sha256_sum`: random letters and digits form `gap8pam2a` by chance. */
const AFTER_A_NUMBER = /^[A-Z_]/;
/** Short words, which the word list omits. */
const SMALL_WORDS = new Set(
  (
    'a an as at be by do go he if in is it me my no of on or so to up us we ' +
    'cb db el ev fn fs gb id io ip js kb mb md ms ns ok os pg rx sh ts tv tx ui ux v vm ws x'
  ).split(' '),
);

export function joinedNames(): JoinedNames {
  const ofPrograms = wordsOfPrograms();
  const ofDomains = domainWords();
  const proper = properWords();

  function isKnown(word: string): boolean {
    return SMALL_WORDS.has(word) || ((ofPrograms.has(word) || ofDomains.has(word)) && !proper.has(word));
  }

  function isOfWords(part: string): boolean {
    const tokens = part.match(TOKEN) ?? [];
    return (
      tokens.length > 0 &&
      tokens.join('') === part &&
      tokens.every((token, at) => {
        if (token.startsWith('_')) return true;
        if (/^\d/.test(token)) {
          const next = tokens[at + 1] ?? '_';
          return at > 0 && NUMBER_IN_A_WORD.test(token) && AFTER_A_NUMBER.test(next);
        }
        return isKnown(token.toLowerCase());
      })
    );
  }

  function isJoined(name: string): boolean {
    if (name.length > MAX_LENGTH || !JOINED.test(name)) return false;
    const parts = name.split(BETWEEN).filter((part) => part !== '');
    if (parts.length > (name.includes(' ') ? MAX_PARTS_WITH_SPACES : MAX_PARTS)) return false;
    if (!parts.every(isOfWords)) return false;
    if (parts.length < PARTS_OF_PASS_PHRASES) return true;
    return parts.filter((part) => ofPrograms.has(part.toLowerCase())).length >= parts.length / 2;
  }

  return { isJoined, isOfWords, isProper: (part) => proper.has(part.toLowerCase()) };
}
