/**
 * The options of the agent: from the application's code, else from the environment, else by default; checked
 * here once, so that nothing behind it has to.
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

/** When to turn the image into a snapshot right here: where that is far from any limit, always, or never. */
export type DevelopWhen = 'auto' | 'always' | 'never';

/** Each also has an environment variable, for servers whose code is not touched; the code's own word wins. */
export interface AgentOptions {
  /** Whether the signal may take a capture. Default: whether ALLOW_HEAP_SNAPSHOT is 1. */
  allow?: boolean | undefined;
  /** The signal that takes one (AFTERIMAGE_SIGNAL). Default SIGUSR2; under nodemon, which has that, SIGURG. */
  signal?: NodeJS.Signals | undefined;
  /**
   * Where the snapshot goes (AFTERIMAGE_PATH), with `{name}`, `{pid}` and `{timestamp}` filled in. Default
   * `/tmp/{name}.heapsnapshot`, written anew by each capture.
   */
  path?: string | undefined;
  /** How many results to keep (AFTERIMAGE_KEEP), for a path with {pid} or {timestamp}. Default: all. */
  keep?: number | undefined;
  /** The application's name (AFTERIMAGE_NAME). Default: from the package.json of the main script. */
  name?: string | undefined;
  /** Takes the log lines, which otherwise go to standard error as JSON. Any pino logger will do. */
  logger?: Logger | undefined;
  /** `image`, or `inline` to accept the pause (AFTERIMAGE_MODE). Default image. */
  mode?: CaptureMode | undefined;
  /**
   * Inline mode: how long to be unready before the pause (AFTERIMAGE_DRAIN_MS). Default: 30,000 where
   * somebody asks `agent.ready` or `agent.readiness`, else 0.
   */
  drainMs?: number | undefined;
  /** Whether to develop beside the server (AFTERIMAGE_DEVELOP). Default auto. */
  develop?: DevelopWhen | undefined;
  /**
   * The most memory that developing beside the server may take, in MB (AFTERIMAGE_DEVELOP_MEMORY_MB). Default 4,000 for
   * `develop: 'auto'`, and no bound of its own for `always`.
   */
  developMemoryMb?: number | undefined;
  /**
   * What is taken out of a snapshot before its first byte is on a disk (AFTERIMAGE_REDACT): `strings`, also `names`
   * of properties, or `none`. Default strings.
   */
  redact?: RedactionLevel | undefined;
  /**
   * age recipients (`age1…`) for whom each result is encrypted (AFTERIMAGE_RECIPIENTS, with spaces or commas
   * between). Default: nobody, and results are not encrypted.
   */
  recipients?: readonly string[] | undefined;
  /**
   * Whether an image, which has every secret of the process in it, may be stored without being encrypted
   * (AFTERIMAGE_STORE_PLAIN_IMAGE, 1). Default false.
   */
  storePlainImage?: boolean | undefined;
  /** Path of the darkroom, the program that develops images (AFTERIMAGE_DARKROOM). Default: the package's own. */
  darkroom?: string | undefined;
  /** Former name of `darkroom` (AFTERIMAGE_DEVELOPER); deprecated, works for one more minor version. */
  developer?: string | undefined;
  /** How long V8's workers may take to come to rest (AFTERIMAGE_PARK_TIMEOUT_MS). Default 2,000. */
  parkTimeoutMs?: number | undefined;
  /** For everything, developing included (AFTERIMAGE_TIMEOUT_MS). Default 900,000. */
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
  darkroom: string | undefined;
  parkTimeoutMs: number;
  timeoutMs: number;
}

/** For `auto`: enough for a heap of about 140 MB. */
export const DEVELOP_MEMORY_MB = 4_000;

type Environment = Record<string, string | undefined>;

const MAX_MS = 2 ** 31 - 1;

/** @throws {TypeError} in one line, naming the option or the variable at fault */
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
    darkroom: read(
      options.darkroom === undefined && options.developer !== undefined ? 'developer' : 'darkroom',
      environment['AFTERIMAGE_DARKROOM'] ? 'AFTERIMAGE_DARKROOM' : 'AFTERIMAGE_DEVELOPER',
      (value) => resolve(text(value)),
    ),
    parkTimeoutMs:
      read('parkTimeoutMs', 'AFTERIMAGE_PARK_TIMEOUT_MS', (value) => integer(value, 1, MAX_MS)) ?? 2_000,
    timeoutMs: read('timeoutMs', 'AFTERIMAGE_TIMEOUT_MS', (value) => integer(value, 1, MAX_MS)) ?? 900_000,
  };
}

/** On Linux always /tmp, so that the path is the same for whoever comes to fetch it; TMPDIR is not ours to guess. */
function defaultDirectory(): string {
  return process.platform === 'win32' ? tmpdir() : '/tmp';
}

/** The kernel ignores SIGURG where nothing listens to it, and nothing in Node.js uses it. */
export const SIGNAL_UNDER_NODEMON = 'SIGURG';

function defaultSignal(): NodeJS.Signals {
  return isUnderNodemon() ? SIGNAL_UNDER_NODEMON : 'SIGUSR2';
}

/** Listening to these would take away what they do for the server, or Node forbids or advises against it. */
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

/** A boolean, or 1 or 0 in a variable. */
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
    // A secret identity in its place must not get into a log.
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
