// The packages that are published, in the order of their dependencies, each with its package.json.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../packages/', import.meta.url));

const manifests = readdirSync(folder)
  .map((name) => ({ name, manifest: JSON.parse(readFileSync(`${folder}${name}/package.json`, 'utf8')) }))
  .filter(({ manifest }) => !manifest.private);

/** Folders in packages/ with their manifests; each comes after all that it depends on. */
export const publishedPackages = [];
const take = (entry) => {
  if (publishedPackages.includes(entry)) return;
  for (const dependency of Object.keys(entry.manifest.dependencies ?? {})) {
    const own = manifests.find(({ manifest }) => manifest.name === dependency);
    if (own) take(own);
  }
  publishedPackages.push(entry);
};
manifests.forEach(take);
