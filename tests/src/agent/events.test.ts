import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { createEvents, EVENT_NAMES, type AgentEvent } from '../../../packages/agent/dist/events.js';
import type { Logger } from '../../../packages/agent/dist/log.js';
import { summarize } from '../../../packages/agent/dist/summary.js';

function recordingLogger(): { logger: Logger; lines: [level: string, fields: object, msg: string][] } {
  const lines: [string, object, string][] = [];
  const at = (level: string) => (fields: object, msg: string) => void lines.push([level, fields, msg]);
  return { lines, logger: { info: at('info'), warn: at('warn'), error: at('error') } };
}

test('there are eight events', () => {
  assert.deepEqual(EVENT_NAMES, [
    'shared',
    'received',
    'ignored',
    'refused',
    'started',
    'captured',
    'written',
    'failed',
  ]);
});

test('an event reaches the logger, the diagnostics channel and the listeners', (t) => {
  const { logger, lines } = recordingLogger();
  const events = createEvents(logger);
  const published: unknown[] = [];
  const heard: AgentEvent<'failed'>[] = [];
  const onMessage = (message: unknown): void => void published.push(message);
  subscribe('afterimage:failed', onMessage);
  t.after(() => unsubscribe('afterimage:failed', onMessage));
  events.on('failed', (event) => heard.push(event));
  events.on('written', () => assert.fail('another event'));

  events.emit('failed', 'failed: no luck', { code: 'timeout', path: '/tmp/a' });
  const { time, ...rest } = heard[0] ?? assert.fail('not heard');
  assert.ok(Math.abs(Date.parse(time) - Date.now()) < 60_000);
  const fields = { event: 'failed', pid: process.pid, code: 'timeout', path: '/tmp/a' };
  assert.deepEqual(rest, { ...fields, msg: 'failed: no luck' });
  assert.deepEqual(published, heard);
  assert.deepEqual(lines, [['error', fields, 'failed: no luck']]);
});

test('a listener or logger that throws stops nothing and is reported', async () => {
  const events = createEvents({
    ...recordingLogger().logger,
    info: () => {
      throw new Error('broken logger');
    },
  });
  let heard = 0;
  events.on('started', () => {
    throw new Error('broken listener');
  });
  events.on('started', () => heard++);
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on('warning', onWarning);
  events.emit('started', 'x', { path: '/tmp/a', mode: 'image', attempt: 1 });
  while (warnings.length < 2) await once(process, 'warning', { signal: AbortSignal.timeout(5_000) });
  process.off('warning', onWarning);
  assert.equal(heard, 1);
  assert.deepEqual(
    warnings.map(({ message }) => message),
    ['the logger threw: broken logger', "a listener for 'started' threw: broken listener"],
  );
});

test('a removed listener is not called, and an unknown event is rejected by name', () => {
  const events = createEvents(recordingLogger().logger);
  const listener = (): void => assert.fail('called');
  events.on('started', listener);
  events.off('started', listener);
  events.emit('started', 'x', { path: '/tmp/a', mode: 'image', attempt: 1 });
  assert.throws(
    () => events.on('finished' as 'written', listener),
    /there is no event 'finished'; the events are shared, received/,
  );
});

function mockTimers(t: TestContext): (ms: number) => void {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  return (ms) => t.mock.timers.tick(ms);
}

test('a repeated event is reported at once, then once per interval with its count', (t) => {
  const tick = mockTimers(t);
  const said: [string, number][] = [];
  const say = summarize<string>(1000, (latest, count) => void said.push([latest, count]));
  say('a');
  assert.deepEqual(said, [['a', 1]]);
  for (let i = 0; i < 9_999; i++) say(`b${i}`);
  assert.equal(said.length, 1);
  tick(1000);
  assert.deepEqual(said[1], ['b9998', 9_999]);
  tick(5000);
  say('c');
  assert.deepEqual(said.slice(2), [['c', 1]]);
});

test('10,000 refusals produce two events', (t) => {
  const tick = mockTimers(t);
  const { logger, lines } = recordingLogger();
  const { emit } = createEvents(logger);
  for (let i = 0; i < 10_000; i++) emit('refused', 'refused', { code: 'gate-shut', count: 1 });
  tick(10_000);
  assert.deepEqual(
    lines.map(([, fields, msg]) => [(fields as AgentEvent<'refused'>).count, msg]),
    [
      [1, 'refused'],
      [9_999, 'refused (9999 times)'],
    ],
  );
});
