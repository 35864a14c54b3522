/** Paths of scripts, as far as they are shown: without users' directories, and without parts that look random. */
import type { JoinedNames } from './joined-names.js';

/** The path of a script, as far as it is shown; null for another text. */
export type ScriptPaths = (name: string) => string | null;

const SCRIPT = /^(?:file:\/\/|webpack:\/\/|[A-Za-z]:)?[/\\].*\.(?:[cm]?[jt]s|[jt]sx|json|node|wasm)$/s;
const NODES_SCRIPT = /^node:[\w/.-]+$/;
/** Directories with the directories of users in them. */
const HOMES = new Set(['home', 'Users']);
const SEGMENT = /^[\w.@+~%()[\] -]*$/;
const EXTENSION = /\.(?:[cm]?[jt]sx?|json|node|wasm)$/;
const BETWEEN_WORDS = /([-.~+@()[\] ]+|_{2,})/;
/** `main.2.js`; more digits may be a hash. */
const SHORT_NUMBER = /^\d{1,3}$/;

/**
 * Parts of paths have no hash: that of the next snapshot would be another, and functions are found again by where
 * they stand.
 */
const USER = '‹user›';
const hidden = (part: string): string => `‹${part.length} chars›`;

export function scriptPaths(
  isKnown: (text: string) => boolean,
  looksRandom: (text: string) => boolean,
  { isOfWords }: JoinedNames,
): ScriptPaths {
  /** `chunk-4F2KQ7XN.js`, `main.3f9a8c17.chunk.js`: words and the extension tell which file it is. */
  function withoutHash(segment: string): string {
    const extension = EXTENSION.exec(segment)?.[0] ?? '';
    const parts = segment.slice(0, segment.length - extension.length).split(BETWEEN_WORDS);
    let shown = '';
    let masked = '';
    // What lies between parts that are hidden is hidden with them: it may be part of a hash.
    for (let at = 0; at < parts.length; at += 2) {
      const before = at === 0 ? '' : parts[at - 1];
      const part = parts[at];
      if (part !== '' && !isOfWords(part) && !SHORT_NUMBER.test(part)) {
        masked += masked === '' ? part : before + part;
        if (masked === part) shown += before;
      } else {
        shown += (masked === '' ? '' : hidden(masked)) + before + part;
        masked = '';
      }
    }
    return shown + (masked === '' ? '' : hidden(masked)) + extension;
  }

  return (name) => {
    if (NODES_SCRIPT.test(name)) return looksRandom(name) ? null : name;
    if (!SCRIPT.test(name)) return null;
    const parts = name.split(/([/\\])/);
    return parts
      .map((part, at) => {
        const isSeparator = at % 2 === 1;
        if (at === 0 || isSeparator || isKnown(part)) return part;
        if (HOMES.has(parts[at - 2]) && at < parts.length - 1) return USER;
        if (!SEGMENT.test(part)) return hidden(part);
        return looksRandom(part) ? withoutHash(part) : part;
      })
      .join('');
  };
}
