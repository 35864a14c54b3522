/** Packages that programs of other people use: those that the benchmark of leaks has installed. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** @throws {Error} where `npm ci` was not run in bench/leaks */
export function appPackage(name: string): unknown {
  const require = createRequire(fileURLToPath(new URL('../../../leaks/package.json', import.meta.url)));
  return require(name);
}
