#!/usr/bin/env node
// kubectl finds its plugins by their names: `kubectl afterimage pod/NAME` is `afterimage capture pod/NAME`.
import { main } from '../dist/main.js';

await main(process.argv, 'capture');
