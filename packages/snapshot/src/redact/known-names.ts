/** The names that Node.js itself and V8 bring into every heap, and the words that programs are written in. */
import { readFileSync } from 'node:fs';
import type { CompiledRedaction } from './compiled.js';

/** Both are made by scripts/collect-names.mjs. */
const [NAMES, WORDS] = ['names.txt', 'words.txt'].map(
  (file) => new URL(`../../data/${file}`, import.meta.url),
);

let words: ReadonlySet<string> | undefined;

/** In lower case, a to z. */
export function wordsOfPrograms(): ReadonlySet<string> {
  return (words ??= new Set(readFileSync(WORDS, 'latin1').trimEnd().split('\n')));
}

/**
 * Tells the compiled part the names; returns whether a text is one. Once for each redaction, after its key was set.
 */
export function knownNames(compiled: CompiledRedaction): (text: string) => boolean {
  const { NAMES: at, NAMES_BYTES, OUTPUT, LONGEST_NAME } = compiled.layout;
  const names = readFileSync(NAMES);
  if (names.length > NAMES_BYTES)
    throw new RangeError(`there are ${names.length} bytes of names, of ${NAMES_BYTES}`);
  compiled.bytes.set(names, at);
  compiled.learnNames(at + names.length);
  return (text) => {
    if (text.length > LONGEST_NAME) return false;
    // Not latin1: a letter that is in two bytes there must not become another in one.
    const length = compiled.bytes.write(text, OUTPUT, 'utf8');
    return compiled.isKnownName(OUTPUT, OUTPUT + length) !== 0;
  };
}
