/**
 * What a virtual machine's kernel starts: it loads the modules, mounts this machine's files beneath a layer in memory, has
 * cgroup v2 as systemd mounts it, and runs one command.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Kernel } from './kernel.js';

/** The tag of the file system that this machine shares. */
export const sharedTag = 'host';

/** In the order in which they need each other. */
export const modules = [
  'drivers/virtio/virtio_ring',
  'drivers/virtio/virtio',
  'drivers/virtio/virtio_pci_legacy_dev',
  'drivers/virtio/virtio_pci_modern_dev',
  'drivers/virtio/virtio_pci',
  'fs/fuse/fuse',
  'fs/fuse/virtiofs',
  'fs/overlayfs/overlay',
];

/** @param place has what this machine has there, even if it lies in one of the directories that are empty at first */
const init = (place: string): string => `#!/bin/busybox sh
set -e
b=/bin/busybox
for module in ${modules.map((module) => basename(module)).join(' ')}; do $b insmod /$module.ko; done
$b mkdir -p /lower /layer /root
$b mount -t virtiofs -o ro ${sharedTag} /lower
$b mount -t tmpfs -o mode=755 tmpfs /layer
$b mkdir /layer/upper /layer/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/layer/upper,workdir=/layer/work overlay /root
$b mount -t proc proc /root/proc
$b mount -t sysfs sysfs /root/sys
$b mount -t devtmpfs devtmpfs /root/dev
$b mkdir -p /root/dev/pts /root/dev/shm
$b mount -t devpts -o newinstance,ptmxmode=0666 devpts /root/dev/pts
$b mount -t tmpfs -o mode=1777 tmpfs /root/dev/shm
$b mount -t tmpfs -o mode=1777 tmpfs /root/tmp
$b mount -t tmpfs -o mode=755 tmpfs /root/run
$b mkdir -p '/root${place}' /layer/place /layer/work-place
$b mount -t overlay -o 'lowerdir=/lower${place},upperdir=/layer/place,workdir=/layer/work-place' overlay '/root${place}'
$b mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /root/sys/fs/cgroup
$b mkdir /root/sys/fs/cgroup/session
echo $$ > /root/sys/fs/cgroup/session/cgroup.procs
echo '+cpu +memory +pids' > /root/sys/fs/cgroup/cgroup.subtree_control
$b ip link set lo up
$b cp /command /root/run/command
exec $b switch_root /root /bin/sh /run/command
`;

/**
 * @param place a directory that the command needs
 * @param command a script for /bin/sh; when it ends the kernel panics, so it has to switch the machine off
 * @returns an archive in cpio's format "newc"
 */
export function initramfs(kernel: Kernel, place: string, command: string): Buffer {
  const directories = ['bin', 'dev', 'proc'].map((name) => entry(name, 0o040755));
  const files = [
    entry('dev/console', 0o020600, Buffer.alloc(0), [5, 1]),
    entry('init', 0o100755, Buffer.from(init(place))),
    entry('command', 0o100644, Buffer.from(command)),
    entry('bin/busybox', 0o100755, readFileSync(kernel.busybox)),
    ...modules.map((module) =>
      entry(`${basename(module)}.ko`, 0o100644, readFileSync(`${kernel.modules}/${module}.ko`)),
    ),
  ];
  return Buffer.concat([...directories, ...files, entry('TRAILER!!!', 0)]);
}

let inodes = 0;

function entry(name: string, mode: number, content = Buffer.alloc(0), device = [0, 0]): Buffer {
  const [major = 0, minor = 0] = device;
  // inode, mode, uid, gid, links, time, size, the device it is on, the device it is, length of the name, checksum
  const fields = [++inodes, mode, 0, 0, 1, 0, content.length, 0, 0, major, minor, name.length + 1, 0];
  const head = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}${name}\0`;
  return Buffer.concat([padded(Buffer.from(head)), padded(content)]);
}

function padded(part: Buffer): Buffer {
  return Buffer.concat([part, Buffer.alloc(-part.length & 3)]);
}
