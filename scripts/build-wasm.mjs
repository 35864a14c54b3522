// Compiles the AssemblyScript of each package (its folder assembly) to WebAssembly, and embeds it in a TypeScript
// module as text, so that no separate file is needed at run time.
import { main } from 'assemblyscript/asc';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

await compile({ of: 'snapshot', to: 'redaction', initialPages: 8 });
await compile({ of: 'v8-heap', to: 'heap', initialPages: 64 });

async function compile({ of, to, initialPages }) {
  const outputs = new Map();
  const { error, stderr } = await main(
    [
      'assembly/index.ts',
      ...['--baseDir', `${root}packages/${of}`],
      ...['--outFile', `${to}.wasm`],
      ...['-O3', '--noAssert', '--enable', 'simd', '--runtime', 'stub', '--use', 'abort='],
      ...['--initialMemory', `${initialPages}`],
    ],
    { writeFile: (name, contents) => outputs.set(name, contents) },
  );
  if (error !== null) {
    console.error(`${stderr.toString()}scripts/build-wasm.mjs: packages/${of}/assembly does not compile`);
    process.exit(1);
  }
  const base64 = Buffer.from(outputs.get(`${to}.wasm`)).toString('base64');
  const target = `${root}packages/${of}/src/compiled`;
  mkdirSync(target, { recursive: true });
  writeFileSync(
    `${target}/${to}-wasm.ts`,
    `/** Made by scripts/build-wasm.mjs from packages/${of}/assembly. */\nexport const ${to.toUpperCase()}_WASM: string =\n  '${base64}';\n`,
  );
}
