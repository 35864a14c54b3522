/** The compiled redaction of one snapshot, with the key of its hashes. */
import { randomBytes } from 'node:crypto';
import { compiledRedaction, type CompiledRedaction } from './compiled.js';
import { setWordsOfMasks } from './masked-text.js';

const KEY_BYTES = 16;

/** Creates the compiled redaction with a random key, which is not kept: its hashes cannot be reproduced. */
export function keyedRedaction(): CompiledRedaction {
  const compiled = compiledRedaction();
  const { INPUT } = compiled.layout;
  compiled.bytes.set(randomBytes(KEY_BYTES), INPUT);
  compiled.setKey(INPUT);
  setWordsOfMasks(compiled);
  return compiled;
}
