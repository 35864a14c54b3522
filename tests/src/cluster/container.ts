/**
 * One run of a container by runc: from its start until it has ended and nothing of it is left. Its files are
 * in a separate directory.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { debianProgram } from '../targets/debian-program.js';
import { eventually } from '../eventually.js';
import { oomKills } from './container-cgroup.js';
import { containerConfig, type ContainerSettings } from './container-config.js';
import { makeRootFileSystem } from './root-file-system.js';
import { PATIENCE_MS } from '../patience.js';

export interface Container {
  id: string;
  /** Of its PID 1, as the host counts. */
  pid: number;
  /** The name of its cgroup, the same under each controller. */
  cgroup: string;
  /** Resolves when PID 1 has ended and the container is removed; its output can still be read. */
  ended: Promise<ContainerEnd>;
  /** What PID 1 has written to standard output and error so far. */
  log(): string;
  /** Starts another program in it, as `kubectl exec` does. */
  exec(command: string[], stdin: boolean): ContainerExec;
  /** Sends PID 1 a signal. Does nothing when it has ended. */
  kill(signal: 'TERM' | 'KILL'): Promise<void>;
  /** Removes its directory, when it has ended. */
  forget(): void;
}

export interface ContainerEnd {
  /** 128 and the number of the signal, when a signal ended it. */
  exitCode: number;
  oomKilled: boolean;
}

export interface ContainerExec {
  process: ChildProcess;
  /** runc's message if the program could not be started; undefined otherwise. Available at its end. */
  startFailure(): string | undefined;
}

const startWithinMs = PATIENCE_MS;
const removeWithinMs = PATIENCE_MS;
const lastWordsWithinMs = 1_000;

/** A container could not be started: the message is runc's. */
export class ContainerStartError extends Error {}

/**
 * @param directory of all containers, runc's own records included
 * @param id unique on the machine
 * @throws ContainerStartError
 */
export async function startContainer(
  directory: string,
  id: string,
  settings: ContainerSettings,
): Promise<Container> {
  const bundle = join(directory, 'containers', id);
  const cgroup = id;
  mkdirSync(bundle, { recursive: true });
  makeRootFileSystem(join(bundle, 'rootfs'), settings.image);
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(containerConfig(cgroup, settings)));
  const runc = runcOf(directory);
  const runcLog = join(bundle, 'runc.json');
  const logFile = join(bundle, 'log');
  const output = openSync(logFile, 'a');
  // Kept after its end, so that its cgroup can be asked why it ended.
  const running = spawn(
    runc[0],
    [...runc[1], '--log', runcLog, '--log-format', 'json', 'run', '--keep', '--bundle', bundle, '--pid-file', join(bundle, 'pid'), id], // prettier-ignore
    { stdio: ['ignore', output, output] },
  );
  closeSync(output);
  const executions = new Set<ChildProcess>();
  let hasEnded = false;
  const ended = once(running, 'close').then(async ([code]) => {
    hasEnded = true;
    const oomKilled = orElse(() => oomKills(cgroup) > 0, false);
    await remove(directory, id);
    await endExecutions(executions);
    return { exitCode: Number(code), oomKilled };
  });
  const pidFile = join(bundle, 'pid');
  await started(pidFile, () => hasEnded);
  const failure = lastError(runcLog);
  if (failure !== undefined) {
    await ended;
    throw new ContainerStartError(failure);
  }
  let execLogs = 0;
  return {
    id,
    pid: Number(readFileSync(pidFile, 'utf8')),
    cgroup,
    ended,
    log: () => readFileSync(logFile, 'utf8'),
    exec: (command, stdin) => {
      const exec = execute(directory, id, join(bundle, `exec-${++execLogs}.json`), command, stdin);
      executions.add(exec.process);
      exec.process.on('close', () => executions.delete(exec.process));
      return exec;
    },
    kill: async (signal) => {
      await promisify(execFile)(runc[0], [...runc[1], 'kill', id, signal]).catch(() => undefined);
    },
    forget: () => rmSync(bundle, { recursive: true, force: true }),
  };
}

/** Kills and removes all containers that runc knows of in this directory. */
export async function removeContainers(directory: string): Promise<void> {
  const ids = orElse(() => readdirSync(join(directory, 'runc')), []);
  await Promise.all(ids.map((id) => remove(directory, id)));
}

function execute(
  directory: string,
  id: string,
  runcLog: string,
  command: string[],
  stdin: boolean,
): ContainerExec {
  const [program, args] = runcOf(directory);
  const process = spawn(
    program,
    [...args, '--log', runcLog, '--log-format', 'json', 'exec', id, ...command],
    { stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'] },
  );
  return { process, startFailure: () => lastError(runcLog) };
}

/** Resolves when runc has made way for the container's own program, or has ended. */
async function started(pidFile: string, hasEnded: () => boolean): Promise<void> {
  await eventually(() => {
    if (hasEnded()) return;
    const pid = readFileSync(pidFile, 'utf8');
    const [program = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    if (basename(program) === 'runc') throw new Error(`runc has not started the program of ${pidFile}`);
  }, startWithinMs);
}

/** They end with their container, except a runc whose output is no longer read. */
async function endExecutions(executions: Set<ChildProcess>): Promise<void> {
  try {
    await eventually(() => {
      if (executions.size > 0) throw new Error(`${executions.size} programs have not ended`);
    }, lastWordsWithinMs);
  } catch {
    for (const process of executions) {
      process.kill('SIGKILL');
      process.stdout?.destroy();
      process.stderr?.destroy();
    }
  }
}

async function remove(directory: string, id: string): Promise<void> {
  const [program, args] = runcOf(directory);
  await eventually(() => promisify(execFile)(program, [...args, 'delete', '--force', id]), removeWithinMs);
}

function runcOf(directory: string): [program: string, args: string[]] {
  return [debianProgram('runc'), ['--root', join(directory, 'runc')]];
}

/** The last error in a log of runc's. */
function lastError(runcLog: string): string | undefined {
  const lines = orElse(() => readFileSync(runcLog, 'utf8').split('\n'), []).filter(Boolean);
  const errors = lines.map((line) => JSON.parse(line) as { level: string; msg: string });
  return errors.filter(({ level }) => level === 'error' || level === 'fatal').at(-1)?.msg;
}

function orElse<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
