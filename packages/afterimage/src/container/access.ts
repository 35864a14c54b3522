/** Runs programs in a container, with pipes to their standard streams. */
import { throwIfWithoutPipes } from '@afterimage/host/spawn-failure';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { CommandError } from '../cli/command-error.js';
import { visible } from '../cli/visible.js';

export interface ContainerAccess {
  /** Name for people: `pod shop-7f9c/app`. */
  name: string;
  /** The program that reaches the container, and its arguments up to the command to run. */
  program: string;
  arguments: string[];
}

export interface Exec {
  stdin: Writable;
  stdout: Readable;
  /** Returns what it has written to standard error so far. */
  errorText: () => string;
  /** How the program that reaches the container ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Discards the rest of its output; otherwise unread output would keep its end from being noticed. */
  discard(): void;
  /** Kills the connection at once; the program in the container sees its input end. */
  cut(): void;
}

const MAX_TEXT_LENGTH = 10_000;

export function execIn(access: ContainerAccess, command: readonly string[]): Exec {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(
    access.program,
    [...access.arguments, ...command],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  throwIfWithoutPipes(child, access.program);
  let text = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-MAX_TEXT_LENGTH);
  });
  // The way it ends says why.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.on('error', (error) => reject(notStarted(access.program, error)));
    child.on('close', (code, signal) => resolve({ code, signal }));
  });
  ended.catch(() => undefined);
  // A reader that waits for 'readable' keeps the stream from flowing, so remove it.
  const discard = (): void => void child.stdout.removeAllListeners('readable').resume();
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    errorText: () => withoutLog(text),
    ended,
    discard,
    cut: () => {
      child.kill('SIGKILL');
      discard();
    },
  };
}

/**
 * Returns the messages for people, without log lines of kubectl's libraries: `E1124 22:56:17.000000 4711
 * file.go:1] …`.
 */
export function withoutLog(errors: string): string {
  const lines = errors.split('\n').filter((line) => !/^[IWEF]\d{4} /.test(line));
  return lines.join('\n').trim();
}

export function notStarted(program: string, error: Error): CommandError {
  const isMissing = 'code' in error && error.code === 'ENOENT';
  const why = isMissing ? 'is not installed, or not in PATH' : `cannot be started (${error.message})`;
  return new CommandError('failed', `${program} ${why}: containers are reached by it`, { cause: error });
}

/** Tells whether the error is about reaching docker's or podman's service, not about the container. */
export function isUnreached(text: string): boolean {
  return /\bconnect to\b|\bdial (unix|tcp)\b|\bdocker endpoint\b/i.test(text);
}

/** Returns an error with the message of the program that reaches the container, and what to do. */
export function accessError({ name, program }: ContainerAccess, text: string): CommandError {
  const said = visible(text.split('\n').slice(-3).join(' ')) || `${program} ended without an error message`;
  if (/forbidden/i.test(text)) {
    return new CommandError(
      'refused',
      `${name}: ${said}; required rights: pods: get, list and pods/exec: create (in a Role of its namespace)`,
    );
  }
  if (isUnreached(text) && /permission denied/i.test(text)) {
    return new CommandError(
      'refused',
      `${name} cannot be reached: ${said}; to use ${program}, join the group of its socket, or use sudo`,
    );
  }
  const isGone =
    /no such container|is not running|running containers|stopped container|pods? \S+ not found/i.test(text);
  return new CommandError(isGone ? 'targetGone' : 'failed', `${name} cannot be reached: ${said}`);
}
