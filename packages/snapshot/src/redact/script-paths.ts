/** Returns the visible part of script paths: without users' directories and parts that look random. */
import type { JoinedNames } from './joined-names.js';

/** Returns the visible part of a script's path; null for other texts. */
export type ScriptPaths = (name: string) => string | null;

const SCRIPT = /^(?:file:\/\/|webpack:\/\/|[A-Za-z]:)?[/\\].*\.(?:[cm]?[jt]s|[jt]sx|json|node|wasm)$/s;
const NODES_SCRIPT = /^node:[\w/.-]+$/;
/** Directories that contain users' directories. */
const HOMES = new Set(['home', 'Users']);
const SEGMENT = /^[\w.@+~%()[\] -]*$/;
const EXTENSION = /\.(?:[cm]?[jt]sx?|json|node|wasm)$/;
const BETWEEN_WORDS = /([-.~+@()[\] ]+|_{2,})/;
/** `main.2.js`; more digits may be a hash. */
const SHORT_NUMBER = /^\d{1,3}$/;

/**
 * Replaced parts of paths get no hash: it would differ in the next snapshot, and functions are matched by
 * their position.
 */
const USER = '‹user›';
/** What an earlier redaction left of a path. */
const HIDDEN = /‹\d+ chars›/g;
const hidden = (part: string): string => `‹${part.length} chars›`;

export function scriptPaths(
  isKnown: (text: string) => boolean,
  looksRandom: (text: string) => boolean,
  { isOfWords }: JoinedNames,
): ScriptPaths {
  /**
   * Removes hashes from `chunk-4F2KQ7XN.js`, `main.3f9a8c17.chunk.js`: words and extension identify the file.
   */
  function withoutHash(segment: string): string {
    const extension = EXTENSION.exec(segment)?.[0] ?? '';
    const parts = segment.slice(0, segment.length - extension.length).split(BETWEEN_WORDS);
    let shown = '';
    let masked = '';
    // What is between hidden parts is hidden too: it may be part of a hash.
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
        const rest = part.replaceAll(HIDDEN, '');
        if (!SEGMENT.test(rest)) return hidden(part);
        if (!looksRandom(rest)) return part;
        return rest === part ? withoutHash(part) : hidden(part);
      })
      .join('');
  };
}
