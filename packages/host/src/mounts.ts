/** Parses the mounts that a process sees, from /proc/PID/mountinfo (proc(5)). */

export interface Mount {
  /** The directory of the file system that is mounted here; for a cgroup file system, the cgroup. */
  root: string;
  point: string;
  /** Options of this mount: `ro`, `noexec`. */
  options: string[];
  /** Type of the file system: `ext4`, `cgroup2`. */
  type: string;
  /** Options of the file system; for a cgroup file system, its controllers. */
  superOptions: string[];
}

export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
    const [left = '', right = ''] = line.split(' - ');
    const [, , , root, point, options = ''] = left.split(' ');
    const [type = '', , superOptions = ''] = right.split(' ');
    if (root === undefined || point === undefined) return [];
    return [
      {
        root: unescaped(root),
        point: unescaped(point),
        options: options.split(','),
        type,
        superOptions: superOptions.split(','),
      },
    ];
  });
}

/**
 * Decodes what the kernel writes for space, tab, line end and backslash: `\` and three octal digits (mangle()
 * in fs/proc_namespace.c).
 */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
