/**
 * Handles the signal that triggers captures, and the application's other listeners for it. A signal that asks
 * for a capture must not trigger those, which often shut the server down, whether the capture is taken or the
 * shut gate refuses it.
 *
 * The native part keeps the signal from them (held_signal.cc), except what the process sends to itself. Without
 * a native part, they receive it as if there were no agent.
 */
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@afterimage/host/errors';
import type { Addon } from '@afterimage/image/native-part';

/** Why a signal did not trigger a capture: it was meant for the other listeners. */
export type PassedOn = 'sent-by-itself' | 'cannot-be-held';

export interface SignalHandlers {
  /** Called for a signal that should trigger a capture, or be refused while the gate is shut. */
  onSignal: () => void;
  /** Called if the signal went to the other listeners, so that no capture may follow. */
  onPassedOn: (why: PassedOn) => void;
  /**
   * Called when the number of other listeners has grown.
   * @param where what is known about the new one
   * @param held whether the signal is kept from them
   */
  onOthers: (count: number, where: string, held: boolean) => void;
}

export interface CaptureSignal {
  /** Returns the application's current number of listeners. */
  others(): number;
  /** Tells whether the signal is kept from them. */
  held(): boolean;
  stop(): void;
}

/**
 * Starts listening.
 * @param addon null if the native part cannot be loaded
 */
export function listenForCaptures(
  signal: NodeJS.Signals,
  addon: Addon | null,
  { onSignal, onPassedOn, onOthers }: SignalHandlers,
): CaptureSignal {
  let told = 0;
  let othersHeardIt = false;
  let isHeld = false;

  const others = (): NodeJS.SignalsListener[] =>
    process.listeners(signal).filter((listener) => listener !== onDelivered && !(HOLD in listener));
  const onDelivered = (): void => {
    if (others().length > 0) {
      othersHeardIt = true;
      onPassedOn(isHeld ? 'sent-by-itself' : 'cannot-be-held');
    } else if (othersHeardIt && addon?.signalFromSelf() === true) {
      // A listener removed itself and sends the signal again: now it should end the process.
      stop();
      process.kill(process.pid, signal);
    } else onSignal();
  };
  const hold = (): void => {
    if (addon === null) return;
    try {
      isHeld = addon.holdSignal(constants.signals[signal], onSignal);
    } catch (error) {
      process.emitWarning(`${signal} cannot be held back: ${messageOf(error)}`, 'AfterimageWarning');
    }
  };
  const tell = (where: string): void => {
    const count = others().length;
    if (count <= told) return;
    told = count;
    onOthers(count, where, isHeld);
  };
  const onNewListener = (event: string | symbol, listener: unknown): void => {
    if (event !== signal || listener === onDelivered) return;
    const where = callerOf(new Error());
    // By then the listener has been added, and libuv has installed its handler.
    queueMicrotask(() => {
      if (!process.listeners(signal).includes(onDelivered)) return;
      hold();
      tell(where);
    });
  };
  const stop = (): void => {
    process.off('newListener', onNewListener);
    addon?.releaseSignal();
    process.off(signal, onDelivered);
  };

  process.on(signal, onDelivered);
  process.on('newListener', onNewListener);
  hold();
  const [first] = others();
  if (first !== undefined) tell(first.name === '' ? 'there before the agent' : `${first.name}()`);
  return { others: () => others().length, held: () => isHeld, stop };
}

/** Marks the listener that holds the place until the agent is loaded (register.cts). */
const HOLD = Symbol.for('@afterimage/hold');

const HERE = fileURLToPath(import.meta.url);

/** Returns the code that added a listener: the first stack frame that is neither the agent's nor Node's. */
function callerOf({ stack = '' }: Error): string {
  for (const line of stack.split('\n').slice(1)) {
    const [, file = '', at = ''] = /\(?(?:file:\/\/)?(\/[^()]+?):(\d+):\d+\)?$/.exec(line) ?? [];
    if (file !== '' && file !== HERE) return `${file}:${at}`;
  }
  return 'unknown code';
}
