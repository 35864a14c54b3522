/**
 * Writes log lines: one JSON object a line, to standard error unless the application has provided a logger.
 */
import { writeSync } from 'node:fs';
import { codeOf } from '@afterimage/host/errors';

export type Level = 'info' | 'warn' | 'error';

/** The part of pino's (or bunyan's) interface that the agent uses. */
export type Logger = Record<Level, (fields: object, msg: string) => void>;

const ATTEMPTS = 3;

/** Writes a line. Never throws, and never waits for a reader that has stopped reading. */
export function writeLogLine(level: Level, { time, ...fields }: { time: string; msg: string }): void {
  let rest = Buffer.from(`${JSON.stringify({ time, level, name: 'afterimage', ...fields })}\n`);
  for (let attempt = 0; attempt < ATTEMPTS && rest.length > 0; attempt++) {
    try {
      // Not process.stderr: it turns a broken pipe into an 'error' event, which would end the server.
      rest = rest.subarray(writeSync(2, rest));
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN') return;
    }
  }
}
