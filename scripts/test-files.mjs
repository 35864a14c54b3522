// The test files of one kind, by the names that are given: agent/board.test.ts is agent-board, agent/board or board.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const sources = fileURLToPath(new URL('../tests/src/', import.meta.url));

/** Returns the paths in tests/src of the files that end in `.kind.ts`; all of them if no names are given. */
export function testFiles(kind, names) {
  return readdirSync(sources, { recursive: true })
    .filter((file) => file.endsWith(`.${kind}.ts`))
    .filter((file) => names.length === 0 || names.some((name) => isNamed(file, name)))
    .sort();
}

/** The compiled file, from the root. */
export function compiled(file) {
  return `tests/dist/${file.replace(/\.ts$/, '.js')}`;
}

function isNamed(file, name) {
  return file.includes(name) || file.replace('/', '-').includes(name);
}
