/**
 * Root file systems like distroless images: Node and its libraries, an /etc and a /tmp, but no shell and no
 * tar. The Node binary is mounted instead of copied: 100 MB for each container would be slow.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeOf, type NodeBinary } from '../nodes.js';

/** What a pod's `image` names. */
export interface Image {
  name: string;
  node: NodeBinary['major'] | NodeBinary;
  /** Where Node lies in the container; `/usr/local/bin/node` by default, as in Docker's official images. */
  nodePath?: string;
  /** What its Node runs when the pod says nothing else: a path in the container, and arguments. */
  args?: string[];
  /** Files and directories to copy, by their place in the container. */
  files?: Record<string, string>;
  /**
   * `/tmp`: a directory of the root file system by default, a tmpfs that programs can or cannot be run from,
   * or none at all.
   */
  tmp?: 'exec' | 'noexec' | 'none';
}

/** The user that images run as unless the pod names another, as a good image has it. */
export const defaultUid = 10001;
export const defaultNodePath = '/usr/local/bin/node';

const etc = {
  group: `root:x:0:\napp:x:${defaultUid}:\n`,
  hosts: '127.0.0.1 localhost\n::1 localhost\n',
  passwd: `root:x:0:0::/root:/sbin/nologin\napp:x:${defaultUid}:${defaultUid}::/home/app:/sbin/nologin\n`,
};

/** Makes a fresh one in `root`, which does not exist yet. */
export function makeRootFileSystem(root: string, image: Image): void {
  for (const directory of ['app', 'dev', 'etc', 'home/app', 'proc', 'sys', 'tmp']) {
    mkdirSync(join(root, directory), { recursive: true });
  }
  chmodSync(join(root, 'tmp'), 0o1777);
  if (image.tmp === 'none') rmSync(join(root, 'tmp'), { recursive: true });
  for (const [name, text] of Object.entries(etc)) writeFileSync(join(root, 'etc', name), text);
  place(root, image.nodePath ?? defaultNodePath, (path) => writeFileSync(path, '')); // to be mounted on
  const { path: program, libraries = librariesOf(program) } = nodeOf(image.node);
  for (const [place, source] of Object.entries(libraries)) copyIn(root, place, source);
  for (const [path, source] of Object.entries(image.files ?? {})) copyIn(root, path, source);
}

function copyIn(root: string, path: string, source: string): void {
  place(root, path, (target) => cpSync(source, target, { recursive: true, dereference: true }));
}

function place(root: string, path: string, make: (target: string) => void): void {
  const target = join(root, path);
  mkdirSync(dirname(target), { recursive: true });
  make(target);
}

const listed = new Map<string, Record<string, string>>();

/** Each in the place where this machine has it. */
function librariesOf(program: string): Record<string, string> {
  let found = listed.get(program);
  if (found === undefined) {
    const text = execFileSync('ldd', [program], { encoding: 'utf8', timeout: 10_000 });
    found = Object.fromEntries(Array.from(text.matchAll(/(\/\S+) \(0x/g), ([, path = '']) => [path, path]));
    listed.set(program, found);
  }
  return found;
}
