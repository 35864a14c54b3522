/**
 * Runs a command on another kernel: in a virtual machine without a network that has this machine's files to read, and
 * writes into its own memory. With KVM it is as fast as this machine, without it an emulator ten times as slow.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { debianFile } from '../targets/debian-program.js';
import { eventually } from '../eventually.js';
import { initramfs, sharedTag } from './initramfs.js';
import { kernelForVirtualMachines } from './kernel.js';

export interface VirtualMachineRun {
  /** What the command ended with. */
  code: number;
  /** What it has written, standard error among it. */
  output: string;
}

const repository = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');
const processors = 2;
const memory = '4G';

/** Undefined where a virtual machine can be started, otherwise what stands against it. */
export function virtualMachineMissing(): string | undefined {
  if (process.arch !== 'x64') return 'the virtual machine is one for x64';
  if (process.geteuid?.() !== 0) return 'a virtual machine that shares this machine’s files needs root';
  return undefined;
}

/**
 * Whether the processor runs it itself. There is a /dev/kvm on machines as well whose processors do not say that they
 * can: such a KVM takes only kernels that are made for it, which Debian's is not.
 */
export function hasKvm(): boolean {
  if (!/^flags\s*:.* (?:vmx|svm)(?: |$)/m.test(readFileSync('/proc/cpuinfo', 'latin1'))) return false;
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param command for /bin/sh, in the repository's directory
 * @throws when it has not ended within `withinMs`, or the machine has: with the end of what its kernel said
 */
export async function runInVirtualMachine(command: string, withinMs: number): Promise<VirtualMachineRun> {
  const kernel = kernelForVirtualMachines();
  const directory = mkdtempSync(join(tmpdir(), `afterimage-vm-${process.pid}-`));
  const file = (name: string): string => join(directory, name);
  const server = shareFiles(directory, file('socket'));
  try {
    writeFileSync(file('initramfs'), initramfs(kernel, repository, script(command)));
    await eventually(() => statSync(file('socket')));
    const machine = startQemu([
      ...(hasKvm() ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,thread=multi', '-cpu', 'max']),
      ...['-machine', 'q35', '-smp', String(processors), '-m', memory],
      ...['-object', `memory-backend-memfd,id=memory,size=${memory},share=on`, '-numa', 'node,memdev=memory'],
      ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-nic', 'none'],
      ...['-chardev', `socket,id=files,path=${file('socket')}`],
      ...['-device', `vhost-user-fs-pci,chardev=files,tag=${sharedTag}`],
      ...['-serial', `file:${file('console')}`, '-serial', 'stdio', '-serial', `file:${file('code')}`],
      ...['-kernel', kernel.image, '-initrd', file('initramfs'), '-append', 'console=ttyS0 panic=-1'],
    ]);
    const { output, isLate } = await endOf(machine, withinMs);
    const code = textOf(file('code')).trim();
    if (/^\d+$/.test(code)) return { code: Number(code), output };
    const said = textOf(file('console')).split('\n').slice(-40).join('\n');
    const what = isLate
      ? `has not ended within ${withinMs} ms and was killed`
      : 'has ended before its command';
    throw new Error(`the virtual machine ${what}; its command wrote:\n${output}\nits kernel:\n${said}`);
  } finally {
    server.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
}

function script(command: string): string {
  return `stty -F /dev/ttyS1 raw
exec > /dev/ttyS1 2>&1
export HOME=/root LANG=C.UTF-8 PATH='${dirname(process.execPath)}':/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
cd '${repository}'
(${command})
echo $? > /dev/ttyS2
echo o > /proc/sysrq-trigger
while :; do :; done
`;
}

/** The root file system, and what else the tests need; not what is mounted in it. It can be read only. */
function shareFiles(directory: string, socket: string): ChildProcess {
  const program = debianFile('qemu-system-common', '/usr/lib/qemu/virtiofsd');
  const view = join(directory, 'view');
  mkdirSync(view);
  const elsewhere = [repository, dirname(process.execPath)].filter(
    (path) => statSync(path).dev !== statSync('/').dev,
  );
  const mounts = ['/', ...elsewhere].map(
    (path) => `mount --bind '${path}' '${view}${path}' && mount -o remount,bind,ro '${view}${path}'`,
  );
  const serve = `exec '${program}' --socket-path='${socket}' -o source='${view}' -o cache=always -f`;
  return start('unshare', ['--mount', 'sh', '-c', [...mounts, serve].join(' && ')], 'ignore');
}

function startQemu(args: string[]): ChildProcess {
  return start(debianFile('qemu-system-x86', '/usr/bin/qemu-system-x86_64'), args, 'pipe');
}

/** Ends with this process, however that ends. */
function start(program: string, args: string[], output: 'pipe' | 'ignore'): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', program, ...args], {
    stdio: ['ignore', output, output],
  });
}

async function endOf(machine: ChildProcess, withinMs: number): Promise<{ output: string; isLate: boolean }> {
  const output: Buffer[] = [];
  for (const stream of [machine.stdout, machine.stderr]) {
    stream?.on('data', (chunk: Buffer) => output.push(chunk));
  }
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    machine.kill('SIGKILL');
  }, withinMs);
  await once(machine, 'close');
  clearTimeout(timer);
  return { output: Buffer.concat(output).toString(), isLate };
}

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
