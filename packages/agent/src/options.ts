/**
 * Resolves the agent's options: from the application's code, else from the environment, else the defaults.
 * They are checked only here.
 */
import { REDACTION_LEVELS, type RedactionLevel } from '@afterimage/snapshot/redaction-levels';
import { constants, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf } from '@afterimage/host/errors';
import { applicationName, sanitizeName } from '@afterimage/host/application-name';
import type { CaptureMode } from './events.js';
import type { Logger } from './log.js';
import { parsePathTemplate, type PathTemplate } from './path-template.js';
import { isUnderNodemon } from './supervisor.js';

/**
 * When to turn the image into a snapshot on this machine: if memory is far from any limit, always, or never.
 */
export type DevelopWhen = 'auto' | 'always' | 'never';

/** What turns the image into a snapshot. */
export type DevelopBy = 'auto' | 'v8';

/**
 * Options of the agent. Each also has an environment variable, for servers whose code is not changed; an
 * option in code takes precedence.
 */
export interface AgentOptions {
  /** Whether the signal may trigger a capture. Default: whether ALLOW_HEAP_SNAPSHOT is 1. */
  allow?: boolean | undefined;
  /**
   * The signal that triggers a capture (AFTERIMAGE_SIGNAL). Default SIGUSR2; SIGURG under nodemon, which uses
   * SIGUSR2 itself.
   */
  signal?: NodeJS.Signals | undefined;
  /**
   * Where the snapshot goes (AFTERIMAGE_PATH), with `{name}`, `{pid}` and `{timestamp}` filled in. Default
   * `/tmp/{name}.heapsnapshot`, overwritten by each capture.
   */
  path?: string | undefined;
  /** How many results to keep (AFTERIMAGE_KEEP), for a path with {pid} or {timestamp}. Default: all. */
  keep?: number | undefined;
  /** The application's name (AFTERIMAGE_NAME). Default: from the package.json of the main script. */
  name?: string | undefined;
  /** Receives the log lines, which otherwise go to standard error as JSON. Any pino logger works. */
  logger?: Logger | undefined;
  /** `image`, or `inline` to accept the pause (AFTERIMAGE_MODE). Default `image`. */
  mode?: CaptureMode | undefined;
  /**
   * Inline mode: how long to report unready before the pause, in milliseconds (AFTERIMAGE_DRAIN_MS). Default:
   * 30,000 if `agent.ready` or `agent.readiness` has been used, else 0.
   */
  drainMs?: number | undefined;
  /** Whether to develop on the server's machine (AFTERIMAGE_DEVELOP). Default `auto`. */
  develop?: DevelopWhen | undefined;
  /**
   * How much memory developing on the server's machine may use, in MB (AFTERIMAGE_DEVELOP_MEMORY_MB). Default
   * 4,000 for `develop: 'auto'`; no such limit for `always`.
   */
  developMemoryMb?: number | undefined;
  /**
   * What is removed from a snapshot before its first byte is written to disk (AFTERIMAGE_REDACT): `strings`,
   * `names` (property names too), or `none`. Default `strings`.
   */
  redact?: RedactionLevel | undefined;
  /**
   * age recipients (`age1…`) to encrypt each result to (AFTERIMAGE_RECIPIENTS, separated by spaces or
   * commas). Default: none; results are not encrypted.
   */
  recipients?: readonly string[] | undefined;
  /**
   * Whether an image, which contains every secret of the process, may be stored unencrypted
   * (AFTERIMAGE_STORE_PLAIN_IMAGE, 1). Default false.
   */
  storePlainImage?: boolean | undefined;
  /**
   * Whether a stored image has all of Node.js's program, for V8's own generator on a machine without that program
   * (AFTERIMAGE_WHOLE_IMAGE, 1). Default false: only what the reader needs of it.
   */
  wholeImage?: boolean | undefined;
  /**
   * What develops: `auto`, the reader or V8's own generator where it cannot; or `v8` (AFTERIMAGE_DEVELOP_BY). Default `auto`, or `v8`
   * with `darkroom`.
   */
  developBy?: DevelopBy | undefined;
  /** Path of the darkroom, the program in which V8's own generator develops images (AFTERIMAGE_DARKROOM). Default: the package's own. */
  darkroom?: string | undefined;
  /** Former name of `darkroom` (AFTERIMAGE_DEVELOPER); deprecated, works for one more minor version. */
  developer?: string | undefined;
  /** How long V8's workers may take to park, in milliseconds (AFTERIMAGE_PARK_TIMEOUT_MS). Default 2,000. */
  parkTimeoutMs?: number | undefined;
  /**
   * Time limit of a capture, including developing, in milliseconds (AFTERIMAGE_TIMEOUT_MS). Default 900,000.
   */
  timeoutMs?: number | undefined;
}

/** The options, resolved and checked. */
export interface Settings {
  allow: boolean;
  signal: NodeJS.Signals;
  path: PathTemplate;
  keep: number | undefined;
  name: string;
  logger: Logger | undefined;
  mode: CaptureMode;
  drainMs: number | undefined;
  develop: DevelopWhen;
  developMemoryMb: number | undefined;
  redact: RedactionLevel;
  recipients: readonly string[];
  storePlainImage: boolean;
  wholeImage: boolean;
  developBy: DevelopBy;
  darkroom: string | undefined;
  parkTimeoutMs: number;
  timeoutMs: number;
}

/** Default for `auto`: enough for a heap of about 140 MB. */
export const DEVELOP_MEMORY_MB = 4_000;

type Environment = Record<string, string | undefined>;

const MAX_MS = 2 ** 31 - 1;

/**
 * Resolves and checks the options.
 * @throws {TypeError} in one line that names the option or the variable at fault
 */
export function resolveOptions(options: AgentOptions, environment: Environment = process.env): Settings {
  const pick = <T>(
    option: T | undefined,
    variable: string,
  ): { value: T | string | undefined; from: string } => {
    const text = environment[variable];
    const fromCode = option !== undefined || text === undefined || text === '';
    return fromCode ? { value: option, from: 'option' } : { value: text, from: variable };
  };
  const read = <T>(
    key: keyof AgentOptions,
    variable: string,
    parse: (value: unknown) => T,
  ): T | undefined => {
    const { value, from } = pick(options[key], variable);
    if (value === undefined) return undefined;
    try {
      return parse(value);
    } catch (error) {
      const where = from === 'option' ? `option ${key}` : `environment variable ${variable}`;
      throw new TypeError(`afterimage: ${where}: ${messageOf(error)}`, { cause: error });
    }
  };

  const name =
    read('name', 'AFTERIMAGE_NAME', (value) => sanitizeName(text(value))) ??
    applicationName(process.argv[1], process.cwd());
  const path =
    read('path', 'AFTERIMAGE_PATH', (value) => parsePathTemplate(resolve(text(value)), name)) ??
    parsePathTemplate(join(defaultDirectory(), '{name}.heapsnapshot'), name);
  const keep = read('keep', 'AFTERIMAGE_KEEP', (value) => {
    if (!path.varies) throw new TypeError('needs a path whose file name has {pid} or {timestamp}');
    return integer(value, 1, Number.MAX_SAFE_INTEGER);
  });
  const darkroom = read(
    options.darkroom === undefined && options.developer !== undefined ? 'developer' : 'darkroom',
    environment['AFTERIMAGE_DARKROOM'] ? 'AFTERIMAGE_DARKROOM' : 'AFTERIMAGE_DEVELOPER',
    (value) => resolve(text(value)),
  );
  return {
    allow: read('allow', '', boolean) ?? environment['ALLOW_HEAP_SNAPSHOT'] === '1',
    signal: read('signal', 'AFTERIMAGE_SIGNAL', signal) ?? defaultSignal(),
    path,
    keep,
    name,
    logger: read('logger', '', logger),
    mode: read('mode', 'AFTERIMAGE_MODE', oneOf('image', 'inline')) ?? 'image',
    drainMs: read('drainMs', 'AFTERIMAGE_DRAIN_MS', (value) => integer(value, 0, MAX_MS)),
    develop: read('develop', 'AFTERIMAGE_DEVELOP', oneOf('auto', 'always', 'never')) ?? 'auto',
    developMemoryMb: read('developMemoryMb', 'AFTERIMAGE_DEVELOP_MEMORY_MB', (value) =>
      integer(value, 1, 1e6),
    ),
    redact: read('redact', 'AFTERIMAGE_REDACT', oneOf(...REDACTION_LEVELS)) ?? 'strings',
    recipients: read('recipients', 'AFTERIMAGE_RECIPIENTS', recipients) ?? [],
    storePlainImage: read('storePlainImage', 'AFTERIMAGE_STORE_PLAIN_IMAGE', flag) ?? false,
    wholeImage: read('wholeImage', 'AFTERIMAGE_WHOLE_IMAGE', flag) ?? false,
    developBy:
      read('developBy', 'AFTERIMAGE_DEVELOP_BY', oneOf('auto', 'v8')) ??
      (darkroom === undefined ? 'auto' : 'v8'),
    darkroom,
    parkTimeoutMs:
      read('parkTimeoutMs', 'AFTERIMAGE_PARK_TIMEOUT_MS', (value) => integer(value, 1, MAX_MS)) ?? 2_000,
    timeoutMs: read('timeoutMs', 'AFTERIMAGE_TIMEOUT_MS', (value) => integer(value, 1, MAX_MS)) ?? 900_000,
  };
}

/**
 * Always /tmp on Linux, so that the path is predictable: the person who fetches the file does not know
 * TMPDIR.
 */
function defaultDirectory(): string {
  return process.platform === 'win32' ? tmpdir() : '/tmp';
}

/** The kernel ignores SIGURG if nothing listens for it, and Node.js does not use it. */
export const SIGNAL_UNDER_NODEMON = 'SIGURG';

function defaultSignal(): NodeJS.Signals {
  return isUnderNodemon() ? SIGNAL_UNDER_NODEMON : 'SIGUSR2';
}

/**
 * The agent cannot use these: listening would disable what they do for the server, or Node forbids or
 * discourages it.
 */
const RESERVED: Partial<Record<NodeJS.Signals, string>> = {
  SIGUSR1: 'is how Node.js opens its inspector; it stays so',
  SIGKILL: 'cannot be caught',
  SIGSTOP: 'cannot be caught',
  SIGINT: 'ends the process; a listener would take that away',
  SIGTERM: 'ends the process; a listener would take that away',
  SIGCHLD: 'is how Node.js learns that a child process ended',
  SIGPIPE: 'is ignored by Node.js, for broken connections',
  SIGPROF: 'is used by profilers',
  ...(Object.fromEntries(
    ['SIGSEGV', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGABRT', 'SIGTRAP', 'SIGSYS'].map((fault) => [
      fault,
      'reports a fault of the process itself',
    ]),
  ) as Partial<Record<NodeJS.Signals, string>>),
};

function signal(value: unknown): NodeJS.Signals {
  const name = text(value) as NodeJS.Signals;
  if (!Object.hasOwn(constants.signals, name))
    throw new TypeError(`'${name}' is not a signal of this platform`);
  const reason = RESERVED[name];
  if (reason !== undefined) throw new TypeError(`${name} ${reason}; SIGUSR2 is the default`);
  return name;
}

function text(value: unknown): string {
  if (typeof value === 'string' && value !== '' && !value.includes('\0')) return value;
  throw new TypeError(`must be a non-empty string, not ${show(value)}`);
}

function boolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new TypeError(`must be true or false, not ${show(value)}`);
}

/** Parses a boolean; 1 or 0 in a variable. */
function flag(value: unknown): boolean {
  if (value === '1' || value === '0') return value === '1';
  if (typeof value === 'string') throw new TypeError(`must be 1 or 0, not ${show(value)}`);
  return boolean(value);
}

function recipients(value: unknown): readonly string[] {
  const list = typeof value === 'string' ? value.split(/[\s,]+/).filter((part) => part !== '') : value;
  if (!Array.isArray(list)) throw new TypeError(`must be a list of age recipients, not ${show(value)}`);
  return list.map((recipient, at) => {
    const name = text(recipient);
    // Don't echo the value: a secret identity in its place must not get into a log.
    if (!/^age1[a-z0-9]+$/.test(name)) throw new TypeError(`number ${at + 1} is not an age recipient, age1…`);
    return name;
  });
}

function integer(value: unknown, least: number, most: number): number {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= least && number <= most)
    return number;
  throw new TypeError(`must be a whole number from ${least} to ${most}, not ${show(value)}`);
}

function oneOf<T extends string>(...words: T[]): (value: unknown) => T {
  return (value) => {
    const word = words.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    throw new TypeError(
      `must be ${words.map((candidate) => `'${candidate}'`).join(' or ')}, not ${show(value)}`,
    );
  };
}

function logger(value: unknown): Logger {
  const methods = ['info', 'warn', 'error'] as const;
  const given = value as Partial<Record<string, unknown>> | null;
  if (typeof value === 'object' && methods.every((method) => typeof given?.[method] === 'function')) {
    return value as Logger;
  }
  throw new TypeError('must have the methods info, warn and error, as a pino logger has');
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  return typeof value === 'number' || value === null ? String(value) : `a value of type ${typeof value}`;
}
