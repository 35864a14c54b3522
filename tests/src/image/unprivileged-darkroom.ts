/** The darkroom as an ordinary user runs it, in tests that run as root. */
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from './altered-image.js';

/** Returns a program that runs a copy of the darkroom, in this directory, without root's rights. */
export function unprivilegedProgram(directory: string): string {
  if (process.getuid?.() !== 0) return program;
  const copy = join(directory, 'darkroom');
  const script = join(directory, 'unprivileged');
  copyFileSync(program, copy);
  chmodSync(directory, 0o755);
  writeFileSync(
    script,
    `#!/bin/sh
exec setpriv --reuid=10001 --regid=10001 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs '${copy}' "$@"
`,
    { mode: 0o755 },
  );
  return script;
}
