/** Modules that are loaded repeatedly are told by the file that they are copies of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  array,
  closure,
  code,
  commonJs,
  growthOf,
  large,
  LARGE,
  map,
  moduleWith,
  object,
  suspectOf,
  text,
  times,
  variables,
  type Program,
  type Thing,
} from '../made-up-heap.js';

const APP = '/app/shop.js';
const load = code('load', 'node:internal/modules/esm/loader', 3);

/** Modules in Node's cache of ES modules. */
const inCache =
  (module: (n: number) => Thing) =>
  (count: number): Program => ({
    modules: [commonJs(APP, {})],
    roots: {
      '(Strong roots)': [closure(load, variables(load, { loadCache: map(times(count, module)) }))],
    },
  });

/** Whether such modules are reported as copies of `/app/tenant.mjs` or `.js`; programs that load more files are healthy. */
async function areCopies(module: (n: number) => Thing): Promise<boolean> {
  const { suspects } = await growthOf(inCache(module));
  return suspects.some(({ title }) => /copies of \S*tenant\.m?js in/.test(title));
}

/** A CommonJS module that keeps the copies that it required. */
async function required(module: (n: number) => Thing): ReturnType<typeof suspectOf> {
  return suspectOf((count) => {
    const main = moduleWith(APP, {});
    main.edges.push(['property', 'children', array(times(count, module))]);
    return { modules: [main] };
  });
}

const job = (url: string): Thing => ({
  ...object('ModuleJob', { module: object('ModuleWrap', { url: text(url) }) }),
  size: LARGE,
});
const copy = (filename: string): Thing => large('Module', { filename: text(filename) });

test('imports of one file with a query that changes', async () => {
  const found = await suspectOf(inCache((n) => job(`file:///app/tenant%20one.mjs?v=${n}#x`)));
  assert.equal(found.title, "30 more copies of tenant one.mjs in Node's ES module cache");
  assert.equal(found.kind, 'modules');
  assert.match(found.advice, /^Import one URL/);
  assert.deepEqual(found.locations.at(-1), {
    function: '',
    script: '/app/tenant one.mjs',
    line: 1,
    column: 1,
    package: null,
  });
});

test('files that are required again after they were deleted from the cache', async () => {
  const found = await required(() => copy('/app/node_modules/tenant/config.js'));
  assert.equal(found.title, `30 more copies of config.js in children (Array)`);
  assert.equal(found.kind, 'modules');
  assert.match(found.advice, /^Do not delete from require\.cache/);
  assert.deepEqual(found.locations.at(-1)?.package, { name: 'tenant', version: null });
});

test('modules of many files are not copies, unless most of them are', async () => {
  const mixed =
    (share: number): ((n: number) => Thing) =>
    (n) =>
      job(n % 10 < share ? `file:///app/tenant.mjs?v=${n}` : `file:///app/${n}.mjs`);
  assert.ok(await areCopies(mixed(7)));
  assert.ok(!(await areCopies(mixed(5))));
});

test('a file is told by its name, a few properties away', async () => {
  const inside = (depth: number): Thing => {
    let holder = object('Loaded', { url: text('file:///app/tenant.mjs?v=1') });
    for (let step = 1; step < depth; step++) holder = object('Loaded', { next: holder });
    return large('ModuleJob', { next: holder });
  };
  assert.ok(await areCopies(() => inside(3)));
  assert.ok(!(await areCopies(() => inside(4))));
  for (const [name, isTold] of [
    ['loader', false],
    ['parent', false],
    ['module', true],
  ] as const) {
    const loaded = (): Thing => object('Loaded', { url: text('file:///app/tenant.mjs') });
    assert.equal(await areCopies(() => large('ModuleJob', { [name]: loaded() })), isTold, name);
  }
});

test('names that are no paths tell no file', async () => {
  for (const [url, isTold] of [
    ['/app/tenant.js', true],
    ['C:\\app\\tenant.js', true],
    ['tenant.js', false],
    ['node:fs', false],
  ] as const)
    assert.equal(await areCopies(() => job(url)), isTold, url);
});

test('objects with a file name that are no modules are not copies of it', async () => {
  const uploads = await suspectOf((count) => ({
    modules: [
      moduleWith(APP, { uploads: array(times(count, () => large('Upload', { filename: text('/tmp/a') }))) }),
    ],
  }));
  assert.equal(uploads.title, '30 more Upload in uploads (Array)');
});
