/**
 * Docker's own daemon, from Debian, with all its files in one directory and in separate namespaces: it has no
 * network, can write to nothing else, and everything that it started ends with it, however the test ends.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { debianFile, debianProgram, debianUnpacked } from '../targets/debian-program.js';
import { eventually } from '../eventually.js';
import { removeCgroups } from './cgroup-trees.js';
import { processesOf } from './container-cgroup.js';
import { imageFor } from './pod-manifest.js';
import { makeRootFileSystem } from './root-file-system.js';
import {
  runCommandLine,
  runOptions,
  toolContainer,
  type ToolContainer,
  type ToolSettings,
} from './run-arguments.js';
import { PATIENCE_MS } from '../patience.js';

export interface Docker {
  /** For programs that call docker: PATH, DOCKER_HOST, and DOCKER_CONFIG. */
  env: Record<string, string>;
  /** Everything lies in it; the cgroup of all containers has its name. */
  directory: string;
  /** Of what keeps its namespaces: when it ends, all in them does. */
  pid: number;
  /** What the command prints. @throws with what it says */
  docker(...args: string[]): Promise<string>;
  /** @param how more options, and what to run in place of Node with the script */
  run(settings: ToolSettings, how?: { options?: string[]; command?: string[] }): Promise<ToolContainer>;
  /** Removes everything. */
  close(): Promise<void>;
}

const readyWithinMs = PATIENCE_MS;
const dockerWithinMs = PATIENCE_MS;

/** Within its namespaces: $0 is its directory, the rest the command to run. */
const confined = [
  'mount --bind "$0" "$0"',
  'mount -o remount,bind,ro /',
  // containerd has its sockets there, wherever it is told to have the rest.
  'mount -t tmpfs tmpfs /run',
  'exec "$@"',
].join(' && ');

/** @throws when it is not ready in time: with what it has written */
export async function startDocker(): Promise<Docker> {
  const directory = mkdtempSync(join(tmpdir(), `afterimage-docker-${process.pid}-`));
  const cgroup = basename(directory);
  const env = dockerEnvironment(directory);
  const logFile = join(directory, 'log');
  const log = openSync(logFile, 'a');
  const daemon = spawn('setpriv', daemonArguments(directory, cgroup), {
    env: { ...process.env, ...env, TMPDIR: join(directory, 'tmp') },
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const ended = once(daemon, 'close');
  const docker = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)('docker', args, { env, timeout: dockerWithinMs });
    return stdout.trim();
  };
  const close = async (): Promise<void> => {
    daemon.kill('SIGKILL');
    await ended;
    await eventually(() => removeCgroups(cgroup));
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await eventually(() => docker('version'), readyWithinMs);
  } catch (cause) {
    const words = readFileSync(logFile, 'utf8').slice(-2_000);
    await close();
    throw new Error(`dockerd did not start: ${words}`, { cause });
  }
  return {
    env,
    directory,
    pid: daemon.pid ?? 0,
    docker,
    run: async (settings, { options = [], command } = {}) => {
      const { name } = settings;
      const image = imageFor(settings);
      const root = join(directory, 'roots', name);
      makeRootFileSystem(root, image);
      importImage(root, image.name, env);
      const started = [...runOptions(settings, image, cgroup), ...options, image.name];
      const id = await docker('run', ...started, ...(command ?? runCommandLine(image)));
      return toolContainer(name, env, firstProcess(`${cgroup}/${id}`), async () => {
        await docker('rm', '--force', name);
      });
    },
    close,
  };
}

function dockerEnvironment(directory: string): Record<string, string> {
  const root = debianUnpacked('docker.io', () => ['docker.io', 'containerd', 'tini']);
  debianFile('libdevmapper1.02.1', '/lib/x86_64-linux-gnu/libdevmapper.so.1.02.1');
  debianProgram('runc');
  for (const name of ['tmp', 'roots', 'config']) mkdirSync(join(directory, name));
  return {
    PATH: `${root}/usr/bin:${root}/usr/sbin:${process.env['PATH'] ?? ''}`,
    DOCKER_HOST: `unix://${directory}/docker.sock`,
    DOCKER_CONFIG: join(directory, 'config'),
  };
}

function daemonArguments(directory: string, cgroup: string): string[] {
  const configuration = join(directory, 'daemon.json');
  // No flag says where this one goes, which would lie in /etc otherwise.
  writeFileSync(configuration, JSON.stringify({ 'deprecated-key-path': join(directory, 'key.json') }));
  return [
    ...[
      '--pdeathsig',
      'KILL',
      'unshare',
      '--mount',
      '--net',
      '--pid',
      '--fork',
      '--kill-child',
      '--mount-proc',
    ],
    ...['sh', '-c', confined, directory, 'dockerd', '--config-file', configuration],
    ...['--host', `unix://${directory}/docker.sock`, '--pidfile', join(directory, 'dockerd.pid')],
    ...['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
    ...['--iptables=false', '--ip-masq=false', '--bridge=none', '--storage-driver=vfs'],
    ...['--cgroup-parent', `/${cgroup}`],
  ];
}

/** As there is no registry to pull one from. */
function importImage(root: string, name: string, env: Record<string, string>): void {
  const archive = `${root}.tar`;
  execFileSync('tar', ['-C', root, '-cf', archive, '.'], { timeout: dockerWithinMs });
  const path = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  execFileSync('docker', ['import', '--change', path, '--change', 'WORKDIR /app', archive, name], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: dockerWithinMs,
  });
  rmSync(root, { recursive: true });
  rmSync(archive);
}

/** Docker tells pids as its own namespace counts them. */
function firstProcess(cgroup: string): number {
  const first = processesOf(cgroup).find((pid) =>
    /^NSpid:.*\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'latin1')),
  );
  if (first === undefined) throw new Error(`no process of cgroup ${cgroup} is the first of its container`);
  return first;
}
