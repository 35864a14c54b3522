/** What a server loads with the agent: budgets for modules and heap, so that neither grows unnoticed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { nodeOf } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';
import { testsDirectory } from '../targets/agent-target.js';

/** Loads the agent with a debugger that lists its scripts, or with none and its heap measured. */
const LISTS = `
import { Session } from 'node:inspector';
const session = new Session();
session.connect();
const scripts = [];
session.on('Debugger.scriptParsed', ({ params }) => scripts.push(params.url));
session.post('Debugger.enable');
await import('@afterimage/agent');
console.log(JSON.stringify(scripts.filter((url) => url.startsWith('file:'))));
process.exit();
`;
const MEASURES = `
const used = () => { gc(); gc(); return process.memoryUsage().heapUsed; };
await import('node:crypto');
const before = used();
globalThis.agent = await import('@afterimage/agent');
console.log(JSON.stringify(used() - before));
`;

function run(major: 20 | 24, program: string): unknown {
  const args = ['--expose-gc', '--no-warnings', '--input-type=module', '--eval', program];
  const text = execFileSync(nodeOf(major).path, args, {
    cwd: testsDirectory,
    encoding: 'utf8',
    timeout: PATIENCE_MS,
  });
  return JSON.parse(text);
}

for (const major of [20, 24] as const) {
  test(`Node ${major}: the agent loads no redactor, no inline mode, and few modules`, () => {
    const scripts = (run(major, LISTS) as string[]).filter((url) => url.includes('/packages/'));
    const names = scripts.map((url) => url.replace(/^.*\/packages\//, '').replace('/dist/', '/'));
    const unwanted = names.filter((name) =>
      /redactor|rewritten|inline|\/(collector|develop|age)\.js/.test(name),
    );
    assert.deepEqual(unwanted, []);
    assert.deepEqual(
      names.filter((name) => name.startsWith('snapshot/')),
      ['snapshot/redact/level.js'],
    );
    assert.ok(names.length <= MAX_MODULES, `${names.length} modules: ${names.sort().join(' ')}`);
  });

  test(`Node ${major}: the agent takes little of the heap`, () => {
    const bytes = run(major, MEASURES) as number;
    assert.ok(bytes > 100_000, `${bytes} bytes: it was not loaded`);
    assert.ok(bytes <= MAX_HEAP_BYTES, `${(bytes / 1024).toFixed(0)} KiB`);
  });
}

/** Of the agent and the packages below it. */
const MAX_MODULES = 40;
/** Including the modules of Node.js that it is the first to load. */
const MAX_HEAP_BYTES = 1_600 * 1024;
