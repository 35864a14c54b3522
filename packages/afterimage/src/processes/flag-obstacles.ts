/** Flags of a process that prevent a capture, or change what a signal does. */
import { flagValue, hasFlag, isOn, type CommandLine } from './command-line.js';
import type { Obstacle } from './obstacle.js';

export function addonObstacle(pid: number, commandLine: CommandLine | null): Obstacle | null {
  if (commandLine === null) return null;
  if (hasFlag(commandLine, '--no-addons', '--no-node-addons'))
    return {
      code: 'no-addons',
      message: `process ${pid} was started with --no-addons, so it cannot load the native part: start it without`,
    };
  if (!hasPermissions(commandLine) || hasFlag(commandLine, '--allow-addons')) return null;
  return {
    code: 'no-addons',
    message:
      `process ${pid} runs under the permission model, which forbids it the native part: start it with --allow-addons ` +
      'and, on Node.js 24 or newer, --allow-inspector',
  };
}

export function hasPermissions(commandLine: CommandLine): boolean {
  return hasFlag(commandLine, '--permission', '--experimental-permission');
}

/** The default signal of `--report-on-signal`. */
const REPORT_SIGNAL = 'SIGUSR2';

/**
 * On the signal, Node.js itself would write an unencrypted file: a heap snapshot, or a report with the
 * environment.
 */
export function signalFlagObstacle(
  pid: number,
  commandLine: CommandLine | null,
  signal: NodeJS.Signals,
): Obstacle | null {
  if (commandLine === null) return null;
  const snapshot = '--heapsnapshot-signal';
  if (flagValue(commandLine, snapshot)?.toUpperCase() === signal)
    return taken(pid, signal, `${snapshot}=${signal}`, 'a heap snapshot with all secrets in clear');
  const report = '--report-signal';
  const reported = (flagValue(commandLine, report) ?? REPORT_SIGNAL).toUpperCase();
  if (isOn(commandLine, '--report-on-signal') && reported === signal)
    return taken(
      pid,
      signal,
      signal === REPORT_SIGNAL ? '--report-on-signal' : `--report-on-signal ${report}=${signal}`,
      'a diagnostic report with its environment in clear',
    );
  return null;
}

function taken(pid: number, signal: NodeJS.Signals, flags: string, what: string): Obstacle {
  const way =
    signal === 'SIGUSR1'
      ? 'start it without, or with the agent, node --import @afterimage/agent/register'
      : 'start it without, or give the agent another signal, or bypass the agent with --no-agent';
  return {
    code: 'signal-taken',
    message: `process ${pid} was started with ${flags}, so ${signal} would make it write ${what}: ${way}`,
  };
}
