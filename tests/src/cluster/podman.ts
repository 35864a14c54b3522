/** A container by podman, which `docker` is another name of here: what there is on a machine without Kubernetes. */
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { debianProgram } from '../debian-program.js';
import { eventually } from '../eventually.js';
import { nodeOf } from '../nodes.js';
import { amount } from './objects.js';
import { imageFor, type PodSettings } from './pod-manifest.js';
import { enterNetwork, type Answer } from './pod-network.js';
import { defaultPort } from './pod.js';
import { defaultNodePath, defaultUid, makeRootFileSystem } from './root-file-system.js';

export interface PodmanContainer {
  name: string;
  /** For programs that call podman or docker: with it, `podman exec NAME …` finds the container. */
  env: Record<string, string>;
  /** Of its PID 1, as the host counts. */
  hostPid: number;
  /** Asks its server from within its network. */
  request(path: string): Promise<Answer>;
  /** Removes everything. */
  close(): Promise<void>;
}

export type PodmanSettings = Pick<
  PodSettings,
  'name' | 'node' | 'nodePath' | 'script' | 'nodeArgs' | 'scriptArgs' | 'files' | 'tmp' | 'memoryLimit' | 'uid' | 'readOnlyRoot' | 'env' // prettier-ignore
>;

const podmanWithinMs = 60_000;

/**
 * Podman's default seccomp filter is in force, as is Docker's in Docker.
 * @throws when podman cannot start it: with what podman says
 */
export async function startPodman(settings: PodmanSettings): Promise<PodmanContainer> {
  const directory = mkdtempSync(join(tmpdir(), `afterimage-podman-${process.pid}-`));
  const cgroup = basename(directory);
  const env = podmanEnvironment(directory);
  const podman = async (...args: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)('podman', args, { env, timeout: podmanWithinMs });
    return stdout.trim();
  };
  const { name } = settings;
  const removeAll = async (): Promise<void> => {
    await podman('rm', '--force', '--time', '0', '--ignore', name);
    await eventually(() => removeCgroups(cgroup));
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    const image = imageFor(settings);
    const root = join(directory, 'rootfs');
    makeRootFileSystem(root, image);
    const nodePath = image.nodePath ?? defaultNodePath;
    const tmpfs = image.tmp === 'exec' || image.tmp === 'noexec' ? ['--tmpfs', `/tmp:${image.tmp}`] : [];
    const { memoryLimit, uid = defaultUid, readOnlyRoot = false } = settings;
    await podman(
      ...['run', '--detach', '--name', name, '--network', 'none', '--cgroup-parent', `/${cgroup}`],
      ...['--user', `${uid}:${uid}`, '--cap-drop', 'all', '--security-opt', 'no-new-privileges'],
      ...(memoryLimit === undefined ? [] : ['--memory', String(amount(memoryLimit))]),
      ...(readOnlyRoot ? ['--read-only', '--read-only-tmpfs=false'] : []),
      ...tmpfs,
      ...Object.entries(settings.env ?? {}).flatMap(([variable, value]) => ['--env', `${variable}=${value}`]),
      ...['--volume', `${nodeOf(image.node).path}:${nodePath}:ro`, '--rootfs', root],
      ...[nodePath, ...(image.args ?? [])],
    );
    const hostPid = Number(await podman('inspect', '--format', '{{.State.Pid}}', name));
    const network = enterNetwork(hostPid);
    return {
      name,
      env,
      hostPid,
      request: (path) => network.request({ path, port: defaultPort, method: 'GET', timeoutMs: 30_000 }),
      close: async () => {
        await network.close();
        await removeAll();
      },
    };
  } catch (error) {
    await removeAll();
    throw error;
  }
}

/** Podman with all its records in `directory`, so that it is not the machine's own. */
function podmanEnvironment(directory: string): Record<string, string> {
  const program = debianProgram('podman');
  const bin = join(directory, 'bin');
  mkdirSync(bin);
  for (const name of ['podman', 'docker']) symlinkSync(program, join(bin, name));
  const storage = join(directory, 'storage.conf');
  writeFileSync(
    storage,
    `[storage]\ndriver = "vfs"\ngraphroot = "${directory}/storage"\nrunroot = "${directory}/run"\n`,
  );
  const containers = join(directory, 'containers.conf');
  writeFileSync(
    containers,
    `[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
runtime = "${debianProgram('runc')}"
tmp_dir = "${directory}/tmp"
`,
  );
  return {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    CONTAINERS_STORAGE_CONF: storage,
    CONTAINERS_CONF: containers,
  };
}

/** Podman leaves the parent of its containers' cgroups, and its monitor's, under each controller. */
function removeCgroups(name: string): void {
  for (const controller of readdirSync('/sys/fs/cgroup')) {
    removeCgroup(join('/sys/fs/cgroup', controller, name, 'conmon'));
    removeCgroup(join('/sys/fs/cgroup', controller, name));
  }
}

function removeCgroup(path: string): void {
  if (existsSync(path)) rmdirSync(path);
}
