import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { applicationName, sanitizeName } from '../../../packages/host/dist/application-name.js';
import { resolveOptions, type AgentOptions } from '../../../packages/agent/dist/options.js';
import { imagePath, parsePathTemplate } from '../../../packages/agent/dist/path-template.js';
import { temporaryDirectory } from '../targets/agent-target.js';

test('the defaults: gate shut, SIGUSR2, one path that is overwritten, by image', () => {
  const { allow, signal, path, mode, develop, keep } = resolveOptions({ name: 'app' }, {});
  assert.deepEqual(
    { allow, signal, path: path.expand(new Date()), mode, develop, keep },
    {
      allow: false,
      signal: 'SIGUSR2',
      path: '/tmp/app.heapsnapshot',
      mode: 'image',
      develop: 'auto',
      keep: undefined,
    },
  );
});

test('environment variables configure it, and code takes precedence', () => {
  const environment = {
    ALLOW_HEAP_SNAPSHOT: '1',
    AFTERIMAGE_SIGNAL: 'SIGHUP',
    AFTERIMAGE_PATH: '/var/dumps/{name}-{timestamp}.heapsnapshot',
    AFTERIMAGE_KEEP: '3',
    AFTERIMAGE_NAME: 'from environment',
    AFTERIMAGE_MODE: 'inline',
    AFTERIMAGE_DEVELOP: 'never',
    AFTERIMAGE_DRAIN_MS: '5',
    AFTERIMAGE_REDACT: 'names',
    AFTERIMAGE_RECIPIENTS: 'age1abc, age1def',
    AFTERIMAGE_STORE_PLAIN_IMAGE: '1',
    AFTERIMAGE_WHOLE_IMAGE: '1',
    AFTERIMAGE_TIMEOUT_MS: '',
  };
  const settings = resolveOptions({}, environment);
  assert.equal(
    settings.path.expand(new Date(0)),
    '/var/dumps/from-environment-19700101T000000Z.heapsnapshot',
  );
  const { allow, signal, keep, mode, develop, drainMs, timeoutMs } = settings;
  assert.deepEqual([allow, signal, keep, mode, develop, drainMs], [true, 'SIGHUP', 3, 'inline', 'never', 5]);
  assert.equal(timeoutMs, 900_000);
  const { redact, recipients, storePlainImage, wholeImage } = settings;
  assert.deepEqual([redact, recipients], ['names', ['age1abc', 'age1def']]);
  assert.deepEqual([storePlainImage, wholeImage], [true, true]);
  const byDefault = resolveOptions({}, {});
  assert.deepEqual([byDefault.redact, byDefault.recipients], ['strings', []]);
  assert.deepEqual([byDefault.storePlainImage, byDefault.wholeImage], [false, false]);
  assert.equal(resolveOptions({ allow: false, mode: 'image' }, environment).allow, false);
  assert.equal(resolveOptions({ mode: 'image' }, environment).mode, 'image');
});

test('the darkroom can be set by its former name, and code takes precedence over variables', () => {
  const old = { AFTERIMAGE_DEVELOPER: '/env/old' };
  const both = { ...old, AFTERIMAGE_DARKROOM: '/env/new' };
  const darkroomOf = (options: AgentOptions, environment: Record<string, string>): string | undefined =>
    resolveOptions(options, environment).darkroom;
  assert.equal(darkroomOf({}, {}), undefined);
  assert.equal(darkroomOf({}, old), '/env/old');
  assert.equal(darkroomOf({}, both), '/env/new');
  assert.equal(darkroomOf({ developer: '/code/old' }, both), '/code/old');
  assert.equal(darkroomOf({ developer: '/code/old', darkroom: '/code/new' }, both), '/code/new');
});

test('only ALLOW_HEAP_SNAPSHOT=1 opens the gate', () => {
  for (const value of ['', '0', 'true', 'yes', ' 1']) {
    assert.equal(resolveOptions({}, { ALLOW_HEAP_SNAPSHOT: value }).allow, false);
  }
});

for (const [options, environment, message] of [
  [{ signal: 'SIGUSR1' }, {}, /option signal: SIGUSR1 is how Node\.js opens its inspector/],
  [{}, { AFTERIMAGE_SIGNAL: 'SIGUSR1' }, /environment variable AFTERIMAGE_SIGNAL: SIGUSR1/],
  [{ signal: 'SIGKILL' }, {}, /SIGKILL cannot be caught/],
  [{ signal: 'SIGTERM' }, {}, /SIGTERM ends the process/],
  [{ signal: 'SIGNOTHING' as 'SIGUSR2' }, {}, /'SIGNOTHING' is not a signal of this platform/],
  [
    { path: '/tmp/{date}.heapsnapshot' },
    {},
    /unknown placeholder \{date\}; there are \{name\}, \{pid\} and \{timestamp\}/,
  ],
  [{ path: '' }, {}, /option path: must be a non-empty string, not ''/],
  [{ keep: 2 }, {}, /option keep: needs a path whose file name has \{pid\} or \{timestamp\}/],
  [{ keep: 0, path: '/tmp/{pid}' }, {}, /option keep: must be a whole number from 1/],
  [{}, { AFTERIMAGE_REDACT: 'all' }, /AFTERIMAGE_REDACT: must be 'none' or 'strings' or 'names', not 'all'/],
  [{}, { AFTERIMAGE_RECIPIENTS: 'AGE-SECRET-KEY-1X' }, /number 1 is not an age recipient, age1…$/],
  [{}, { AFTERIMAGE_STORE_PLAIN_IMAGE: 'yes' }, /must be 1 or 0, not 'yes'/],
  [{ mode: 'both' as 'image' }, {}, /option mode: must be 'image' or 'inline', not 'both'/],
  [
    {},
    { AFTERIMAGE_DEVELOP: 'often' },
    /AFTERIMAGE_DEVELOP: must be 'auto' or 'always' or 'never', not 'often'/,
  ],
  [{ timeoutMs: -1 }, {}, /option timeoutMs/],
  [{}, { AFTERIMAGE_DRAIN_MS: '1.5' }, /environment variable AFTERIMAGE_DRAIN_MS/],
  [{ allow: 'yes' as unknown as boolean }, {}, /option allow: must be true or false, not 'yes'/],
  [{ logger: {} as never }, {}, /option logger: must have the methods info, warn and error/],
] satisfies [AgentOptions, Record<string, string>, RegExp][]) {
  test(`refused in one line: ${message.source}`, () => {
    assert.throws(
      () => resolveOptions(options, environment),
      (error) => error instanceof TypeError && message.test(error.message) && !error.message.includes('\n'),
    );
  });
}

test('a name is safe as a file name', () => {
  const names = [
    '@acme/some app',
    '../../etc/passwd',
    '.hidden',
    '{pid}',
    'näme',
    '',
    '///',
    'a'.repeat(300),
  ];
  assert.deepEqual(names.map(sanitizeName), [
    'acme-some-app',
    'etc-passwd',
    'hidden',
    'pid',
    'n-me',
    'node',
    'node',
    'a'.repeat(100),
  ]);
});

test('the name comes from the package of the main script', (t) => {
  const project = temporaryDirectory(t);
  const put = (path: string, name?: string): void => {
    mkdirSync(join(project, path), { recursive: true });
    writeFileSync(join(project, path, 'package.json'), JSON.stringify({ type: 'module', name }));
  };
  put('.', '@acme/shop');
  put('dist'); // without a name: only gives the type of these modules
  put('node_modules/framework', 'framework');
  for (const script of [
    'dist/server.js',
    'server',
    '.',
    'node_modules/.bin/framework',
    'node_modules/framework/cli.js',
  ]) {
    assert.equal(applicationName(join(project, script), '/'), 'acme-shop', script);
  }
  assert.equal(applicationName(undefined, project), 'acme-shop');
  assert.equal(applicationName('/nonexistent/worker.mjs', '/nonexistent'), 'worker');
});

test("an image is stored next to the snapshot's path", () => {
  assert.equal(imagePath('/tmp/app.heapsnapshot', '.image.zst'), '/tmp/app.image.zst');
  assert.equal(imagePath('/tmp/dump', '.image.gz'), '/tmp/dump.image.gz');
});

test('results are distinguished from all other files in the directory', () => {
  const { results } = parsePathTemplate('/tmp/{name}-{pid}+{timestamp}.heapsnapshot', 'a.b');
  for (const name of ['a.b-1+20250131T235959Z.heapsnapshot', 'a.b-99+20250131T235959Z.image.zst']) {
    assert.match(name, results);
  }
  for (const name of [
    'aXb-1+20250131T235959Z.heapsnapshot',
    'a.b-1+.heapsnapshot',
    'a.b-1+20250131T235959Z.json',
  ]) {
    assert.doesNotMatch(name, results);
  }
});
