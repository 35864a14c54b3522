/** What a container may use and see, in terms of the OCI runtime specification, with Kubernetes' defaults. */
import { cgroupVersion } from '../memory-cgroup.js';
import { nodeOf } from '../nodes.js';
import { defaultNodePath, type Image } from './root-file-system.js';

export interface Mount {
  destination: string;
  /** A directory of the host; a tmpfs if absent. */
  source?: string;
  options: string[];
}

export interface ContainerSettings {
  image: Image;
  hostname: string;
  /** Instead of what the image runs. */
  command?: string[];
  env: Record<string, string>;
  uid: number;
  /** Bytes. */
  memoryLimit?: number;
  /** Processors. */
  cpuLimit?: number;
  readOnlyRoot: boolean;
  mounts: Mount[];
}

const cpuPeriodMicroseconds = 100_000;
const noCapabilities = { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] };

/** The content of its `config.json`, which lies beside its `rootfs`. */
export function containerConfig(cgroup: string, settings: ContainerSettings): unknown {
  const { image, memoryLimit, cpuLimit } = settings;
  const nodePath = image.nodePath ?? defaultNodePath;
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  return {
    ociVersion: '1.0.2',
    hostname: settings.hostname,
    process: {
      terminal: false,
      user: { uid: settings.uid, gid: settings.uid },
      args: settings.command ?? [nodePath, ...(image.args ?? [])],
      env: Object.entries({ PATH: path, HOSTNAME: settings.hostname, ...settings.env }).map(
        ([name, value]) => `${name}=${value}`,
      ),
      cwd: '/app',
      capabilities: noCapabilities,
      noNewPrivileges: true,
    },
    root: { path: 'rootfs', readonly: settings.readOnlyRoot },
    mounts: [
      ...systemMounts,
      nodeMount(image, nodePath),
      ...tmpMount(settings),
      ...settings.mounts.map(ociMount),
    ],
    linux: {
      cgroupsPath: `/${cgroup}`,
      resources: {
        devices: [{ allow: false, access: 'rwm' }],
        ...(memoryLimit !== undefined && { memory: { limit: memoryLimit } }),
        // The kubelet's default since 1.28: where memory runs out, all of the container is killed.
        ...(cgroupVersion === 2 && { unified: { 'memory.oom.group': '1' } }),
        ...(cpuLimit !== undefined && {
          cpu: { period: cpuPeriodMicroseconds, quota: Math.round(cpuLimit * cpuPeriodMicroseconds) },
        }),
      },
      // A network of its own, with nothing but the loopback: each pod has its own port 9229.
      namespaces: ['pid', 'network', 'ipc', 'uts', 'mount', ...(cgroupVersion === 2 ? ['cgroup'] : [])].map(
        (type) => ({ type }),
      ),
      maskedPaths: [
        '/proc/acpi',
        '/proc/kcore',
        '/proc/keys',
        '/proc/timer_list',
        '/sys/firmware',
        '/proc/scsi',
      ],
      readonlyPaths: ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'],
    },
  };
}

const systemMounts = [
  { destination: '/proc', type: 'proc', source: 'proc' },
  tmpfs('/dev', ['nosuid', 'strictatime', 'mode=755', 'size=65536k']),
  {
    destination: '/dev/pts',
    type: 'devpts',
    source: 'devpts',
    options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
  },
  tmpfs('/dev/shm', ['nosuid', 'noexec', 'nodev', 'mode=1777', 'size=65536k']),
  { destination: '/sys', type: 'sysfs', source: 'sysfs', options: ['nosuid', 'noexec', 'nodev', 'ro'] },
  {
    destination: '/sys/fs/cgroup',
    type: 'cgroup',
    source: 'cgroup',
    options: ['nosuid', 'noexec', 'nodev', 'relatime', 'ro'],
  },
];

function nodeMount(image: Image, destination: string): unknown {
  const source = nodeOf(image.node).path;
  return { destination, type: 'bind', source, options: ['bind', 'ro', 'nosuid', 'nodev'] };
}

function tmpMount({ image: { tmp }, mounts }: ContainerSettings): unknown[] {
  const hasOwn = mounts.some(({ destination }) => destination === '/tmp');
  if (hasOwn || (tmp !== 'exec' && tmp !== 'noexec')) return [];
  return [tmpfs('/tmp', ['nosuid', 'nodev', tmp, 'mode=1777'])];
}

function ociMount({ destination, source, options }: Mount): unknown {
  if (source === undefined) return tmpfs(destination, options);
  return { destination, type: 'bind', source, options: ['rbind', ...options] };
}

function tmpfs(destination: string, options: string[]): unknown {
  return { destination, type: 'tmpfs', source: 'tmpfs', options };
}
