/** Locations are told with the npm package and version that they belong to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Package } from '@afterimage/snapshot';
import {
  array,
  closure,
  code,
  commonJs,
  growthOf,
  large,
  object,
  text,
  times,
  variables,
  type Thing,
} from '../made-up-heap.js';

interface Given {
  script: string;
  /** More modules that the program has loaded. */
  others?: Thing[];
  files?: Record<string, string>;
}

/** The package of the function whose variable leaks. */
async function packageOf({ script, others = [], files = {} }: Given): Promise<Package | null | undefined> {
  const keep = code('keep', script, 7, 3);
  const { suspects } = await growthOf(
    (count) => ({
      modules: [
        commonJs('/app/main.js', {
          keep: closure(keep, variables(keep, { kept: array(times(count, () => large('Order'))) })),
        }),
        ...others,
      ],
    }),
    undefined,
    { readText: (path) => files[path] ?? null },
  );
  return suspects[0]?.locations.find((location) => location.script === script)?.package;
}

const manifest = (filename: string, name: string, version: string): Thing =>
  object('Module', {
    filename: text(filename),
    exports: object('Object', { name: text(name), version: text(version) }),
  });

test('the name is in the path', async () => {
  for (const [script, name] of [
    ['/app/node_modules/lru/index.js', 'lru'],
    ['/app/node_modules/@acme/lru/lib/index.js', '@acme/lru'],
    ['/app/node_modules/a/node_modules/lru/index.js', 'lru'],
    ['C:\\app\\node_modules\\lru\\index.js', 'lru'],
    ['C:\\app\\node_modules\\@acme\\lru\\index.js', '@acme/lru'],
    ['/app/lib/index.js', undefined],
    ['/app/node_modules/index.js', undefined],
  ] as const)
    assert.equal((await packageOf({ script }))?.name, name, script);
});

test('the version is in the path, with pnpm and with Yarn', async () => {
  for (const [folder, name, version] of [
    ['.pnpm/lru@1.2.3/node_modules', 'lru', '1.2.3'],
    ['.pnpm/lru@1.2.3_peer@4.5.6/node_modules', 'lru', '1.2.3'],
    ['.pnpm/lru@1.2.3(peer@4.5.6)/node_modules', 'lru', '1.2.3'],
    ['.pnpm/@acme+lru@1.2.3-beta.1/node_modules', '@acme/lru', '1.2.3-beta.1'],
    ['.pnpm/other@1.2.3/node_modules', 'lru', null],
    ['.pnpm/lru@file+lru/node_modules', 'lru', null],
    ['.yarn/cache/lru-npm-1.2.3-0123abcdef-10.zip/node_modules', 'lru', '1.2.3'],
    ['.yarn/cache/lru-npm-1.2.3-0123abcdef.zip/node_modules', 'lru', '1.2.3'],
    ['.yarn/cache/@acme-lru-npm-1.2.3-0123abcdef-10.zip/node_modules', '@acme/lru', '1.2.3'],
  ] as const) {
    const script = `/app/node_modules/${folder}/${name}/index.js`;
    assert.deepEqual(await packageOf({ script }), { name, version }, script);
  }
});

test('the version is in a manifest that the program has loaded', async () => {
  const script = '/app/node_modules/lru/index.js';
  const path = '/app/node_modules/lru/package.json';
  assert.equal((await packageOf({ script, others: [manifest(path, 'lru', '1.2.3')] }))?.version, '1.2.3');
  assert.equal((await packageOf({ script, others: [manifest(path, 'alias', '1.2.3')] }))?.version, '1.2.3');
  for (const version of ['1.2', 'latest', '', 'v1.2.3'])
    assert.equal((await packageOf({ script, others: [manifest(path, 'lru', version)] }))?.version, null);
});

test('the version is in another object with a name and a version, unless two differ', async () => {
  const script = '/app/node_modules/lru/index.js';
  const told = (version: string): Thing => manifest(`/app/${version}.js`, 'lru', version);
  assert.equal((await packageOf({ script, others: [told('1.2.3')] }))?.version, '1.2.3');
  assert.equal(
    (await packageOf({ script, others: [told('1.2.3'), manifest('/app/b.js', 'lru', '1.2.3')] }))?.version,
    '1.2.3',
  );
  assert.equal((await packageOf({ script, others: [told('1.2.3'), told('1.2.4')] }))?.version, null);
  assert.equal((await packageOf({ script, others: [told('latest')] }))?.version, null);
  const second = commonJs('/app/node_modules/a/node_modules/lru/index.js', {});
  assert.equal(
    (await packageOf({ script, others: [told('1.2.3'), second] }))?.version,
    null,
    'one of the two folders has it',
  );
  assert.equal(
    (await packageOf({ script, others: [told('1.2.3'), commonJs(script, {})] }))?.version,
    '1.2.3',
  );
});

test('the version is in a manifest that the caller reads', async () => {
  const script = '/app/node_modules/@acme/lru/lib/index.js';
  const read = async (json: string): Promise<string | null | undefined> =>
    (await packageOf({ script, files: { '/app/node_modules/@acme/lru/package.json': json } }))?.version;
  assert.equal(await read('{"name":"other","version":"1.2.3"}'), '1.2.3');
  for (const json of ['{"version":"next"}', '{"version":123}', '{', 'null', '{}'])
    assert.equal(await read(json), null, json);
});

test('the summary names it beside the line', async () => {
  const keep = code('keep', '/app/node_modules/lru/index.js', 7, 3);
  const summary = async (files: Record<string, string>): Promise<string> => {
    const { suspects } = await growthOf(
      (count) => ({
        modules: [
          commonJs('/app/main.js', {
            keep: closure(keep, variables(keep, { kept: array(times(count, () => large('Order'))) })),
          }),
        ],
      }),
      undefined,
      { readText: (path) => files[path] ?? null },
    );
    return suspects[0]?.summary ?? '';
  };
  assert.match(
    await summary({ '/app/node_modules/lru/package.json': '{"version":"1.2.3"}' }),
    /^30 more Order in kept \(Array\) of keep\(\) of \S+lru\/index\.js \(line 7, lru@1\.2\.3\): /,
  );
  assert.match(await summary({}), / \(line 7, lru\): /);
});
