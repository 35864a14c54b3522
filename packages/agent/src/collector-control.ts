/**
 * The collector's connection to its agent: receives messages on the control descriptor, and reports on
 * standard output. When the control descriptor ends, the target has ended or wants the collector to end.
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
  // If the target is killed, the connection may be reset instead of ended.
  socket.on('error', () => undefined);
  socket.on('close', onEnd);
  const lines = createInterface({ input: socket });
  // Node.js 20.20 passes the socket's error to this emitter, where it would end the process.
  lines.on('error', () => undefined);
  lines.on('line', (line) => onMessage(JSON.parse(line) as ToCollector));
}

export function report(message: FromCollector): void {
  try {
    writeSync(1, `${JSON.stringify(message)}\n`);
  } catch {
    // The target has ended; the control descriptor reports that too.
  }
}
