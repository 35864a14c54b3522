// Changelog fragments: changes/NAME.md has one line, `Section: what changed for users`.
//   node scripts/changelog.mjs --check   fails when a fragment is malformed (`npm run lint:changes`)
//   node scripts/changelog.mjs           moves them into CHANGELOG.md, below `## Unreleased` (`npm run changelog`)
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const folder = fileURLToPath(new URL('../changes/', import.meta.url));
const changelog = fileURLToPath(new URL('../CHANGELOG.md', import.meta.url));
const SECTIONS = ['Breaking', 'Added', 'Changed', 'Fixed', 'Security'];
const FRAGMENT = new RegExp(`^(${SECTIONS.join('|')}): (\\S.*\\S)\\n$`);
const MAX_LENGTH = 400;
const UNRELEASED = '## Unreleased\n';

const { check } = parseArgs({ options: { check: { type: 'boolean', default: false } } }).values;
const names = readdirSync(folder)
  .filter((name) => !/^(README\.md|\..*)$/.test(name))
  .sort();
const faults = names.flatMap((name) => faultOf(name) ?? []);
if (faults.length > 0)
  fail(
    `${faults.join('\n')}\nA fragment is one line: \`Section: what changed for users\`, the section one of ${SECTIONS.join(', ')}`,
  );
if (!check) fold();

/** What is wrong with a fragment, or null. */
function faultOf(name) {
  const text = readFileSync(folder + name, 'utf8');
  if (!/^[a-z0-9-]+\.md$/.test(name))
    return `changes/${name}: a name has lower case, digits and dashes, and ends in .md`;
  if (text.split('\n').length !== 2)
    return `changes/${name}: has ${text.split('\n').length - 1} complete lines, not one`;
  if (!FRAGMENT.test(text))
    return `changes/${name}: does not begin with a section and a colon: ${text.trim()}`;
  if (text.length > MAX_LENGTH)
    return `changes/${name}: ${text.length} characters, more than ${MAX_LENGTH}: details belong in docs/`;
  return null;
}

function fold() {
  const before = readFileSync(changelog, 'utf8');
  const [head, rest] = before.split(UNRELEASED);
  if (rest === undefined) fail(`CHANGELOG.md has no line "${UNRELEASED.trim()}"`);
  const fragments = names.map((name) => FRAGMENT.exec(readFileSync(folder + name, 'utf8')));
  const lines = SECTIONS.flatMap((section) =>
    fragments
      .filter((fragment) => fragment[1] === section)
      .map(([, , text]) => `- **${section}**: ${text}\n`),
  );
  if (lines.length === 0) return console.log('no fragments in changes/');
  // What was there goes on directly below, where it is a list too.
  writeFileSync(changelog, `${head}${UNRELEASED}\n${lines.join('')}${rest.replace(/^\n(?=- )/, '')}`);
  for (const name of names) rmSync(folder + name);
  console.log(`moved ${lines.length} fragments into CHANGELOG.md`);
}

function fail(message) {
  console.error(`scripts/changelog.mjs: ${message}`);
  process.exit(1);
}
