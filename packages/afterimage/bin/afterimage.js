#!/usr/bin/env node
// Both binaries of the package are this file: npx runs a package with several binaries only if they are the
// same. kubectl finds its plugins by name: `kubectl afterimage pod/NAME` is `afterimage capture pod/NAME`.
import { basename } from 'node:path';

const program = await import('../dist/main.js').catch((error) => {
  const [reason] = String(error?.message ?? error).split('\n');
  process.stderr.write(
    `afterimage: its own program cannot be loaded (${reason}): raise the limit of open files (ulimit -n) if it is used up, ` +
      'or install the package again\n',
  );
  process.exitCode = 1;
});
if (program) {
  const verb = basename(process.argv[1]) === 'kubectl-afterimage' ? 'capture' : undefined;
  await program.main(process.argv, verb);
}
