// The public interface of the packages that people import, as it is in api/:
//   node scripts/api-report.mjs --write   writes the reports (`npm run api`)
//   node scripts/api-report.mjs           fails where they differ (`npm run lint:api`)
//   node scripts/api-report.mjs --types   asks attw whether the types of the packed packages resolve (`npm run lint:types`)
// A report has each exported declaration and each declaration of ours that these reach, without comments and private members.
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import prettier from 'prettier';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));
const PACKAGES = ['snapshot', 'agent', 'image'];
const printer = ts.createPrinter({ removeComments: true });
const run = promisify(execFile);

const { write, types: askTypes } = parseArgs({
  options: { write: { type: 'boolean', default: false }, types: { type: 'boolean', default: false } },
}).values;
if (askTypes) {
  const complaints = await unresolvedTypes();
  if (complaints.length > 0) fail(complaints.join('\n'));
  process.exit();
}
const program = ts.createProgram(
  PACKAGES.flatMap((name) => entriesOf(name).entries.map(({ types }) => types)),
  { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2022, types: ['node'], skipLibCheck: true },
);
const changed = [];
for (const name of PACKAGES) {
  const file = `api/${name}.api.md`;
  const options = { ...(await prettier.resolveConfig(root + file)), filepath: root + file };
  const report = await prettier.format(reportOf(name), options);
  const before = existsSync(root + file) ? readFileSync(root + file, 'utf8') : '';
  if (report === before) continue;
  changed.push(`${file}:${firstDifference(before, report)}`);
  mkdirSync(`${root}api`, { recursive: true });
  if (write) writeFileSync(root + file, report);
}
if (write) console.log(changed.length > 0 ? `wrote ${changed.join(', ')}` : 'api/ is up to date');
else if (changed.length > 0)
  fail(
    `the public interface is not what api/ says (${changed.join(', ')}). If that is meant, run \`npm run api\` and commit api/`,
  );

/** The report on one package, in markdown. */
function reportOf(name) {
  const { manifest, entries } = entriesOf(name);
  const checker = program.getTypeChecker();
  const sections = entries.map(({ path, types }) => {
    const source = program.getSourceFile(types);
    if (!source) fail(`${relative(root, types)} is missing: build first (npm run typecheck)`);
    const { exported, reached } = declarationsOf(checker, source);
    const also = reached.length > 0 ? `\nReached by these:\n\n${block(reached)}` : '';
    return `## \`${join(manifest.name, path)}\`\n\n${block(exported)}${also}`;
  });
  return `# Public interface of ${manifest.name}\n\nWritten by \`npm run api\`; do not edit.\n\n${sections.join('\n')}`;
}

/** The entries of a package that have types, each with its path in `exports`; those of `./*` are the modules it matches. */
function entriesOf(name) {
  const folder = `${root}packages/${name}/`;
  const manifest = JSON.parse(readFileSync(`${folder}package.json`, 'utf8'));
  const entries = Object.entries(manifest.exports).flatMap(([path, { types }]) => {
    if (types === undefined) return [];
    if (!path.includes('*')) return [{ path, types: join(folder, types) }];
    return modulesOf(name).map((module) => ({
      path: path.replace('*', module),
      types: join(folder, types.replace('*', module)),
    }));
  });
  return { manifest, entries };
}

/** By the sources: a folder `dist` may still hold what was deleted. */
function modulesOf(name) {
  return readdirSync(`${root}packages/${name}/src`)
    .filter((file) => /\.ts$/.test(file))
    .map((file) => file.replace(/\.ts$/, ''))
    .sort();
}

function declarationsOf(checker, source) {
  const resolved = (symbol) =>
    symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const exported = new Map(
    checker
      .getExportsOfModule(checker.getSymbolAtLocation(source))
      .map((symbol) => [resolved(symbol), symbol.name]),
  );
  const reached = new Map();
  const queue = [...exported.keys()];
  for (const symbol of queue) {
    for (const declaration of ownDeclarations(symbol)) {
      visit(publicPart(declaration), (identifier) => {
        const at = checker.getSymbolAtLocation(identifier);
        const target = at && resolved(at);
        if (!target || exported.has(target) || reached.has(target) || !isTopLevel(target)) return;
        reached.set(target, target.name);
        queue.push(target);
      });
    }
  }
  return { exported: textsOf(exported), reached: textsOf(reached) };
}

function textsOf(symbols) {
  return [...symbols]
    .sort(([, a], [, b]) => (a < b ? -1 : 1))
    .flatMap(([symbol, name]) => {
      const texts = ownDeclarations(symbol).map(textOf);
      return name === symbol.name ? texts : [`// exported as ${name}`, ...texts];
    });
}

/** Those in our packages; what lies in Node's types is not ours to report. */
function ownDeclarations(symbol) {
  return (symbol.declarations ?? []).filter((node) =>
    /\/packages\/[^/]+\/dist\//.test(node.getSourceFile().fileName),
  );
}

function isTopLevel(symbol) {
  return ownDeclarations(symbol).some((node) => ts.isSourceFile(statementOf(node).parent));
}

/** Of a variable, the statement that declares it. */
function statementOf(node) {
  return ts.isVariableDeclaration(node) ? node.parent.parent : node;
}

function visit(nodes, onIdentifier) {
  for (const node of nodes) {
    if (ts.isIdentifier(node)) onIdentifier(node);
    else visit(node.getChildren(), onIdentifier);
  }
}

/** The declaration itself, or of a class what is not private. */
function publicPart(declaration) {
  if (!ts.isClassDeclaration(declaration)) return [statementOf(declaration)];
  return [...(declaration.heritageClauses ?? []), ...declaration.members.filter(isPublic)];
}

function isPublic(member) {
  return (
    !(ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) &&
    !(member.name && ts.isPrivateIdentifier(member.name))
  );
}

function textOf(declaration) {
  const source = declaration.getSourceFile();
  const node = ts.isClassDeclaration(declaration)
    ? ts.factory.updateClassDeclaration(
        declaration,
        declaration.modifiers,
        declaration.name,
        declaration.typeParameters,
        declaration.heritageClauses,
        declaration.members.filter(isPublic),
      )
    : statementOf(declaration);
  const text = printer.printNode(ts.EmitHint.Unspecified, node, source);
  return text.replace(/^export (default )?/, '').replace(/^declare /, '');
}

function block(texts) {
  return `\`\`\`ts\n${texts.join('\n\n')}\n\`\`\`\n`;
}

/** What attw complains of: entries of the packed packages whose types TypeScript does not find. */
async function unresolvedTypes() {
  const directory = mkdtempSync(join(tmpdir(), 'afterimage-types-'));
  const packing = ['pack', '--json', '--ignore-scripts', '--pack-destination', directory];
  try {
    const { stdout } = await run(
      'npm',
      [...packing, ...PACKAGES.flatMap((name) => ['--workspace', `packages/${name}`])],
      { cwd: root, maxBuffer: 1e8 },
    );
    const packed = JSON.parse(stdout);
    const asked = PACKAGES.map((name) => {
      const { manifest, entries } = entriesOf(name);
      const { filename } = packed.find((one) => one.name === manifest.name);
      return askAttw(manifest.name, join(directory, filename), entries);
    });
    return (await Promise.all(asked)).filter((complaint) => complaint !== '');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Empty when it has no complaint. */
async function askAttw(name, tarball, entries) {
  const attw = `${root}node_modules/@arethetypeswrong/cli/dist/index.js`;
  // Every package is ESM: what CommonJS before Node 20.19 makes of it does not count.
  const options = ['--profile', 'esm-only', '--no-emoji', '--no-color', '--format', 'table'];
  const paths = entries.map(({ path }) => path.replace(/^\.\//, ''));
  try {
    await run(process.execPath, [attw, tarball, ...options, '--entrypoints', ...paths], { cwd: root });
    return '';
  } catch (error) {
    return `${name}: TypeScript does not find its types once it is installed:\n${error.stdout || error.message}`;
  }
}

function firstDifference(before, after) {
  const lines = after.split('\n');
  const at = before.split('\n').findIndex((line, index) => line !== lines[index]);
  return (at < 0 ? 0 : at) + 1;
}

function fail(message) {
  console.error(`scripts/api-report.mjs: ${message}`);
  process.exit(1);
}
