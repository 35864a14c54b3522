/** A Linux kernel of Debian's for virtual machines, which is not installed. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { debianDependency, debianUnpacked } from '../targets/debian-program.js';

export interface Kernel {
  /** As `uname -r` has it. */
  release: string;
  image: string;
  /** The directory of its modules. */
  modules: string;
  /** A busybox that needs no libraries. */
  busybox: string;
}

/**
 * Fetched from Debian where it is not there yet (27 MB).
 * @throws with what is wanted, where it cannot be had
 */
export function kernelForVirtualMachines(): Kernel {
  const root = debianUnpacked('kernel', () => [
    debianDependency('linux-image-cloud-amd64', 'linux-image-'),
    'busybox-static',
  ]);
  const [release = ''] = readdirSync(join(root, 'lib/modules'));
  const kernel = {
    release,
    image: join(root, `boot/vmlinuz-${release}`),
    modules: join(root, `lib/modules/${release}/kernel`),
    busybox: join(root, 'bin/busybox'),
  };
  for (const path of [kernel.image, kernel.modules, kernel.busybox]) {
    if (!existsSync(path)) throw new Error(`${path} is missing: remove ${root}, and it is fetched again`);
  }
  return kernel;
}
