/** Finds the address at which a Node.js process opens its inspector on SIGUSR1. */
import { flagValue, type CommandLine } from './command-line.js';

export interface Address {
  host: string;
  /** 0 means any free port. */
  port: number;
}

const DEFAULT: Address = { host: '127.0.0.1', port: 9229 };

const FLAGS = ['--inspect-port', '--debug-port', '--inspect', '--inspect-brk', '--inspect-wait'];

/** Returns the address from its flags `[host:]port`, or the default. */
export function inspectorPort(commandLine: CommandLine | null): Address {
  const value = commandLine === null ? null : flagValue(commandLine, ...FLAGS);
  if (value === null) return DEFAULT;
  const { host = DEFAULT.host, port = String(DEFAULT.port) } = /^(?:\[?(?<host>.*?)\]?:)?(?<port>\d+)$/.exec(
    value,
  )?.groups ?? { host: value };
  return { host: host === 'localhost' ? DEFAULT.host : host, port: Number(port) };
}
