/**
 * Names that are words with `-`, `:`, `/`, a space or a dot between them: `order-created`, `user/updated`. Programs
 * name events, routes and headers so, and make keys so out of data (`order-alice`): such a name is kept only if each
 * of its words is known and none is a name of people, places or companies.
 */
import { domainWords, properWords, wordsOfPrograms } from './known-names.js';

export interface JoinedNames {
  /** Whether `name` has words joined by something, all of which are known. */
  isJoined: (name: string) => boolean;
  /** Whether `part`, which has nothing between its words, is made of known words. */
  isOfWords: (part: string) => boolean;
  /** Whether `part` is a name of people, places or companies. */
  isProper: (part: string) => boolean;
}

/** More words are a sentence, a path, or a pass phrase. */
const MAX_PARTS = 6;
const MAX_PARTS_WITH_SPACES = 4;
const MAX_LENGTH = 80;
/** From so many on, half of the words must be those of programs: pass phrases are made of common words. */
const PARTS_OF_PASS_PHRASES = 4;

/** At most two characters between words, and before the first: `--verbose`, `/users/:id`, `GET /users`. */
const JOINED = /^[-:/@.]{0,2}[A-Za-z]\w*(?:[-:/ .]{1,2}[A-Za-z]\w*)*(?:[-:/.]\*)?$/;
const BETWEEN = /[-:/@ .*]+/;
const TOKEN = /[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|_+/g;
/** `v1`, `http2`, `sha256`: other numbers may be data. */
const NUMBER_IN_A_WORD = /^(?:[1-9]|16|32|64|128|256|384|512)$/;
/** The list of words has none that is so short. */
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
        if (/^\d/.test(token)) return at > 0 && NUMBER_IN_A_WORD.test(token);
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
