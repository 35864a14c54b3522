/**
 * Each system call of a capture fails in turn, each time and at its first and second time alone, in the server and in all
 * of its processes.
 *
 * Left out is what ends any Node.js process by itself: memory that malloc or V8 asks the kernel for (mmap, brk, mprotect
 * and madvise in the server: V8's OS::SetPermissions checks that it was given), and epoll_ctl, futex and eventfd calls, whose failure libuv answers by abort().
 */
import { test } from 'node:test';
import { assertSurvives, failingScene, type FailingCall } from './failing-calls.js';

const IN_SERVER: [call: string, errors: string[]][] = [
  ['pipe2', ['EMFILE', 'ENFILE']],
  ['socketpair', ['EMFILE', 'ENOBUFS']],
  ['memfd_create', ['EMFILE', 'ENOMEM', 'ENOSYS']],
  ['fcntl', ['EMFILE', 'EPERM']],
  ['vfork', ['EAGAIN', 'ENOMEM', 'ENOSYS']],
  ['clone', ['EAGAIN', 'ENOMEM']],
  ['clone3', ['EAGAIN', 'EPERM']],
  ['openat', ['EMFILE', 'ENFILE', 'EACCES']],
  ['statx', ['ENOMEM', 'EACCES']],
  ['readlink', ['EACCES', 'ENOMEM']],
  ['access', ['EACCES']],
  ['statfs', ['ENOSYS']],
  ['getdents64', ['ENOMEM']],
  ['pread64', ['EIO']],
  ['wait4', ['EINTR']],
  ['unlink', ['EACCES', 'ENOENT']],
];

const IN_ALL: [call: string, errors: string[]][] = [
  ['execve', ['ENOENT', 'EACCES', 'ENOMEM']],
  ['dup2', ['EMFILE']],
  ['chdir', ['EACCES']],
  ['prctl', ['EINVAL']],
  ['close_range', ['ENOSYS']],
  ['setpriority', ['EACCES']],
  ['ioprio_set', ['EPERM']],
  ['mremap', ['ENOMEM']],
  ['pread64', ['EIO']],
  ['getdents64', ['ENOMEM']],
  ['openat', ['EMFILE', 'ENFILE']],
  ['clone3', ['EAGAIN']],
  ['fsync', ['EIO', 'ENOSPC']],
  ['rename', ['EACCES', 'ENOSPC', 'EXDEV']],
  ['statfs', ['ENOSYS']],
  ['rt_sigaction', ['EINVAL']],
];

const calls = (list: typeof IN_ALL, where: FailingCall['in']): FailingCall[] =>
  list.flatMap(([call, errors]) =>
    errors.flatMap((error) =>
      (error === 'EINTR' ? ['1', '2'] : ['1+', '1', '2']).map((when) => ({ call, error, when, in: where })),
    ),
  );

/** Hours under strace on a small machine: only when it is asked for. */
const skip = process.env['SOAK_SWEEP'] === '1' ? false : 'the whole sweep runs with SOAK_SWEEP=1';

test('every system call of a capture', { timeout: 3_000_000, skip }, async (t) => {
  for (const call of [...calls(IN_SERVER, 'server'), ...calls(IN_ALL, 'all')]) {
    // A separate server each: one that ended must not hide the next failure.
    await t.test(`${call.call} ${call.error} when ${String(call.when)} in ${call.in}`, async (each) => {
      await assertSurvives(await failingScene(each), call);
    });
  }
});
