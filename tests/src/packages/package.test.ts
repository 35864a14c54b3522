/** The published packages: installed from their tarballs into an empty project, without any script. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { nodeOf, newestNodes } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const directory = mkdtempSync(path.join(tmpdir(), 'afterimage-package-'));
const project = path.join(directory, 'app');
const prebuilds = path.join(project, 'node_modules/@afterimage/image/prebuilds/linux-x64');
after(() => rmSync(directory, { recursive: true }));

const npm = (args: string[], cwd: string): string =>
  execFileSync('npm', args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: PATIENCE_MS,
  });

const capture = `
  import { install } from '@afterimage/agent';
  const agent = install({ path: process.argv[1], logger: { info() {}, warn() {}, error() {} } });
  const status = agent.status();
  const outcome = await agent.capture().then(({ kind }) => kind, ({ code, message }) => code + ': ' + message);
  console.log(JSON.stringify({ reason: status.reason, outcome }));
`;

interface Outcome {
  reason?: string;
  outcome: string;
}

function runOn(nodePath: string): Outcome {
  const run = spawnSync(
    nodePath,
    ['--input-type=module', '-e', capture, path.join(directory, 'app.heapsnapshot')],
    {
      cwd: project,
      encoding: 'utf8',
      timeout: PATIENCE_MS,
    },
  );
  assert.equal(run.status, 0, run.stderr);
  return JSON.parse(run.stdout) as Outcome;
}

before(() => {
  for (const name of ['host', 'snapshot', 'image', 'v8-heap', 'agent'])
    npm(['pack', '--pack-destination', directory], path.join(root, 'packages', name));
  cpSync(path.join(root, 'LICENSE'), path.join(project, 'LICENSE'));
  writeFileSync(path.join(project, 'package.json'), '{"name":"app","private":true}');
  const tarballs = readdirSync(directory).filter((file) => file.endsWith('.tgz'));
  assert.equal(tarballs.length, 5);
  npm(
    ['install', '--offline', '--ignore-scripts', ...tarballs.map((file) => path.join('..', file))],
    project,
  );
});

for (const node of newestNodes) {
  test(`the installed package captures on Node ${node.version}`, () => {
    assert.deepEqual(runOn(node.path), { outcome: 'snapshot' });
  });
}

test('an ABI without a native part is refused, with the supported ones', () => {
  const abi = path.join(prebuilds, 'abi-137.node');
  const aside = path.join(directory, 'abi-137.node');
  cpSync(abi, aside);
  rmSync(abi);
  try {
    const { reason = '', outcome } = runOn(nodeOf(24).path);
    assert.match(
      reason,
      /no native part for v24\.\S+ \(ABI 137\).*Node 20 \(ABI 115\), Node 22 \(ABI 127\), Node 26/,
    );
    assert.match(outcome, /^unsupported: /);
  } finally {
    cpSync(aside, abi);
  }
});

test('an installation without its native part is refused, with the paths that were searched', () => {
  const aside = path.join(directory, 'linux-x64');
  renameSync(prebuilds, aside);
  try {
    const { outcome } = runOn(nodeOf(24).path);
    assert.match(outcome, /^unsupported: .*no native part for linux-x64 \(.*prebuilds\/linux-x64\): install/);
  } finally {
    renameSync(aside, prebuilds);
  }
});

test('a native part for another build of Node is refused, with what is missing', () => {
  const abi = path.join(prebuilds, 'abi-137.node');
  const aside = path.join(directory, 'abi-137.node');
  cpSync(abi, aside);
  try {
    cpSync(path.join(prebuilds, 'abi-115.node'), abi);
    assert.match(
      runOn(nodeOf(24).path).outcome,
      /^unsupported: .*does not fit this build of Node v24.*undefined symbol: _ZNK?2v8/,
    );
  } finally {
    cpSync(aside, abi);
  }
});

test('a native part that the system does not load is refused, with what to check', () => {
  const abi = path.join(prebuilds, 'abi-137.node');
  const aside = path.join(directory, 'abi-137.node');
  cpSync(abi, aside);
  rmSync(abi);
  try {
    symlinkSync(path.join(project, 'package.json'), abi);
    assert.match(runOn(nodeOf(24).path).outcome, /^unsupported: .*cannot be loaded.*noexec/);
  } finally {
    rmSync(abi);
    cpSync(aside, abi);
  }
});
