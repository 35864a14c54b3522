/**
 * Shared by both ways of registering: installs the agent if possible, and never disturbs the application if
 * not.
 */
import { isMainThread } from 'node:worker_threads';
import { messageOf } from '@afterimage/host/errors';
import { createEvents } from './events.js';
import { install } from './index.js';
import { isUnderNodemon } from './supervisor.js';

export function registerAgent(): void {
  // Flags and NODE_OPTIONS also apply to worker threads. Signals do not: the main thread's agent handles
  // them.
  if (!isMainThread) return;
  try {
    install();
  } catch (error) {
    const { emit } = createEvents(undefined);
    const reason = `the agent is not installed: ${messageOf(error)}`;
    emit('failed', reason, { code: 'not-installed' });
    if (isUnderNodemon()) return;
    // A person who sends the signal expects a capture, not the end of the server.
    process.on('SIGUSR2', () =>
      emit('refused', `refused SIGUSR2: ${reason}`, { code: 'not-installed', count: 1 }),
    );
  }
}
