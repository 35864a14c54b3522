#!/usr/bin/env node
// Both binaries of the package are this file: npx runs a package with several binaries only if they are the
// same. kubectl finds its plugins by name: `kubectl afterimage pod/NAME` is `afterimage capture pod/NAME`.
import { basename } from 'node:path';

const oneLine = (error) => {
  const [reason] = String(error?.message ?? error).split('\n');
  const isOfProgram = /[\\/](bundled|node_modules)[\\/]/.test(`${error?.path} ${error?.url}`);
  const text = isOfProgram
    ? `its own program cannot be loaded (${reason}): raise the limit of open files (ulimit -n) if it is used up, or install ` +
      'the package again'
    : `unexpected: ${reason}; --debug prints the stack`;
  process.stderr.write(`afterimage: ${text}\n${process.argv.includes('--debug') ? `${error?.stack}\n` : ''}`);
  process.exit(1);
};

// If several modules cannot be read, Node.js passes on the first error, and the others end the process (ModuleJob in
// lib/internal/modules/esm), also later: each verb loads its own modules.
process.on('uncaughtException', oneLine);
const { main } = await import('../bundled/main.js').catch(oneLine);
await main(process.argv, basename(process.argv[1]) === 'kubectl-afterimage' ? 'capture' : undefined);
