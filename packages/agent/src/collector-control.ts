/**
 * The collector's end of the line to its agent: messages come in on the control descriptor, reports go out on
 * standard output. When the control descriptor ends, the target is gone or wants the collector gone.
 */
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { CONTROL_FD, type FromCollector, type ToCollector } from './collector-protocol.js';

export interface ControlHandlers {
  onMessage: (message: ToCollector) => void;
  onEnd: () => void;
}

export function openControl({ onMessage, onEnd }: ControlHandlers): void {
  const socket = new Socket({ fd: CONTROL_FD, readable: true, writable: false });
  // A target that is killed may reset the line instead of ending it.
  socket.on('error', () => undefined);
  socket.on('close', onEnd);
  const lines = createInterface({ input: socket });
  // Node.js 20.20 passes the socket's error on, where it would end this process.
  lines.on('error', () => undefined);
  lines.on('line', (line) => onMessage(JSON.parse(line) as ToCollector));
}

export function report(message: FromCollector): void {
  try {
    writeSync(1, `${JSON.stringify(message)}\n`);
  } catch {
    // The target is gone; the control descriptor says so as well.
  }
}
