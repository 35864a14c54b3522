/**
 * A Node that is built for musl, as Alpine has it. npm has none as such, but pnpm's program for Alpine is one with an
 * application in it, which a byte turns off; and Debian has musl, but no C++ library for it: `fixtures/musl-runtime.c`.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from '../cached.js';
import { debianFile } from '../targets/debian-program.js';
import type { NodeBinary } from '../nodes.js';
import { fileOfPackage } from '../packages/npm-package.js';

const NODE_VERSION = '26.0.0';
const PACKAGE = ['@pnpm/linuxstatic-x64', '11.21.0'] as const;
const SHA512 = '6Y2u+AfOUuTqWgTCpFhySL8HAcONDucCFixKle9tWoW7bm8RF0+fwQBRWNWGdx+Toau07wZ1LNZPqN8gpgeBDQ==';

/** What is in a program of Node's (`node --build-sea`), with a 1 behind it where an application is in it, too. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:';

const runtime = fileURLToPath(new URL('../../src/fixtures/musl-runtime.c', import.meta.url));
const LOADER = '/lib/ld-musl-x86_64.so.1';

/**
 * Fetched and made once (49 MB).
 * @throws where npm or Debian's musl-tools cannot be had, or it does not start
 */
export function nodeForMusl(): NodeBinary {
  debianFile('musl-tools', '/usr/bin/musl-gcc');
  const place = cached(`node-musl-${NODE_VERSION}`, makeNode);
  const program = path.join(place, 'node');
  const names = ['libstdc++.so.6', 'libstdc++-of-glibc.so.6', 'libgcc_s.so.1', 'ld-linux-x86-64.so.2'];
  const libraries = names.map((name) => [`/usr/lib/${name}`, path.join(place, name)] as const);
  return {
    major: 26,
    version: NODE_VERSION,
    path: program,
    env: { LD_LIBRARY_PATH: place },
    libraries: { [LOADER]: LOADER, ...Object.fromEntries(libraries) },
  };
}

function makeNode(directory: string): void {
  const program = readFileSync(fileOfPackage(...PACKAGE, SHA512, 'pnpm'));
  const fuse = program.indexOf(`${FUSE}1`);
  assert.ok(fuse > 0 && !program.includes(`${FUSE}1`, fuse + 1));
  program.write('0', fuse + FUSE.length);
  const file = (name: string): string => path.join(directory, name);
  writeFileSync(file('node'), program);
  chmodSync(file('node'), 0o755);

  copyFileSync('/usr/lib/x86_64-linux-gnu/libstdc++.so.6', file('libstdc++-of-glibc.so.6'));
  copyFileSync('/lib/x86_64-linux-gnu/libgcc_s.so.1', file('libgcc_s.so.1'));
  const compile = (...args: string[]): Buffer =>
    execFileSync('musl-gcc', ['-shared', '-fPIC', ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
  // The runtime goes by the name of libstdc++, so that its symbols come before musl's, and brings the real one.
  // libstdc++ also wants glibc's loader, in the place of which is one without contents.
  const empty = file('ld-linux-x86-64.so.2');
  compile('-Wl,-soname,libstdc++-of-glibc.so.6', '-o', empty, '-x', 'c', '/dev/null');
  const named = ['-Wl,-soname,libstdc++.so.6', '-Wl,--no-as-needed', '-o', file('libstdc++.so.6')];
  compile('-O1', '-Wall', '-Werror', '-fno-builtin', ...named, runtime, empty);
}
