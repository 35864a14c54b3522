/** `afterimage analyze`: its answers about snapshots that V8 wrote, in each format, and all error cases. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { after, before, describe, it } from 'node:test';
import * as zlib from 'node:zlib';
import { type CommandEnd, commandProgram, runCommand } from '../command.js';
import { nodeOf, outerNodes } from '../nodes.js';
import { hostileNames, hostileProgram, runProgram, widestLine } from '../snapshot/planted-snapshots.js';
import { PATIENCE_MS } from '../patience.js';

const PLANTED = 5000;
const plantedProgram = `
  class PlantedSession {
    constructor(number) { this.user = 'user number ' + number; this.visits = [number, number + 0.5]; }
  }
  const sessions = new Map();
  module.exports = { sessions };
  for (let i = 0; i < ${PLANTED}; i++) sessions.set('session-' + i, new PlantedSession(i));
  globalThis.copies = [];
  for (let i = 0; i < 300; i++) globalThis.copies.push(('a string of which there are copies ' + (i - i)).split('').join(''));
  snapshot('planted' + process.versions.node.split('.')[0] + '.heapsnapshot');
`;

interface AnalysisJson {
  file: string;
  redaction: string | null;
  totals: { nodes: number; edges: number; shallowBytes: number };
  classes: { name: string; count: number; shallowBytes: number; retainedBytes: number }[];
  suspects: Record<string, unknown>[];
}

interface InstancesJson {
  class: string;
  count: number;
  shallowBytes: number;
  instances: {
    id: number;
    name: string;
    shallowBytes: number;
    retainedBytes: number;
    heldBy: { edge: string; name: string; id: number };
  }[];
}

interface ReferrersJson {
  edge?: string;
  name: string;
  id: number;
  distance: number;
  count: number;
  referrers: ReferrersJson[];
}

let directory: string;
let planted: string; // of Node 24
let hostile: string;

before(
  async () => {
    directory = await mkdtemp(join(tmpdir(), 'afterimage-analyze-'));
    for (const node of new Set([...outerNodes, nodeOf(24)]))
      runProgram(node, directory, `planted${node.major}`, plantedProgram);
    planted = join(directory, 'planted24.heapsnapshot');
    hostile = join(directory, 'hostile.heapsnapshot');
    runProgram(nodeOf(24), directory, 'hostile', `${hostileProgram}\nsnapshot('hostile.heapsnapshot');`);
  },
  { timeout: PATIENCE_MS },
);
after(() => rm(directory, { recursive: true, force: true }));

async function analyzed(args: string[], options: Parameters<typeof runCommand>[1] = {}): Promise<string> {
  const { code, stdout, stderr } = await runCommand(['analyze', ...args], options);
  assert.deepEqual([code, stderr], [0, '']);
  return stdout.toString();
}

async function analyzedJson(
  args: string[],
  options: Parameters<typeof runCommand>[1] = {},
): Promise<AnalysisJson> {
  return JSON.parse(await analyzed([...args, '--json'], options)) as AnalysisJson;
}

/** It ended with this code and one line that matches, wrote no data, and no trace of a stack. */
function assertFailed({ code, stdout, stderr }: CommandEnd, expectedCode: number, line: RegExp): void {
  assert.match(stderr, /^afterimage: [^\n]+\n$/);
  assert.match(stderr, line);
  assert.equal(code, expectedCode, stderr);
  assert.equal(stdout.length, 0);
}

/** Contains no control characters except line breaks. */
function assertHarmless(text: string): void {
  const obeyed = Array.from(text).filter((character) => {
    return (
      character !== '\n' && /[\p{Control}\p{Bidi_Control}\p{Surrogate}\u200b\u2028\u2029]/u.test(character)
    );
  });
  assert.deepEqual([...new Set(obeyed)], []);
}

describe('afterimage analyze', { timeout: 300_000 }, () => {
  for (const { major, path: node } of outerNodes) {
    it(`describes a snapshot of Node ${major}`, async () => {
      const file = join(directory, `planted${major}.heapsnapshot`);
      const report = await analyzed([file, '--top', '200'], { node });
      assert.match(
        report,
        /^First to look at: 5,000 PlantedSession in [\s\S]+?\n\n {2}snapshot +\S+\n {2}heap +[\d.]+ MB in [\d,]+ nodes and [\d,]+ edges\n/,
      );
      assert.match(report, /^ {2}class +count +shallow +retained +by$/m);
      assert.match(report, /^ {2}PlantedSession +5,000 +\d+ kB +[\d.]+ [kM]B +→ 1$/m);
      assert.match(report, /^Largest accumulations$/m);
      assert.match(report, /Not covered: one snapshot cannot show growth/);
      assert.match(report, /afterimage diff [^\n]+ LATER\n$/);
      assert.ok(widestLine(report) <= 80, report);
    });
  }

  it('prints the documented JSON', async () => {
    const { snapshot } = JSON.parse(readFileSync(planted, 'utf8')) as {
      snapshot: { node_count: number; edge_count: number };
    };
    const analysis = await analyzedJson([planted]);
    assert.deepEqual(Object.keys(analysis), [
      'file',
      'pid',
      'thread',
      'redaction',
      'totals',
      'classes',
      'suspects',
      'process',
      'notCovered',
      'summary',
    ]);
    assert.equal(analysis.redaction, null);
    assert.equal(analysis.file, planted);
    assert.equal(analysis.totals.nodes, snapshot.node_count);
    assert.equal(analysis.totals.edges, snapshot.edge_count);

    const { classes, totals } = analysis;
    assert.equal(
      classes.reduce((sum, { shallowBytes }) => sum + shallowBytes, 0),
      totals.shallowBytes,
    );
    for (const row of classes) {
      assert.deepEqual(Object.keys(row), [
        'name',
        'count',
        'shallowBytes',
        'retainedBytes',
        'origin',
        'suspect',
      ]);
    }
    const sessions = classes.find(({ name }) => name === 'PlantedSession');
    assert.equal(sessions?.count, PLANTED);
    assert.ok(sessions.retainedBytes > sessions.shallowBytes);
    assert.deepEqual(
      classes.map(({ retainedBytes }) => retainedBytes),
      classes.map(({ retainedBytes }) => retainedBytes).sort((a, b) => b - a),
    );

    assert.ok(analysis.suspects.length > 0);
    for (const [at, suspect] of analysis.suspects.entries()) {
      assert.deepEqual(
        Object.keys(suspect).sort(),
        'advice bytes class count counts edges examples holder kind limit locations parts path pathText rank share summary title weight'.split(
          ' ',
        ),
      );
      assert.equal(suspect.rank, at + 1);
    }
    assert.match(String(analysis.suspects[0]?.pathText), /sessions/);
  });

  it('shows as many rows as requested', async () => {
    const { classes, suspects } = await analyzedJson([planted, '--top', '3']);
    assert.equal(classes.length, 3);
    assert.ok(suspects.length <= 3);
    assert.match(await analyzed([planted]), /^ {2}and \d+ classes more$/m);
  });

  it('reads gzip, zstd if Node writes it, and standard input', async () => {
    const expected = { ...(await analyzedJson([planted])), file: '' };
    const gzipped = join(directory, 'planted.gz');
    await pipeline(createReadStream(planted), zlib.createGzip(), createWriteStream(gzipped));
    const inputs: [args: string[], input?: Buffer][] = [
      [[gzipped]],
      [['-'], await readFile(planted)],
      [['-'], await readFile(gzipped)],
    ];
    const { createZstdCompress } = zlib as { createZstdCompress?: typeof zlib.createGzip };
    if (createZstdCompress) {
      const zstd = join(directory, 'planted.zst');
      await pipeline(createReadStream(planted), createZstdCompress(), createWriteStream(zstd));
      inputs.push([[zstd]]);
    }
    for (const [args, input] of inputs) {
      const analysis = await analyzedJson(args, input ? { input } : {});
      assert.deepEqual({ ...analysis, file: '' }, expected);
    }
  });

  it('warns about data after the end', async () => {
    const trailed = join(directory, 'trailed.heapsnapshot');
    await writeFile(trailed, `${await readFile(planted, 'utf8')}\ntrailing`);
    const { code, stdout, stderr } = await runCommand(['analyze', trailed, '--top', '1']);
    assert.equal(code, 0);
    assert.match(stderr, /^afterimage: \S+: 8 bytes that follow the end of the snapshot were left out\n$/);
    assert.match(stdout.toString(), /Classes that retain most/);
  });
});

async function parsed(words: string[]): Promise<{ instances?: InstancesJson }> {
  const { code, stdout, stderr } = await runCommand([...words, '--format', 'json']);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout.toString()) as { instances?: InstancesJson };
}

describe('afterimage analyze, with a question', { timeout: PATIENCE_MS }, () => {
  it('lists the instances of a class and what retains each', async () => {
    const { instances } = JSON.parse(
      await analyzed([planted, '--class', 'PlantedSession', '--top', '7', '--json']),
    ) as { instances: InstancesJson };
    assert.equal(instances.count, PLANTED);
    assert.equal(instances.instances.length, 7);
    const sizes = instances.instances.map(({ retainedBytes }) => retainedBytes);
    assert.deepEqual(
      sizes,
      sizes.toSorted((a, b) => b - a),
    );
    const report = await analyzed([planted, '--class', 'PlantedSession', '--top', '7']);
    assert.match(report, /^Instances of PlantedSession\n\n {2}5,000 with [\d.]+ kB of their own/);
    for (const { id, heldBy } of instances.instances) {
      assert.match(report, new RegExp(`^ +@${id} .* \\d+ of \\(array\\) +@${heldBy.id}$`, 'm'));
    }
    assert.ok(widestLine(report) <= 80);
  });

  it('prints the path from a root to a node, and what refers to it', async () => {
    const { instances } = JSON.parse(
      await analyzed([planted, '--class', 'PlantedSession', '--top', '1', '--json']),
    ) as { instances: InstancesJson };
    const id = String(instances.instances[0]?.id);

    const { path } = JSON.parse(await analyzed([planted, '--path', id, '--json'])) as {
      path: { edge: string; name: string; id: number }[];
    };
    assert.equal(path.at(-1)?.id, Number(id));
    assert.ok(path.some(({ edge, name }) => edge === 'sessions' && name === 'Map'));
    const report = await analyzed([planted, '--path', `@${id}`]);
    assert.match(report, new RegExp(`^What holds PlantedSession @${id}$`, 'm'));
    assert.match(
      report,
      /^ +└ sessions: Map @\d+\n +└ table: \(array\) @\d+\n +└ \d+: PlantedSession @\d+$/m,
    );

    const { retainers } = JSON.parse(await analyzed([planted, '--retainers', id, '--json'])) as {
      retainers: ReferrersJson;
    };
    assert.deepEqual([retainers.id, retainers.name], [Number(id), 'PlantedSession']);
    assert.equal(retainers.referrers[0]?.name, '(array)');
    assert.equal(retainers.referrers[0].referrers[0]?.name, 'Map');
    const text = await analyzed([planted, '--retainers', id]);
    assert.match(text, /^ {2}\d+ of \(array\) @\d+, distance \d+\n {4}└ table of Map @\d+, distance \d+$/m);
  });

  it('lists duplicate strings', async () => {
    const value = 'a string of which there are copies 0';
    const report = await analyzed([planted, '--strings']);
    assert.match(report, new RegExp(`^ {2}${value} +300 +[\\d.]+ kB +[\\d.]+ kB$`, 'm'));
    const { strings } = JSON.parse(await analyzed([planted, '--strings', '--json'])) as {
      strings: { value: string; count: number; shallowBytes: number; wastedBytes: number }[];
    };
    const found = strings.find((each) => each.value === value);
    assert.ok(found);
    assert.deepEqual([found.count, found.wastedBytes], [300, Math.round((found.shallowBytes / 300) * 299)]);
  });

  it('answers several questions at once, in Markdown too', async () => {
    const report = await analyzed([planted, '--strings', '--class', 'PlantedSession', '--markdown']);
    assert.match(report, /^## Instances of PlantedSession\n/);
    assert.match(report, /^## Duplicate strings$/m);
    assert.match(report, /^\| `a string of which there are copies 0` \| 300 \| [\d.]+ kB \| [\d.]+ kB \|$/m);
  });

  it('gives the same answers as separate verbs', async () => {
    const id = (await parsed(['instances', planted, 'PlantedSession', '--top', '1'])).instances?.instances[0]
      ?.id;
    for (const [verb, option] of [
      [
        ['path', `@${id}`],
        ['--path', `@${id}`],
      ],
      [
        ['retainers', String(id), '--top', '2'],
        ['--retainers', String(id), '--top', '2'],
      ],
      [
        ['instances', 'PlantedSession', '--top', '3'],
        ['--class', 'PlantedSession', '--top', '3'],
      ],
      [
        ['strings', '--top', '4'],
        ['--strings', '--top', '4'],
      ],
    ]) {
      const [name = '', ...rest] = verb ?? [];
      assert.deepEqual(
        await parsed([name, planted, ...rest]),
        await parsed(['analyze', planted, ...(option ?? [])]),
      );
      const page = await runCommand([name, planted, ...rest, '--format', 'html']);
      assert.equal(page.code, 0, page.stderr);
      assert.match(page.stdout.toString(), /<h1>[^]*<\/html>\n$/);
      assert.doesNotMatch(page.stdout.toString(), /<script/);
    }
    assertFailed(await runCommand(['path', planted, 'x']), 2, /; see afterimage path --help$/m);
    assertFailed(await runCommand(['path', planted]), 2, /; see afterimage path --help$/m);
  });

  it('suggests what exists if a name or ID does not', async () => {
    const ask = (...args: string[]): Promise<CommandEnd> => runCommand(['analyze', planted, ...args]);
    assertFailed(await ask('--class', 'PlantdSesion'), 1, /no class PlantdSesion; there is PlantedSession$/m);
    assertFailed(await ask('--class', 'session'), 1, /no class session; there is .*PlantedSession/);
    assertFailed(await ask('--class', '\u001b[2J'), 1, /no class \\x1b\[2J; /);
    assertFailed(await ask('--path', '4294967294'), 1, /no node with the ID 4294967294; .* up to \d+$/m);
    assertFailed(await ask('--retainers', '4294967290'), 1, /no node with the ID 4294967290;/);
    assertFailed(
      await ask('--path', 'x'),
      2,
      /Give the ID of a node, such as 1234; see afterimage analyze --help$/m,
    );
    assertFailed(await ask('--top', '0'), 2, /Give a whole number from 1/);
    assertFailed(await ask('--json', '--markdown'), 2, /cannot be used with/);
  });
});

describe('names with control characters', { timeout: PATIENCE_MS }, () => {
  it('are shown as escapes in a terminal', async () => {
    const report = await analyzed([hostile, '--top', '300']);
    assertHarmless(report);
    assert.match(report, /\\x1b\]0;owned\\x07\\x1b\[31mred\\x9b2J/);
    assert.match(report, /\\u202egnp\.exe\\u2066\\u200b/);
    assert.match(report, /first\\r\\nsecond/);
    assert.match(report, /^ {2}__proto__ +3,000 /m);
    assert.ok(widestLine(report) <= 80);
    for (const name of Object.values(hostileNames)) {
      assertHarmless(await analyzed([hostile, '--class', name]));
    }
    assertHarmless(await analyzed([hostile, '--strings', '--top', '500']));
    assert.match(await analyzed([hostile, '--class', '__proto__']), /^Instances of __proto__$/m);
  });

  it('are code or escaped in Markdown', async () => {
    const report = await analyzed([hostile, '--top', '300', '--markdown']);
    assertHarmless(report);
    const cell = hostileNames.markdown.replaceAll('|', '\\|');
    assert.ok(
      report.includes(`| \`\`\` ${cell}\`\`\` |`) || report.includes(`| \`\`\` ${cell} \`\`\` |`),
      cell,
    );
    let isCode = false;
    for (const line of report.split('\n')) {
      if (/^`{3,}/.test(line)) isCode = !isCode;
      if (isCode) continue;
      const prose = line.replaceAll(/(`+)(?!`).*?[^`]\1(?!`)/g, '');
      assert.doesNotMatch(prose, /(?<!\\)<(?!!-- -->|\/?sub>)|@\w/, line);
    }
  });

  it('are unchanged in JSON, and harmless on a terminal', async () => {
    const json = await analyzed([hostile, '--json']);
    assertHarmless(json);
    const { classes } = JSON.parse(json) as AnalysisJson;
    const count = (wanted: string): number | undefined => classes.find(({ name }) => name === wanted)?.count;
    // With their prototype.
    for (const name of Object.values(hostileNames)) assert.equal(count(name), 2001, JSON.stringify(name));
    assert.equal(count('__proto__'), 3000);
  });

  it('are text in the HTML page', async () => {
    const output = join(directory, 'hostile.html');
    const { code } = await runCommand(['analyze', hostile, '--html', '-o', output]);
    assert.equal(code, 0);
    const page = await readFile(output, 'utf8');
    assertHarmless(page);
    assert.doesNotMatch(page, /<img/);
    assert.equal(page.match(/<\/script>/g)?.length, 2);
    assert.equal(page.match(/<script/g)?.length, 2);
  });
});

describe('a report is written', { timeout: PATIENCE_MS }, () => {
  it('to a file, complete, readable only by its owner', async () => {
    const output = join(directory, 'report.md');
    await writeFile(output, 'earlier', { mode: 0o644 });
    const { code, stdout, stderr } = await runCommand([
      'analyze',
      planted,
      '--markdown',
      '-o',
      output,
      '--force',
    ]);
    assert.deepEqual([code, stdout.length], [0, 0]);
    assert.match(stderr, /^afterimage: wrote \S+report\.md \([\d.]+ kB\)\n$/);
    assert.equal((await stat(output)).mode & 0o777, 0o600);
    assert.equal(await readFile(output, 'utf8'), await analyzed([planted, '--markdown']));
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.includes('partial')),
      [],
    );
  });

  it('never through a link, nor over the snapshot', async () => {
    const link = join(directory, 'link');
    await symlink(join(directory, 'nowhere'), link);
    const write = (output: string): Promise<CommandEnd> => runCommand(['analyze', planted, '-o', output]);
    assertFailed(await write(link), 1, /is a symbolic link; remove it/);
    assertFailed(await write(planted), 2, /is the snapshot itself/);
    assertFailed(await write(join(directory, 'no/such')), 1, /does not exist; make it/);
  });

  it('to a terminal, in its width and with colors, unless NO_COLOR is set', (t) => {
    const onTerminal = (columns: number, env: NodeJS.ProcessEnv = {}): string => {
      const command = `stty cols ${columns}; '${process.execPath}' '${commandProgram}' analyze '${planted}'`;
      const { stdout, error } = spawnSync('script', ['-qec', command, '/dev/null'], {
        env: { ...process.env, TERM: 'xterm', ...env },
        encoding: 'utf8',
        timeout: PATIENCE_MS,
      });
      if (error) t.skip('there is no script(1) to make a terminal');
      return stdout.replaceAll('\r\n', '\n');
    };
    const wide = onTerminal(100, { NO_COLOR: '' });
    if (!wide) return;
    // Where reading took a second there was a progress line, which has been erased.
    // eslint-disable-next-line no-control-regex -- it is a control sequence that erases
    const left = wide.replaceAll(/[^\n]*\u001b\[K/g, '');
    // eslint-disable-next-line no-control-regex -- so are colors
    const plain = left.replaceAll(/\u001b\[\d+m/g, '');
    assert.notEqual(plain, left);
    assert.ok(widestLine(plain) > 80 && widestLine(plain) <= 100, plain);
    // eslint-disable-next-line no-control-regex -- likewise
    assert.doesNotMatch(onTerminal(40, { NO_COLOR: '1' }), /\u001b\[\d+m/);
  });
});

describe('analyze rejects files that are not snapshots', { timeout: PATIENCE_MS }, () => {
  const cases: [name: string, input: () => Buffer, line: RegExp][] = [
    ['nothing', () => Buffer.alloc(0), /standard input: /],
    ['text', () => Buffer.from('hello world\n'), /standard input: not a heap snapshot/],
    [
      'half of one',
      () => readFileSync(planted).subarray(0, 1e6),
      /breaks off at byte 1000000.*copy it again/,
    ],
    ['half of a gzip', () => zlib.gzipSync(readFileSync(planted)).subarray(0, 5e5), /gzip data is truncated/],
    ['gzip nonsense', () => Buffer.from([0x1f, 0x8b, 9, 9, 9, 9, 9]), /the gzip data is corrupt/],
    [
      'an image',
      () => Buffer.from('\u007fELF and so on', 'latin1'),
      /standard input: the image ends at byte 14, within its header/,
    ],
    [
      'a compressed image',
      () => zlib.gzipSync('\u007fELF and so on'),
      /standard input: the image ends at byte 14, within its header/,
    ],
  ];
  for (const [name, input, line] of cases) {
    it(name, async () => assertFailed(await runCommand(['analyze', '-'], { input: input() }), 1, line));
  }

  it('a missing file, or a directory', async () => {
    assertFailed(await runCommand(['analyze', '/no/such']), 1, /\/no\/such does not exist/);
    assertFailed(await runCommand(['analyze', directory]), 1, /is a directory/);
    const torn = join(directory, 'torn.heapsnapshot');
    await writeFile(torn, readFileSync(planted).subarray(0, 1e6));
    assertFailed(await runCommand(['analyze', torn]), 1, /torn\.heapsnapshot: .* breaks off at byte 1000000/);
  });
});
