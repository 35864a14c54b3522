// Compiles the AssemblyScript part of redaction, packages/snapshot/assembly, to WebAssembly, and embeds it in
// a TypeScript module as text, so that no separate file is needed at run time.
import { main } from 'assemblyscript/asc';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = `${root}packages/snapshot/src/compiled`;

const outputs = new Map();
const { error, stderr } = await main(
  [
    'assembly/index.ts',
    ...['--baseDir', `${root}packages/snapshot`],
    ...['--outFile', 'redaction.wasm'],
    ...[
      '-O3',
      '--noAssert',
      '--enable',
      'simd',
      '--runtime',
      'stub',
      '--use',
      'abort=',
      '--initialMemory',
      '8',
    ],
  ],
  { writeFile: (name, contents) => outputs.set(name, contents) },
);
if (error !== null) {
  console.error(`${stderr.toString()}scripts/build-wasm.mjs: packages/snapshot/assembly does not compile`);
  process.exit(1);
}
const base64 = Buffer.from(outputs.get('redaction.wasm')).toString('base64');
mkdirSync(target, { recursive: true });
writeFileSync(
  `${target}/redaction-wasm.ts`,
  `/** Made by scripts/build-wasm.mjs from packages/snapshot/assembly. */\nexport const REDACTION_WASM =\n  '${base64}';\n`,
);
