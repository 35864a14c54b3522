/** The TypeScript compiler after it has checked two files: a large program with much code, and deep graphs of objects. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const ts = createRequire(import.meta.url)('typescript') as typeof import('typescript');
const files = ['compare.ts', 'read.ts'].map((name) =>
  fileURLToPath(new URL(`../../../src/read/${name}`, import.meta.url)),
);
const program = ts.createProgram(files, { noEmit: true, skipLibCheck: true, types: [] });
const checked = { program, problems: ts.getPreEmitDiagnostics(program) };
setInterval(() => checked, 1e6);
console.log('ready', checked.problems.length);
