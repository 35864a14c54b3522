/** `afterimage memory` and `descriptors`: what /proc shows of a process, even if nothing else is safe. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { runCommand } from '../command.js';
import { eventually } from '../eventually.js';
import { newestNodes } from '../nodes.js';
import { startPlainTarget } from '../targets/plain-target.js';

interface Ledger {
  rss: number;
  rows: { part: string; resident: number }[];
  heaps: number;
}

interface Descriptors {
  used: number;
  limit: number | null;
  free: number | null;
  groups: { kind: string; what: string; states: Record<string, number>; count: number }[];
}

async function answer<T>(...words: string[]): Promise<T> {
  const { code, stdout, stderr } = await runCommand([...words, '--json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout.toString()) as T;
}

function part({ rows }: Ledger, name: string): number {
  return rows.find((row) => row.part === name)?.resident ?? 0;
}

function residentOf(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return Number(/^Rss:\s+(\d+)/m.exec(rollup)?.[1]) * 1024;
}

describe('memory', () => {
  for (const node of newestNodes) {
    it(`distinguishes Buffers from the JavaScript heap, and adds up to RSS, Node ${node.version}`, async (t) => {
      const target = await startPlainTarget(t, { node: node.path });
      const memory = (): Promise<Ledger> => answer<Ledger>('memory', String(target.pid));
      const before = await memory();
      assert.equal(before.heaps, 1);
      assert.ok(Math.abs(before.rss - residentOf(target.pid)) < 0.05 * before.rss, `${before.rss}`);
      await target.run('globalThis.buffers = Array.from({ length: 500 }, () => Buffer.alloc(100_000, 1)); 0');
      const buffers = await memory();
      assert.ok(part(buffers, 'native') - part(before, 'native') > 45e6);
      assert.ok(part(buffers, 'v8-heap') - part(before, 'v8-heap') < 5e6);
      await target.run('globalThis.objects = Array.from({ length: 400_000 }, (_, i) => [i, i, { i }]); 0');
      const objects = await memory();
      assert.ok(part(objects, 'v8-heap') - part(buffers, 'v8-heap') > 30e6);
      const resident = residentOf(target.pid);
      await memory();
      assert.ok(residentOf(target.pid) - resident < 1e6, 'the process grew by being looked at');
    });
  }

  it('begins with a conclusion, and says if the process is not Node.js', async (t) => {
    const target = await startPlainTarget(t);
    await target.run('globalThis.buffers = Array.from({ length: 1500 }, () => Buffer.alloc(100_000, 1)); 0');
    const { code, stdout } = await runCommand(['memory', String(target.pid)]);
    assert.equal(code, 0);
    assert.match(stdout.toString(), /Most of it \(\d+ %\) is native memory outside of the JavaScript heap/);
    const other = await runCommand(['memory', '1']);
    assert.equal(other.code, 3);
    assert.match(other.stderr, /^afterimage: process 1 does not run Node\.js[^\n]*\n$/);
    const gone = await runCommand(['memory', '999999999']);
    assert.match(gone.stderr, /^afterimage: process 999999999 does not exist\n$/);
  });
});

describe('descriptors', () => {
  it('counts them by kind, even if the process has none left', async (t) => {
    const target = await startPlainTarget(t, { prefix: ['prlimit', '--nofile=64:64'] });
    await target.run(`globalThis.held = []; const fs = process.getBuiltinModule('fs');
      try { for (;;) held.push(fs.openSync('/dev/null')); } catch {} held.length`);
    const { used, limit, free, groups } = await answer<Descriptors>('descriptors', String(target.pid));
    assert.equal(limit, 64);
    assert.equal(free, 0);
    assert.equal(used, readdirSync(`/proc/${target.pid}/fd`).length);
    assert.equal(
      groups.reduce((sum, { count }) => sum + count, 0),
      used,
    );
    assert.ok((groups.find(({ what }) => what === '/dev/null')?.count ?? 0) > 30);
  });

  it('says if it cannot see what they are, instead of showing none', async (t) => {
    if (process.getuid?.() !== 0) {
      t.skip('needs root');
      return;
    }
    const { pid } = await startPlainTarget(t);
    const { code, stdout, stderr } = await runCommand(['descriptors', String(pid)], {
      prefix: ['setpriv', '--bounding-set=-sys_ptrace', '--inh-caps=-sys_ptrace', '--'],
    });
    assert.equal(code, 3);
    assert.equal(stdout.toString(), '');
    assert.match(stderr, /^afterimage: the descriptors of process \d+ cannot be read \(EACCES\)[^\n]*\n$/);
  });

  it('names the peer of connections that the peer closed and the process did not', async (t) => {
    const target = await startPlainTarget(t);
    await target.run(`const net = process.getBuiltinModule('net');
      globalThis.kept = [];
      globalThis.server = net.createServer({ allowHalfOpen: true }, (socket) => socket.resume().end());
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address();
        for (let i = 0; i < 40; i++)
          kept.push(net.connect({ port, host: '127.0.0.1', allowHalfOpen: true }).resume());
      }); 0`);
    const port = await target.run('server.address().port');
    await eventually(async () => {
      // Ended by the server, and not by the client.
      const { groups } = await answer<Descriptors>('descriptors', String(target.pid));
      const group = groups.find(({ what }) => what === `to 127.0.0.1:${String(port)}`);
      assert.equal(group?.states['CLOSE-WAIT'], 40);
    });
    const { stdout } = await runCommand(['descriptors', String(target.pid)]);
    assert.match(stdout.toString(), /The other\s+side\s+closed 40 TCP connections to 127/);
  });
});
