#!/usr/bin/env node
// Both binaries of the package are this file: npx runs a package that has several only when they are one and the same.
// kubectl finds its plugins by their names: `kubectl afterimage pod/NAME` is `afterimage capture pod/NAME`.
import { basename } from 'node:path';
import { main } from '../dist/main.js';

await main(process.argv, basename(process.argv[1]) === 'kubectl-afterimage' ? 'capture' : undefined);
