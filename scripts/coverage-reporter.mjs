// A reporter for node:test: what its `spec` prints, and then coverage of our own packages, a line each. Node 20 has no option that
// leaves out other files.
import { Readable } from 'node:stream';
import { spec } from 'node:test/reporters';

const OURS = /\/packages\/([^/]+)\/dist\//;

export default async function* report(events) {
  let files = [];
  async function* withoutCoverage() {
    for await (const event of events) {
      if (event.type === 'test:coverage') files = event.data.summary.files;
      else yield event;
    }
  }
  yield* Readable.from(withoutCoverage()).pipe(new spec());
  yield table(files.filter(({ path }) => OURS.test(path)));
}

/** Of the files that the tests loaded: those that none of them loads are not counted. */
function table(files) {
  const packages = grouped(files);
  const rows = [...packages].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, own]) => row(name, own));
  return `\ncoverage of loaded files         lines    branches   functions   files\n${rows.join('')}${row('all', files)}`;
}

function packageOf({ path }) {
  return OURS.exec(path)[1];
}

function grouped(files) {
  const packages = new Map();
  for (const file of files) packages.set(packageOf(file), [...(packages.get(packageOf(file)) ?? []), file]);
  return packages;
}

function row(name, files) {
  const shares = ['Line', 'Branch', 'Function'].map((what) => share(files, what).padStart(12));
  return `${name.padEnd(26)}${shares.join('')}${String(files.length).padStart(8)}\n`;
}

function share(files, what) {
  const sum = (key) => files.reduce((total, file) => total + file[key], 0);
  const [total, covered] = [sum(`total${what}Count`), sum(`covered${what}Count`)];
  return total === 0 ? '-' : `${((100 * covered) / total).toFixed(1)} %`;
}
