/** Captures killed at many moments, of many processes that are only just starting, and beside threads that are busy. */
import { test } from 'node:test';
import { capturedAtOnce, capturedBesideBusyWorkers, killedAtMoments } from './often.js';

const times = Math.min(20, Number(process.env['SOAK_CAPTURES'] ?? 20));
const fewer = Math.min(5, times);

test(`the command is killed, at ${times} moments`, { timeout: 600_000 }, (t) => killedAtMoments(t, times));
test(`captures ${times} processes that are just starting`, { timeout: 600_000 }, (t) =>
  capturedAtOnce(t, times),
);
test(`captures ${fewer} times while worker threads are never idle`, { timeout: 600_000 }, (t) =>
  capturedBesideBusyWorkers(t, fewer),
);
