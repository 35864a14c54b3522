/** The command's name on npm: the bare name belongs to another package, so no text may refer to it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const WRITTEN = /\.([cm]?[jt]s|json|md|html|css|ya?ml|svg)$/;
const NOT_OURS = new Set([
  'node_modules',
  'dist',
  'bundled',
  'compiled',
  '.tsbuildinfo',
  'package-lock.json',
]);
/** A runner or an installer of packages, any options, and the bare name. */
const BARE_NAME =
  /\b(npx|bunx|npm +(x|exec|i|install|add)|(pnpm|yarn|bun) +(dlx|add|x|exec|global +add))( +-\S+)* +(kubectl-)?afterimage(?![\w/-])/;

function textsBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => !NOT_OURS.has(name))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return textsBelow(path);
      return WRITTEN.test(entry.name) ? [path] : [];
    });
}

test('no text refers to the package that has the bare name on npm', () => {
  assert.match('npx -y afterimage ps', BARE_NAME);
  assert.match('`npm install --global afterimage`', BARE_NAME);
  assert.doesNotMatch('npx @afterimage/cli ps; npm install @afterimage/agent', BARE_NAME);
  const texts = [
    ...readdirSync(root).flatMap((name) => (WRITTEN.test(name) ? [join(root, name)] : [])),
    ...['docs', 'packages', 'examples', 'bench', 'scripts'].flatMap((name) => textsBelow(join(root, name))),
  ];
  assert.ok(texts.length > 200, `only ${texts.length} files were read`);
  const leading = texts.filter((path) => BARE_NAME.test(readFileSync(path, 'utf8')));
  assert.deepEqual(leading, []);
});

test("npx finds the command's binary: both names are one file", () => {
  const manifest = JSON.parse(readFileSync(join(root, 'packages/afterimage/package.json'), 'utf8')) as {
    name: string;
    bin: Record<string, string>;
  };
  assert.equal(manifest.name, '@afterimage/cli');
  assert.deepEqual(Object.keys(manifest.bin), ['afterimage', 'kubectl-afterimage']);
  assert.equal(new Set(Object.values(manifest.bin)).size, 1);
});
