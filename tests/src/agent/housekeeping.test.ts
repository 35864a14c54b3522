/**
 * What earlier captures left in the directory: temporary files of ended processes, and results beyond `keep`.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { removeOlder } from '../../../packages/agent/dist/keep.js';
import { parsePathTemplate } from '../../../packages/agent/dist/path-template.js';
import { removeLeftovers, temporaryName } from '../../../packages/host/dist/temporary.js';
import { filesIn, temporaryDirectory } from '../targets/agent-target.js';

test('temporary files of ended processes are removed, those of others stay', async (t) => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'app.heapsnapshot');
  const template = parsePathTemplate(path, 'app');
  const own = basename(await temporaryName(path));
  const [, place = '', start = ''] = /\.([0-9a-f]{8})-\d+-(\d+)-/.exec(own) ?? [];
  const dead = spawn('true');
  await once(dead, 'exit');
  const name = (of: { place?: string; pid: number; start?: string; result?: string }): string =>
    `${of.result ?? 'app.heapsnapshot'}.${of.place ?? place}-${of.pid}-${of.start ?? start}-0123abcd.partial`;

  const gone = [
    own, // of an earlier capture of this process: it writes none now
    name({ pid: dead.pid ?? 0 }),
    name({ pid: process.ppid, start: '1' }), // the pid means another process by now
    name({ pid: 1, place: '00000000', start: '2' }), // another container, long ago
  ];
  const stays = [
    name({ pid: 1, place: '11111111' }), // another container, perhaps writing right now
    name({ pid: dead.pid ?? 0, result: 'other.heapsnapshot' }),
    'app.heapsnapshot.partial',
    'app.heapsnapshot',
  ];
  const running = spawn('sleep', ['60']);
  t.after(() => running.kill());
  await once(running, 'spawn');
  stays.push(name({ pid: running.pid ?? 0, start: startTime(running.pid ?? 0) }));
  for (const file of [...gone, ...stays]) writeFileSync(join(directory, file), '');
  utimesSync(join(directory, gone[3] ?? ''), 1e9, 1e9);

  await removeLeftovers(template, path);
  assert.deepEqual(filesIn(directory), stays.sort());
});

function startTime(pid: number): string {
  return (
    readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')[19] ?? ''
  );
}

test('at most `keep` results stay, the newest, images and snapshots counted together', async (t) => {
  const directory = temporaryDirectory(t);
  const template = parsePathTemplate(join(directory, 'app-{timestamp}.heapsnapshot'), 'app');
  const put = (name: string, age: number): void => {
    writeFileSync(join(directory, name), '');
    utimesSync(join(directory, name), 2e9 - age, 2e9 - age);
  };
  put('app-20250101T000000Z.heapsnapshot', 40);
  put('app-20250102T000000Z.image.zst', 30);
  put('app-20250103T000000Z.heapsnapshot', 20);
  put('app-20250104T000000Z.heapsnapshot', 10);
  const others = ['app-20250104T000000Z.txt', 'app-x.heapsnapshot', 'other-20200101T000000Z.heapsnapshot'];
  for (const name of others) put(name, 100);
  const link = 'app-20200101T000000Z.heapsnapshot';
  symlinkSync('/etc/hostname', join(directory, link));
  mkdirSync(join(directory, 'app-20200102T000000Z.heapsnapshot'));

  await removeOlder(template, template.expand(new Date()), 2);
  assert.deepEqual(
    filesIn(directory),
    [
      ...others,
      link,
      'app-20200102T000000Z.heapsnapshot',
      'app-20250103T000000Z.heapsnapshot',
      'app-20250104T000000Z.heapsnapshot',
    ].sort(),
  );
});
