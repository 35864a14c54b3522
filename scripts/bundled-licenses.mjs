// Collects the licenses of the packages that were bundled into one of our files: LICENSES.txt next to it.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** @param metafile what esbuild says of a bundle; @param target the directory that it lies in */
export function writeLicenses(metafile, target) {
  const packages = new Set(
    Object.keys(metafile.inputs).flatMap(
      (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
    ),
  );
  const licenses = [...packages].sort().map((name) => {
    const { version } = JSON.parse(readFileSync(`${root}node_modules/${name}/package.json`, 'utf8'));
    return `${name} ${version}\n\n${readFileSync(`${root}node_modules/${name}/LICENSE`, 'utf8').trim()}\n`;
  });
  writeFileSync(`${target}/LICENSES.txt`, licenses.join('\n---\n\n'));
}
