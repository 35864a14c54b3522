/** Captures hostile programs and asks for their heaps: they live on, answer, and keep no inspector. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { runCommand } from '../command.js';
import { eventually } from '../eventually.js';
import { writeHostileProgram, type HostileProgram } from './hostile-programs.js';
import type { NodeBinary } from '../nodes.js';
import { anyPort, listeningPorts, watchdogsOf } from './plain-target.js';
import { temporaryDirectory } from '../temporary-directory.js';

export async function assertUnharmed(
  t: TestContext,
  node: NodeBinary,
  program: HostileProgram,
  verbs: readonly ('capture' | 'heap')[],
): Promise<void> {
  const directory = await temporaryDirectory(t);
  const child = spawn(node.path, [anyPort, writeHostileProgram(directory, program)], { stdio: 'pipe' });
  t.after(() => child.kill('SIGKILL'));
  child.stderr.resume();
  const [line = ''] = (await once(createInterface(child.stdout), 'line')) as string[];
  const { port } = JSON.parse(line) as { port: number };
  const pid = child.pid ?? 0;
  await pause(150); // nothing tells that it has turned
  for (const verb of verbs) {
    const image = ['--image', join(directory, 'app.image'), '--store-plain-image', '--force'];
    const { code, stderr } = await runCommand([verb, String(pid), ...(verb === 'capture' ? image : [])]);
    assert.equal(code, 0, `${verb}: ${stderr}`);
    if (verb === 'heap') assert.equal(stderr, '');
    assert.deepEqual(listeningPorts(pid), [port], `its inspector is open after ${verb}`);
    if (program.isBusy !== true) assert.equal(await answer(port), 'ok');
  }
  assert.deepEqual([child.exitCode, child.signalCode], [null, null]);
  await eventually(() => assert.deepEqual(watchdogsOf(pid), []));
}

function answer(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent: false }, (response) => {
      response.setEncoding('utf8').on('data', resolve);
    }).on('error', reject);
  });
}
