/**
 * The signal that takes captures, and those who listen to it besides the agent. A capture must not set off what they
 * do, which often is to shut the server down; what they use the signal for must go on working.
 *
 * While the gate is open, the native part keeps the signal from them (held_signal.cc), except what the process sends to
 * itself. While it is shut, and where there is no native part, they hear it as without the agent.
 */
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@afterimage/host/errors';
import type { Addon } from '@afterimage/image/native-part';

/** Why no capture follows: it was for the other listeners. */
export type PassedOn = 'sent-by-itself' | 'cannot-be-held';

export interface SignalHandlers {
  /** To capture, or to refuse while the gate is shut. */
  onSignal: () => void;
  /** The gate is open, but the signal went to the other listeners: no capture may follow. */
  onPassedOn: (why: PassedOn) => void;
  /**
   * There are more other listeners than were told of.
   * @param where what is known of the new one
   * @param held whether captures are kept from them
   */
  onOthers: (count: number, where: string, held: boolean) => void;
}

export interface CaptureSignal {
  /** Listeners of the application, at this moment. */
  others(): number;
  /** Whether captures are kept from them. */
  held(): boolean;
  stop(): void;
}

/** @param addon null where the native part cannot be loaded */
export function listenForCaptures(
  signal: NodeJS.Signals,
  gateIsOpen: boolean,
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
      if (gateIsOpen) onPassedOn(isHeld ? 'sent-by-itself' : 'cannot-be-held');
      else onSignal();
    } else if (othersHeardIt && addon?.signalFromSelf() === true) {
      // A listener that took itself away and sends the signal once more: now it is meant to end the process.
      stop();
      process.kill(process.pid, signal);
    } else onSignal();
  };
  const hold = (): void => {
    if (addon === null) return;
    try {
      isHeld = addon.holdSignal(constants.signals[signal], gateIsOpen, onSignal) && gateIsOpen;
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
    // By then it has been added, and libuv has its handler in place.
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

/** Marks the listener that stands in until the agent is loaded (register.cts). */
const HOLD = Symbol.for('@afterimage/hold');

const HERE = fileURLToPath(import.meta.url);

/** Where the code is that added a listener: the first frame that is neither the agent's nor Node's own. */
function callerOf({ stack = '' }: Error): string {
  for (const line of stack.split('\n').slice(1)) {
    const [, file = '', at = ''] = /\(?(?:file:\/\/)?(\/[^()]+?):(\d+):\d+\)?$/.exec(line) ?? [];
    if (file !== '' && file !== HERE) return `${file}:${at}`;
  }
  return 'unknown code';
}
