/**
 * `afterimage diff`: its answers about snapshots of a growing program, and how each format shows any growth.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { comparisonBlocks } from '../../../packages/afterimage/dist/report/blocks/comparison.js';
import { reportAsMarkdown } from '../../../packages/afterimage/dist/report/looks/markdown.js';
import { reportToTerminal } from '../../../packages/afterimage/dist/report/looks/terminal.js';
import { type CommandEnd, runCommand } from '../command.js';
import { nodeOf } from '../nodes.js';
import { hostileNames, runProgram, widestLine } from '../snapshot/planted-snapshots.js';
import { PATIENCE_MS } from '../patience.js';

const growingProgram = `
  class PlantedJob { constructor(number) { this.input = 'input of the job ' + number; this.tries = [number + 0.5]; } }
  const finished = new Map();
  module.exports = { finished };
  const grow = (many) => { for (let i = 0; i < many; i++) finished.set('job-' + finished.size, new PlantedJob(finished.size)); };
  grow(1000);
  snapshot('0.heapsnapshot');
  grow(4000);
  snapshot('1.heapsnapshot');
  grow(4000);
  snapshot('2.heapsnapshot');
`;

type Comparison = Parameters<typeof comparisonBlocks>[0];

let directory: string;
let files: string[];

before(
  async () => {
    directory = await mkdtemp(join(tmpdir(), 'afterimage-diff-'));
    runProgram(nodeOf(24), directory, 'growing', growingProgram);
    files = [0, 1, 2].map((at) => join(directory, `${at}.heapsnapshot`));
  },
  { timeout: PATIENCE_MS },
);
after(() => rm(directory, { recursive: true, force: true }));

async function compared(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(['diff', ...args]);
  assert.deepEqual([code, stderr], [0, '']);
  return stdout.toString();
}

describe('afterimage diff', { timeout: 300_000 }, () => {
  for (const count of [2, 3]) {
    it(`tells what grew in ${count} snapshots`, async () => {
      const report = await compared(...files.slice(0, count), '--verbose');
      assert.match(report, /^ {2}growth +\+[\d.]+ [kM]B +\+[\d,]+$/m);
      assert.match(report, /^Suspects$/m);
      assert.match(report, /^1\. \S+: PlantedJob$/m);
      assert.match(report, / [└ ]*finished: Map @\d+$/m);
      const [last, grown] = count === 2 ? ['5,000', '4,000'] : ['9,000', '8,000'];
      assert.match(
        report,
        new RegExp(`^ {2}PlantedJob +${last} +\\+${grown} +[\\d.]+ kB +\\+[\\d.]+ kB +→ 1$`, 'm'),
      );
      assert.ok(widestLine(report) <= 80, report);
    });
  }

  it('prints the documented JSON', async () => {
    const comparison = JSON.parse(await compared(...files, '--json')) as Comparison;
    assert.deepEqual(Object.keys(comparison).sort(), [
      'classes',
      'dominators',
      'explainedShare',
      'files',
      'growth',
      'heaps',
      'notCovered',
      'outsideHeap',
      'process',
      'summary',
      'suspects',
      'unmatchedNames',
    ]);
    assert.deepEqual(comparison.files, files);
    assert.ok(comparison.growth.bytes > 8000 * 100 && comparison.growth.nodes > 8000 * 2);
    assert.deepEqual(Object.keys(comparison.outsideHeap).sort(), ['arrayBufferBytes', 'bytes']);
    assert.ok(comparison.explainedShare > 0.5 && comparison.explainedShare <= 1);
    const [suspect] = comparison.suspects;
    assert.match(String(suspect?.pathText), /finished/);
    assert.equal(suspect?.counts.length, 3);
    const jobs = comparison.classes.find(({ name }) => name === 'PlantedJob');
    assert.deepEqual(jobs?.counts, [1000, 5000, 9000]);
    assert.equal(jobs.shallowBytes.length, 3);
    const limited = JSON.parse(await compared(...files, '--json', '--top', '1')) as Comparison;
    assert.deepEqual([limited.classes.length, limited.suspects.length], [1, 1]);
  });

  it('says if nothing grew', async () => {
    const [file = ''] = files;
    const report = await compared(file, file);
    assert.match(report, /did not grow/);
    assert.doesNotMatch(report, /Suspects|Classes that grew/);
  });

  it('writes Markdown and an HTML page', async () => {
    const markdown = await compared(...files, '--markdown');
    assert.match(markdown, /^## .+\n\n\| snapshot \| heap \| nodes \|\n/);
    assert.match(markdown, /^\| 1 \| \+[\d.]+ [kM]B \| \d+ % \| .*8,000 more PlantedJob in finished .* \|$/m);
    assert.match(markdown, /^\| `PlantedJob` \| 9,000 \| \+8,000 \| /m);
    const output = join(directory, 'growth.html');
    const { code, stderr } = await runCommand(['diff', ...files, '--html', '-o', output]);
    assert.equal(code, 0, stderr);
    assert.match(await readFile(output, 'utf8'), /<td class="name">PlantedJob<\/td>/);
  });

  it('requires two complete snapshots, and standard input at most once', async () => {
    const [file = ''] = files;
    const wrong: [args: string[], code: number, line: RegExp][] = [
      [[file], 2, /missing required argument 'after'/],
      [['-', '-'], 2, /standard input can be read once/],
      [[file, '/no/such'], 1, /\/no\/such does not exist/],
      [[file, file, '-o', file], 2, /is the snapshot itself/],
    ];
    for (const [args, code, line] of wrong) {
      const end: CommandEnd = await runCommand(['diff', ...args]);
      assert.match(end.stderr, line);
      assert.match(end.stderr, /^afterimage: [^\n]+\n$/);
      assert.deepEqual([end.code, end.stdout.length], [code, 0]);
    }
  });
});

describe('the report on any growth', () => {
  const text = (report: (output: { write(text: string): void }) => void): string => {
    let written = '';
    report({ write: (part) => void (written += part) });
    return written;
  };

  const whole = { suspects: 5, classes: 5, details: null, isWhole: true };

  function growth(name: string): Comparison {
    const steps = Array.from({ length: 40 }, (_, id) => ({ edge: name, name, id }));
    return {
      // A command that is to be typed is not cut, whatever its files are called.
      files: [name.slice(0, 30), `${name.slice(0, 30)}2`],
      growth: { bytes: 41e6, nodes: 100_000 },
      outsideHeap: { bytes: 30e6, arrayBufferBytes: 29e6 },
      explainedShare: 0.97,
      summary: '',
      suspects: [
        {
          rank: 1,
          title: name,
          kind: 'collection',
          class: name,
          count: 5000,
          bytes: 40e6,
          share: 0.97,
          holder: { name, class: name, owner: name, id: 7, instances: [1, 1], entries: [10, 5010] },
          path: steps,
          pathText: name.repeat(20),
          locations: [{ function: name, script: name, line: 12, column: 5, package: null }],
          examples: [1, 2, 3],
          counts: [10, 5010],
          edges: null,
          weight: null,
          limit: null,
          parts: [],
          advice: name,
          summary: `They are in ${name} and ${name}`,
        },
      ],
      heaps: [
        { nodes: 1_000_000, bytes: 300e6 },
        { nodes: 1_100_000, bytes: 341e6 },
      ],
      classes: [
        {
          name,
          counts: [10, 5010],
          shallowBytes: [80, 40_080],
          instances: null,
          origin: 'program',
          suspect: 1,
        },
      ],
      dominators: [],
      notCovered: [],
      process: null,
      unmatchedNames: 0,
    };
  }

  const names = {
    ...hostileNames,
    'very long': `node:internal/${'a'.repeat(5000)}/index.js`,
    wide: '漢字'.repeat(300),
    nothing: '',
  };
  for (const [kind, name] of Object.entries(names)) {
    it(`fits 80 cells and contains no control characters: ${kind}`, () => {
      const blocks = comparisonBlocks(growth(name), whole);
      const report = text((output) => reportToTerminal(blocks, { width: 80, colors: false }, output));
      const markdown = text((output) => reportAsMarkdown(blocks, output));
      for (const written of [report, markdown]) {
        assert.doesNotMatch(written.replaceAll('\n', ''), /[\p{Control}\p{Bidi_Control}\u200b]/u);
      }
      const cells = report.replaceAll(/[漢字]/g, 'xx');
      assert.ok(widestLine(cells) <= 80, report);
      assert.match(report, /@39$/m);
    });
  }

  it('begins with the headline, and mentions growth outside the heap', () => {
    const blocks = comparisonBlocks(growth('Job'), whole);
    const report = text((output) => reportToTerminal(blocks, { width: 80, colors: false }, output));
    assert.match(report, /^1 suspect explains 97 % of \+41\.0 MB\n/);
    assert.match(report, /^ {2}\+30\.0 MB of it outside V8's heap, \+29\.0 MB in buffers$/m);
  });

  it('has colors only if enabled', () => {
    const blocks = comparisonBlocks(growth('Job'), whole);
    const colorful = text((output) => reportToTerminal(blocks, { width: 80, colors: true }, output));
    const plain = text((output) => reportToTerminal(blocks, { width: 80, colors: false }, output));
    // eslint-disable-next-line no-control-regex -- colors are control characters
    assert.equal(colorful.replaceAll(/\u001b\[\d+m/g, ''), plain);
    assert.notEqual(colorful, plain);
  });
});
