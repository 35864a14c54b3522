/** The names that Node.js itself and V8 bring into every heap, and the words that programs are written in. */
import { readFileSync } from 'node:fs';
import type { CompiledRedaction } from './compiled.js';

const data = (file: string): URL => new URL(`../../data/${file}`, import.meta.url);
/** Made by scripts/collect-names.mjs, as the words of programs are. */
const NAMES = data('names.txt');

/** Words in lower case, a to z. */
type Words = ReadonlySet<string>;

export const wordsOfPrograms = wordsIn('words.txt');
/** Of what programs are about: orders, payments, journeys, games. Written by hand. */
export const domainWords = wordsIn('domain-words.txt');
/** Names of people, places and companies: each of them may be data. */
export const properWords = wordsIn('proper-words.txt');

function wordsIn(file: string): () => Words {
  let words: Words | undefined;
  return () => (words ??= new Set(readFileSync(data(file), 'latin1').trimEnd().split('\n')));
}

/**
 * Tells the compiled part the names; returns whether a text is one. Once for each redaction, after its key was set.
 */
export function knownNames(compiled: CompiledRedaction): (text: string) => boolean {
  const { NAMES: at, NAMES_BYTES, OUTPUT, MAX_NAME_LENGTH } = compiled.layout;
  const names = readFileSync(NAMES);
  if (names.length > NAMES_BYTES)
    throw new RangeError(`there are ${names.length} bytes of names, of ${NAMES_BYTES}`);
  compiled.bytes.set(names, at);
  compiled.learnNames(at + names.length);
  return (text) => {
    if (text.length > MAX_NAME_LENGTH) return false;
    // Not latin1: a letter that is in two bytes there must not become another in one.
    const length = compiled.bytes.write(text, OUTPUT, 'utf8');
    return compiled.isKnownName(OUTPUT, OUTPUT + length) !== 0;
  };
}
