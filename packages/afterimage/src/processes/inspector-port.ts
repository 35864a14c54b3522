/** Where a Node.js process opens its inspector when it is sent SIGUSR1. */
import { flagValue, type CommandLine } from './command-line.js';

export interface Address {
  host: string;
  /** 0: whichever is free. */
  port: number;
}

const DEFAULT: Address = { host: '127.0.0.1', port: 9229 };

const FLAGS = ['--inspect-port', '--debug-port', '--inspect', '--inspect-brk', '--inspect-wait'];

/** By its flags `[host:]port`; the default where it has none. */
export function inspectorPort(commandLine: CommandLine | null): Address {
  const value = commandLine === null ? null : flagValue(commandLine, ...FLAGS);
  if (value === null) return DEFAULT;
  const { host = DEFAULT.host, port = String(DEFAULT.port) } = /^(?:\[?(?<host>.*?)\]?:)?(?<port>\d+)$/.exec(
    value,
  )?.groups ?? { host: value };
  return { host: host === 'localhost' ? DEFAULT.host : host, port: Number(port) };
}
