/**
 * Preloaded into a server under test: the longest time that its event loop stood still, measured by Node's own
 * histogram of timer delays. A message asks for it and starts the next measurement.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
process.on('message', (message) => {
  if (message !== 'longest pause') return;
  const longestPauseMs = delay.max / 1e6;
  delay.reset();
  // The first tick after a reset only sets the clock: a pause that began before it would go unseen.
  setTimeout(() => process.send?.({ longestPauseMs }), 10 * RESOLUTION_MS);
});
// Listening for messages must not keep the server from ending.
process.channel?.unref();
