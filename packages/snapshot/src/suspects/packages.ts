/**
 * Finds the npm package and version of a script. The name is in the path. The version is in the path too
 * (pnpm, Yarn), in a `package.json` that the program has loaded, or in a file near the script if the caller
 * can read it.
 */
import { typeIndex, type Graph } from '../graph/graph.js';
import { rawName } from '../graph/names.js';
import { sourcePositions } from '../paths/source-positions.js';
import type { Package } from './suspect.js';

/** Returns the text of the file at this path, or null. The library itself does no I/O. */
export type ReadText = (path: string) => string | null;

export type PackageOf = (script: string) => Package | null;

const IN_MODULES = /^(.*[\\/]node_modules[\\/])((?:@[^\\/]+[\\/])?[^\\/@][^\\/]*)(?=[\\/])/;
const VERSION = /^\d+\.\d+\.\d+[\w.+-]*$/;

/** Returns a function that finds the package of a script; null for the application's own code. */
export function packagesIn(graph: Graph, readText: ReadText = () => null): PackageOf {
  const loaded = once(() => loadedManifests(graph));
  const versions = new Map<string, string | null>();
  const folders = once(() => foldersOf(sourcePositions(graph).scripts()));
  // If the heap contains two versions of a package, a name and a version somewhere in it belong to neither
  // for certain.
  const isOnlyFolder = (folder: string, name: string): boolean => {
    const known = folders().get(name);
    return known === undefined || (known.size === 1 && known.has(folder));
  };
  return (script) => {
    const found = IN_MODULES.exec(script);
    if (found === null) return null;
    const name = found[2].replace('\\', '/');
    const manifest = `${found[0]}/package.json`;
    let version = versions.get(manifest);
    if (version === undefined) {
      version =
        versionInPath(found[1], name) ??
        loaded().byPath.get(manifest) ??
        versionFrom(readText(manifest)) ??
        (isOnlyFolder(found[0], name) ? loaded().byName.get(name) : null) ??
        null;
      versions.set(manifest, version);
    }
    return { name, version };
  };
}

function foldersOf(scripts: Iterable<string>): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>();
  for (const script of scripts) {
    const found = IN_MODULES.exec(script);
    if (found === null) continue;
    folders.set(found[2], (folders.get(found[2]) ?? new Set<string>()).add(found[0]));
  }
  return folders;
}

/** `axios@1.7.0`, or `axios` if the version is unknown. */
export function packageText({ name, version }: Package): string {
  return version === null ? name : `${name}@${version}`;
}

/** `.pnpm/@scope+name@1.2.3_peer/node_modules/`, `.yarn/cache/name-npm-1.2.3-hash.zip/node_modules/`. */
function versionInPath(folder: string, name: string): string | null {
  const parts = folder.split(/[\\/]/);
  for (const part of parts.slice(-4).reverse()) {
    const flat = name.replace('/', '+');
    if (part.startsWith(`${flat}@`)) return checked(part.slice(flat.length + 1).split(/[_(]/)[0]);
    const zipped = `${name.replace('/', '-')}-npm-`;
    if (part.startsWith(zipped))
      return checked(part.slice(zipped.length).replace(/-[0-9a-f]+(-\d+)?\.zip$/, ''));
  }
  return null;
}

function checked(version: string): string | null {
  return VERSION.test(version) ? version : null;
}

function versionFrom(text: string | null): string | null {
  if (text === null) return null;
  try {
    const manifest = JSON.parse(text) as { name?: unknown; version?: unknown } | null;
    // An alias (`npm:`) has another name than its folder, but the version is right.
    if (typeof manifest?.version === 'string') return checked(manifest.version);
  } catch {
    // Incomplete or not JSON: no version.
  }
  return null;
}

interface Loaded {
  /** Versions by the manifest's path: modules that are `package.json` files. */
  byPath: Map<string, string>;
  /** Versions by the package's name, if all manifests in the heap agree. */
  byName: Map<string, string>;
}

/** Finds what `require('./package.json')` left in the heap, and other objects with a name and a version. */
function loadedManifests(graph: Graph): Loaded {
  const { nodeCount, nodeType, nodeTypes, strings, firstEdge, edgeName, edgeType, edgeTypes, edgeTo } = graph;
  const object = typeIndex(nodeTypes, 'object');
  const property = typeIndex(edgeTypes, 'property');
  const nameOf = new Set(strings.find('name'));
  const versionOf = new Set(strings.find('version'));
  const exportsOf = new Set(strings.find('exports'));
  const filenameOf = new Set(strings.find('filename'));
  const moduleName = new Set(strings.find('Module'));
  const byPath = new Map<string, string>();
  const byName = new Map<string, string>();
  const ambiguous = new Set<string>();

  for (let node = 0; node < nodeCount; node++) {
    if (nodeType[node] !== object) continue;
    let name = -1;
    let version = -1;
    let exports = -1;
    let filename = -1;
    for (let edge = firstEdge[node]; edge < firstEdge[node + 1]; edge++) {
      if (edgeType[edge] !== property) continue;
      const label = edgeName[edge];
      if (nameOf.has(label)) name = edgeTo[edge];
      else if (versionOf.has(label)) version = edgeTo[edge];
      else if (exportsOf.has(label)) exports = edgeTo[edge];
      else if (filenameOf.has(label)) filename = edgeTo[edge];
    }
    if (exports >= 0 && filename >= 0 && moduleName.has(graph.nodeName[node])) {
      const path = textOf(graph, filename);
      const found = path.endsWith('package.json') ? textUnder(graph, exports, versionOf) : '';
      if (VERSION.test(found)) byPath.set(path, found);
    }
    if (name < 0 || version < 0) continue;
    const key = textOf(graph, name);
    const found = textOf(graph, version);
    if (key === '' || !VERSION.test(found)) continue;
    if (byName.has(key) && byName.get(key) !== found) ambiguous.add(key);
    byName.set(key, found);
  }
  for (const name of ambiguous) byName.delete(name);
  return { byPath, byName };
}

function textUnder(graph: Graph, node: number, labels: ReadonlySet<number>): string {
  for (let edge = graph.firstEdge[node]; edge < graph.firstEdge[node + 1]; edge++) {
    if (graph.edgeTypes[graph.edgeType[edge]] === 'property' && labels.has(graph.edgeName[edge]))
      return textOf(graph, graph.edgeTo[edge]);
  }
  return '';
}

function textOf(graph: Graph, node: number): string {
  return graph.nodeTypes[graph.nodeType[node]] === 'string' ? rawName(graph, node) : '';
}

function once<T>(make: () => T): () => T {
  let value: T | undefined;
  return () => (value ??= make());
}
