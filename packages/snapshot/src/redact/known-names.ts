/** The names that Node.js itself and V8 bring into every heap, and the words that programs are written in. */
import { readFileSync } from 'node:fs';

export interface KnownNames {
  names: ReadonlySet<string>;
  words: readonly string[];
}

let known: KnownNames | undefined;

/** Read once, from the files that scripts/collect-names.mjs makes. */
export function knownNames(): KnownNames {
  known ??= { names: new Set(lines('names')), words: lines('words') };
  return known;
}

function lines(file: string): string[] {
  const text = readFileSync(new URL(`../../data/${file}.txt`, import.meta.url), 'utf8');
  return text.split('\n').filter((line) => line !== '');
}
