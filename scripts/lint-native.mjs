// `npm run lint:native [-- --write]`: whether the C and C++ is formatted as .clang-format says. clang-format comes from npm, as
// WebAssembly: the same version on every machine.
import { format } from '@wasm-fmt/clang-format';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const FOLDERS = ['packages/image/native', 'tests/src/fixtures'];

const { write } = parseArgs({ options: { write: { type: 'boolean', default: false } } }).values;
const style = readFileSync(`${root}.clang-format`, 'utf8');
const files = FOLDERS.flatMap((folder) =>
  readdirSync(root + folder, { recursive: true })
    .filter((name) => /\.(c|cc|h)$/.test(name) && !/^build\//.test(name))
    .map((name) => join(folder, name)),
);
const different = [];
for (const file of files) {
  const source = readFileSync(root + file, 'utf8');
  const formatted = format(source, file, style);
  if (formatted === source) continue;
  const line = firstDifference(source, formatted);
  different.push(`${file}:${line}: ${formatted.split('\n')[line - 1].trim()}`);
  if (write) writeFileSync(root + file, formatted);
}
if (write) console.log(`formatted ${different.length} of ${files.length} files`);
else if (different.length > 0) {
  console.error(
    `${different.join('\n')}\nscripts/lint-native.mjs: ${different.length} of ${files.length} files are not formatted as .clang-format says ` +
      '(shown: the first line that differs, as it should be). Run `npm run lint:native -- --write`',
  );
  process.exit(1);
}

/** Number of the first line that is not the same in both, from 1. */
function firstDifference(before, after) {
  const lines = after.split('\n');
  return before.split('\n').findIndex((line, index) => line !== lines[index]) + 1;
}
