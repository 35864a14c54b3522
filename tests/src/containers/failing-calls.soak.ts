/**
 * Every system call of the kit in a container fails in turn.
 *
 * Left out is what ends any Node.js process by itself: mprotect, madvise, epoll_ctl, futex, eventfd2.
 */
import { test } from 'node:test';
import { outerNodes } from '../nodes.js';
import { needsRoot } from '../targets/plain-target.js';
import { assertSurvived, nameOf, type FailingKitCall } from './failing-calls.js';
import { containerScene } from './namespace-container.js';

/** Node.js itself takes up to 24 openat calls to start; the next are the kit's, most of them in its worker thread. */
const CALLS: [call: string, errors: string[], when: string[]][] = [
  ['openat', ['EMFILE'], ['1', '8', '16', '22', '26', '30', '40', '60', '30+', '60+']],
  ['statx', ['ENOMEM'], ['1', '3', '10', '30+']],
  ['readlink', ['EACCES'], ['1', '20', '60', '20+']],
  ['getdents64', ['ENOMEM'], ['1', '6', '5+']],
  ['socket', ['EMFILE'], ['1', '2', '3', '4', '5', '6', '1+']],
  ['bind', ['EADDRINUSE'], ['1', '2', '3', '4']],
  ['listen', ['EADDRINUSE'], ['1', '2']],
  ['connect', ['ECONNREFUSED'], ['1', '2', '1+']],
  ['accept4', ['EMFILE'], ['1', '2', '3', '1+']],
  ['kill', ['EPERM', 'ESRCH'], ['1']],
  ['mkdir', ['EACCES', 'ENOSPC'], ['1']],
  ['chmod', ['EPERM'], ['1']],
  ['unlink', ['EACCES'], ['1']],
  ['rmdir', ['EBUSY'], ['1', '1+']],
  ['clone3', ['EAGAIN'], ['1', '2', '3', '4', '5']],
  ['pipe2', ['EMFILE'], ['1', '2', '3', '4']],
  ['setpriority', ['EACCES'], ['1']],
  ['write', ['EPIPE', 'ENOSPC'], ['6', '20', '40', '100']],
  ['writev', ['EPIPE'], ['1', '3', '5']],
  ['shutdown', ['ENOTCONN'], ['1', '2']],
  ['mmap', ['ENOMEM'], ['60', '100', '140', '200']],
];

const calls = CALLS.flatMap(([call, errors, when]) =>
  errors.flatMap((error) => when.map((at): FailingKitCall => ({ call, error, when: at }))),
);

/** Half an hour for each Node.js. */
const skip = process.env['SOAK_SWEEP'] === '1' ? needsRoot : 'the whole sweep runs with SOAK_SWEEP=1';

for (const node of outerNodes) {
  test(`Node ${node.major}`, { skip, timeout: 3_000_000 }, async (t) => {
    for (const call of calls) {
      // A server of its own each: one that ended must not hide the next.
      await t.test(nameOf(call), async (each) => {
        each.diagnostic(await assertSurvived(await containerScene(each, node), call));
      });
    }
  });
}
