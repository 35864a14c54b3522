// The module hook of mutated.mjs: replaces a range of characters of one file while Node loads it.
import { fileURLToPath } from 'node:url';

const { file, start, end, text } = JSON.parse(process.env.AFTERIMAGE_MUTANT);

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context);
  if (!url.startsWith('file:') || fileURLToPath(url) !== file) return loaded;
  const source = Buffer.from(loaded.source).toString();
  return { ...loaded, source: source.slice(0, start) + text + source.slice(end) };
}
