// Loaded into a test's processes with --import: V8 gets the compiled file with one mutation in it, and the file itself stays as it is.
import { register } from 'node:module';

if (process.env.AFTERIMAGE_MUTANT) register('./load-mutant.mjs', import.meta.url);
