// Loaded into a test's processes with --import: passes V8 the compiled file with one mutation; the file
// itself stays unchanged.
import { register } from 'node:module';

if (process.env.AFTERIMAGE_MUTANT) register('./load-mutant.mjs', import.meta.url);
