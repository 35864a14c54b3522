/**
 * What the agent does and reports when its signal arrives, and when the application listens to the same
 * signal.
 */
import { isMainThread } from 'node:worker_threads';
import { listenForCaptures, type CaptureSignal, type PassedOn } from './capture-signal.js';
import type { Emit } from './events.js';
import { addonOrNull } from './image-support.js';
import { SIGNAL_UNDER_NODEMON, type Settings } from './options.js';
import { isUnderNodemon } from './supervisor.js';

/** Advice for a signal that is used for something else. */
const OTHER_SIGNAL = 'give the agent another signal (AFTERIMAGE_SIGNAL)';

/**
 * Takes a capture on the signal if the gate is open and no capture is running. Null in a worker thread, which
 * receives no signals.
 */
export function capturesOnSignal(
  { signal, allow }: Pick<Settings, 'signal' | 'allow'>,
  emit: Emit,
  isRunning: () => boolean,
  capture: () => void,
): CaptureSignal | null {
  if (!isMainThread) return null;
  const onSignal = (): void => {
    if (!allow) {
      emit(
        'refused',
        `refused ${signal}: the gate is shut; start the server with ALLOW_HEAP_SNAPSHOT=1, or install({ allow: true })`,
        { code: 'gate-shut', count: 1 },
      );
    } else if (isRunning()) {
      emit('ignored', `ignored ${signal}: a capture is running`, { signal, count: 1 });
    } else {
      emit('received', `received ${signal}`, { signal, count: 1 });
      capture();
    }
  };
  const onPassedOn = (why: PassedOn): void => {
    const reason = {
      'sent-by-itself': 'the process sent it to itself, where other code listens to it',
      'cannot-be-held': 'other code listens to it, and a capture would set off what that does',
    }[why];
    emit('refused', `refused ${signal}: ${reason}; ${OTHER_SIGNAL}`, { code: 'signal-shared', count: 1 });
  };
  const onOthers = (count: number, where: string, held: boolean): void => {
    const others = `${count} listener${count === 1 ? '' : 's'} of the application (the latest: ${where})`;
    const effect = held
      ? `it is for captures and is not passed on to the application; to leave it to the application, ${OTHER_SIGNAL}`
      : `it takes no captures, which would set off what the application does on it; ${OTHER_SIGNAL}`;
    emit('shared', `${signal} has ${others}: ${effect}`, { signal, listeners: count, where });
  };
  if (signal === SIGNAL_UNDER_NODEMON && isUnderNodemon()) {
    const text = `SIGUSR2 is how nodemon restarts this process: captures are taken by ${signal}`;
    emit('shared', text, { signal: 'SIGUSR2', listeners: 0, where: 'nodemon' });
  }
  return listenForCaptures(signal, addonOrNull(), { onSignal, onPassedOn, onOthers });
}
