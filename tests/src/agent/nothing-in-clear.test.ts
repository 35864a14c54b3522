/** During a capture for a recipient, no process writes anything unencrypted to disk. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { startTarget } from '../targets/agent-target.js';
import { debianProgram } from '../targets/debian-program.js';
import { eventually } from '../eventually.js';
import { nodeOf } from '../nodes.js';
import { childrenOf } from '../process-census.js';
import { PATIENCE_MS } from '../patience.js';

/** System calls that create files, or memory that could be written to disk. */
const CALLS =
  'open,openat,openat2,creat,mknod,mknodat,link,linkat,symlink,symlinkat,memfd_create,truncate,rename,renameat,renameat2';

for (const develop of ['always', 'never'] as const) {
  test(
    `develop '${develop}': the only file opened for writing is the encrypted result`,
    { timeout: PATIENCE_MS },
    async (t) => {
      const directory = mkdtempSync(join(tmpdir(), 'afterimage-clear-'));
      t.after(() => rmSync(directory, { recursive: true, force: true }));
      const [log, traced, identity] = ['log', 'traced', 'identity'].map((name) => join(directory, name));
      assert.ok(log && traced && identity);
      debianProgram('age');
      execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' });
      const recipient = execFileSync('age-keygen', ['-y', identity], { encoding: 'utf8' }).trim();
      // The tracer stands aside: the target keeps its pid.
      const trace = `${debianProgram('strace')} -D -f -qq -e trace=${CALLS} -e signal=none -o ${log}`;
      writeFileSync(traced, `#!/bin/sh\nexec ${trace} ${nodeOf(24).path} "$@"\n`);
      chmodSync(traced, 0o755);
      const results = mkdtempSync(join(directory, 'results-'));
      const path = join(results, 'a.heapsnapshot');
      const target = await startTarget(t, {
        node: traced,
        options: { allow: true, path, develop, recipients: [recipient] },
      });
      const before = readFileSync(log, 'utf8').length;
      process.kill(target.pid, 'SIGUSR2');
      const written = await target.lines.next(['written', 'failed', 'refused'], PATIENCE_MS);
      assert.equal(written.event, 'written', JSON.stringify(written));

      const opened = pathsWritten(readFileSync(log, 'utf8').slice(before));
      const temporary = opened.filter((name) => name.startsWith(results));
      assert.ok(temporary.length > 0, 'the result itself was not seen');
      assert.deepEqual(
        opened.filter(
          (name) =>
            !name.startsWith(results) && !/^\/(proc|dev|sys)\//.test(name) && !IN_MEMORY.includes(name),
        ),
        [],
      );
      const result = readFileSync(written.path ?? '');
      assert.ok(result.subarray(0, 21).equals(Buffer.from('age-encryption.org/v1')));
      assert.ok(!result.includes('PlantedThing'));
    },
  );
}

/**
 * memfd_create(2): reserved descriptors without contents, and Node.js's error output if the collector fails.
 */
const IN_MEMORY = ['afterimage-reserve', 'afterimage-collector'];

/** Of files opened to be written, or made. */
function pathsWritten(log: string): string[] {
  const lines = log.split('\n').filter((line) => !/ = -1 /.test(line));
  return lines.flatMap((line) => {
    const isRead = /\bopen(at2?)?\(/.test(line) && !/O_WRONLY|O_RDWR|O_CREAT/.test(line);
    if (isRead || !/\w+\(/.test(line)) return [];
    return [...line.matchAll(/"([^"]*)"/g)].map(([, name = '']) => name);
  });
}

test('the collector and its children leave no memory in a core dump', { timeout: PATIENCE_MS }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'afterimage-core-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'a.heapsnapshot');
  const target = await startTarget(t, { options: { allow: true, path, develop: 'always' } });
  process.kill(target.pid, 'SIGUSR2');
  await eventually(() => {
    const collector = Object.keys(childrenOf(target.pid)).find((pid) => commandOf(pid).includes('collector'));
    assert.ok(collector !== undefined);
    const filter = readFileSync(`/proc/${collector}/coredump_filter`, 'latin1').trim();
    assert.match(filter, /^0+$/);
  });
  assert.equal((await target.lines.next(['written', 'failed'], PATIENCE_MS)).event, 'written');
});

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}
