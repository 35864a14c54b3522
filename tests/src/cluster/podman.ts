/** A container by podman, which also provides `docker` here: for machines without Kubernetes. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { debianProgram } from '../targets/debian-program.js';
import { eventually } from '../eventually.js';
import { removeCgroups } from './cgroup-trees.js';
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

const podmanWithinMs = PATIENCE_MS;

/**
 * Podman's default seccomp filter is in force, as is Docker's in Docker.
 * @throws when podman cannot start it: with what podman says
 */
export async function startPodman(settings: ToolSettings): Promise<ToolContainer> {
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
    await podman(
      ...['run', ...runOptions(settings, image, cgroup)],
      ...(settings.readOnlyRoot === true ? ['--read-only-tmpfs=false'] : []),
      ...['--rootfs', root, ...runCommandLine(image)],
    );
    const hostPid = Number(await podman('inspect', '--format', '{{.State.Pid}}', name));
    return toolContainer(name, env, hostPid, removeAll);
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
