// Collects the licenses of the packages that were bundled into our files: LICENSES.txt next to them.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @param bundles what esbuild says of each; @param target the directory that they lie in */
export function writeLicenses(bundles, target) {
  const packages = new Set(
    bundles
      .flatMap(({ metafile }) => Object.keys(metafile.inputs))
      .flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
  );
  const licenses = [...packages].sort().map((name) => {
    const directory = `${root}node_modules/${name}/`;
    const { version } = JSON.parse(readFileSync(`${directory}package.json`, 'utf8'));
    const file = readdirSync(directory).find((entry) => /^licen[cs]e\b/i.test(entry));
    if (file === undefined) throw new Error(`${name} has no license`);
    return `${name} ${version}\n\n${readFileSync(directory + file, 'utf8').trim()}\n`;
  });
  writeFileSync(`${target}/LICENSES.txt`, licenses.join('\n---\n\n'));
}
