/** Runs the `afterimage` command like a shell. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { PATIENCE_MS } from './patience.js';

export interface CommandEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: string;
}

export interface CommandOptions {
  /** The Node to run it on; by default, the one of the tests. */
  node?: string;
  cwd?: string;
  /** In place of what this process has, with COLUMNS=80 and AFTERIMAGE_PROGRESS=0 (a slow machine prints no more). */
  env?: NodeJS.ProcessEnv;
  /** Milliseconds after which it is ended; `PATIENCE_MS` by default. */
  withinMs?: number;
  /** What it reads from standard input; nothing by default. */
  input?: Uint8Array;
  /** A program and its arguments to start it with, such as setpriv. */
  prefix?: string[];
}

export const commandProgram = fileURLToPath(
  new URL('../../packages/afterimage/bin/afterimage.js', import.meta.url),
);

export async function runCommand(args: string[], options: CommandOptions = {}): Promise<CommandEnd> {
  const child = startCommand(args, options);
  child.stdin?.on('error', () => undefined); // it need not read all
  child.stdin?.end(options.input);
  return endOf(child);
}

export function startCommand(args: string[], options: CommandOptions = {}): ChildProcess {
  const { node = process.execPath, cwd, prefix = [], withinMs = PATIENCE_MS } = options;
  const { env = { ...process.env, COLUMNS: '80', AFTERIMAGE_PROGRESS: '0' } } = options;
  const [program = node, ...rest] = [...prefix, node, commandProgram, ...args];
  return spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'], timeout: withinMs, cwd, env });
}

/** Collects what it writes until it ends. */
export async function endOf(child: ChildProcess): Promise<CommandEnd> {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    child.stdout?.destroyed === false ? buffer(child.stdout) : Buffer.alloc(0),
    child.stderr ? text(child.stderr) : '',
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { code, signal, stdout, stderr };
}
