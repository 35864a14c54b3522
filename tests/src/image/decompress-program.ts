/** Prints how many bytes a file decompresses to, and what is said of one that lacks its last 100,000 bytes. */
import { readFileSync } from 'node:fs';
import { decompressed } from '../../../packages/afterimage/dist/files/compression.js';

const [file = ''] = process.argv.slice(2);
const whole = readFileSync(file);

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 10_000)
    yield await Promise.resolve(bytes.subarray(from, from + 10_000));
}

let bytes = 0;
for await (const chunk of decompressed(chunksOf(whole))) bytes += chunk.length;
console.log(`${bytes} bytes`);
try {
  for await (const chunk of decompressed(chunksOf(whole.subarray(0, -100_000)))) bytes += chunk.length;
} catch (error) {
  console.log(error instanceof Error ? error.message : error);
}
