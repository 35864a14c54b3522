/** One failing system call of each kind; all of them are in agent-failing-calls.soak.ts. */
import { test } from 'node:test';
import { assertSurvives, failingScene, type FailingCall } from './failing-calls.js';

const CALLS: FailingCall[] = [
  {
    call: 'pipe2',
    error: 'EMFILE',
    in: 'server',
    says: /pipe: Too many open files; all \d+ descriptors are in use/,
  },
  {
    call: 'socketpair',
    error: 'ENFILE',
    in: 'server',
    says: /socketpair: .*; the machine has no file handle left/,
  },
  { call: 'vfork', error: 'EAGAIN', in: 'server', says: /spawn: .*; no process or thread is left \(/ },
  {
    call: 'execve',
    error: 'ENOMEM',
    in: 'all',
    says: /spawn: .*; the kernel gave no memory \([\d.]+ .B available/,
  },
  {
    call: 'clone',
    error: 'EAGAIN',
    in: 'server',
    says: /the server cannot be forked .*; no process or thread is left/,
  },
  { call: 'openat', error: 'EMFILE', in: 'server', says: /too many open files/i },
  {
    call: 'fsync',
    error: 'ENOSPC',
    in: 'all',
    says: /the disk is full: \S+ has [\d.]+ .?B of [\d.]+ .?B left/,
  },
];

test('if a system call of a capture fails, the server lives and the next capture succeeds', async (t) => {
  const scene = await failingScene(t);
  for (const call of CALLS) {
    await t.test(`${call.call} ${call.error}`, () => assertSurvives(scene, call));
  }
});
