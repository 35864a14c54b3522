#!/usr/bin/env node
// Both binaries of the package are this file: npx runs a package with several binaries only if they are the
// same. kubectl finds its plugins by name: `kubectl afterimage pod/NAME` is `afterimage capture pod/NAME`.
import { basename } from 'node:path';
import { main } from '../dist/main.js';

await main(process.argv, basename(process.argv[1]) === 'kubectl-afterimage' ? 'capture' : undefined);
