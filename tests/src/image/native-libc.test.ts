/**
 * One addon for any C library, tested with musl's own loader and compiler, because there is no Node for musl
 * here.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { debianFile } from '../targets/debian-program.js';
import { assertNeedsNoLibrary, assertStandsAlone, takenFromNode } from './native-symbols.js';
import { abis } from '../nodes.js';

const imagePackage = fileURLToPath(new URL('../../../packages/image/', import.meta.url));
const prebuilds = path.join(imagePackage, 'prebuilds/linux-x64');
const musl = '/lib/ld-musl-x86_64.so.1';
const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-libc-'));
after(() => rmSync(directory, { recursive: true }));

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../src/fixtures/${name}`, import.meta.url));

/** Compiles a program that is linked with musl. */
function muslProgram(name: string, ...args: string[]): string {
  const program = path.join(directory, name);
  execFileSync('musl-gcc', ['-O1', '-Wall', '-Werror', '-o', program, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return program;
}

before(() => debianFile('musl-tools', '/usr/bin/musl-gcc'), { timeout: 600_000 });

for (const [major, abi] of abis) {
  const addon = path.join(prebuilds, `abi-${abi}.node`);

  test(`the addon for Node ${major} needs no library, and only those functions of a C library that musl has`, () => {
    assertNeedsNoLibrary(addon);
    assert.ok(takenFromNode(addon, major, musl).length > 30);
  });

  test(`musl's loader loads the addon for Node ${major} if Node's symbols are present`, () => {
    const stubs = path.join(directory, `stubs-${abi}.s`);
    const names = takenFromNode(addon, major, musl).filter((name) => name !== 'node_module_register');
    writeFileSync(stubs, names.map((name) => `.globl ${name}\n${name}: ud2\n`).join(''));
    const program = muslProgram(`load-${abi}`, '-rdynamic', fixture('musl-load.c'), stubs);
    assert.equal(execFileSync(program, [addon], { encoding: 'utf8' }), `ABI ${abi}\n`);

    const bare = muslProgram(`load-nothing-${abi}`, '-rdynamic', fixture('musl-load.c'));
    const { status, stderr } = spawnSync(bare, [addon], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /symbol not found/);
  });
}

test('the darkroom needs no library', () => assertStandsAlone(path.join(prebuilds, 'darkroom')));

test("a musl program writes its image with the addon's code, is restored, and its ghost locks are released", () => {
  const objects = [
    'child.c',
    'descriptors.c',
    'fork_marks.c',
    'image_writer.c',
    'own_files.c',
    'proc_maps.c',
    'registers.S',
  ];
  const built = path.join(imagePackage, 'native/build/linux-x64/abi-115');
  const program = muslProgram(
    'capture',
    ...['native', 'native/capture', 'native/capture/x86_64'].flatMap((folder) => [
      '-I',
      path.join(imagePackage, folder),
    ]),
    fixture('musl-capture.c'),
    ...objects.map((name) => path.join(built, `${name}.o`)),
  );
  const image = path.join(directory, 'musl.image');
  execFileSync(program, [image]);
  assert.ok(readFileSync(image).includes('ld-musl-x86_64.so.1'));

  const input = openSync(image, 'r');
  const restored = spawnSync(path.join(prebuilds, 'darkroom'), {
    stdio: [input, 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  closeSync(input);
  assert.equal(restored.status, 0, restored.stderr);
  assert.equal(restored.stderr.match(/^afterimage ghost-lock /gm)?.length, 2, restored.stderr);
  assert.equal(restored.stdout, 'kept on the heap, and by the thread, flags 1\n');
});
