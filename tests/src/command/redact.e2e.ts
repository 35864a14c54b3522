/** `afterimage redact` and `verify`, and encryption compatible with age in both directions. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { runCommand, type CommandEnd } from '../command.js';
import { debianProgram } from '../targets/debian-program.js';
import { nodeOf } from '../nodes.js';
import { storeImage } from '../image/stored-image.js';
import { PATIENCE_MS } from '../patience.js';

const SECRET = 'tr0ub4dor-and-3-of-spades';
const PROGRAM = `
  class PlantedOrder { constructor(token) { this.cardToken = token; } }
  globalThis.orders = Array.from({ length: 500 }, (_, at) => new PlantedOrder('${SECRET}' + at));
  globalThis.byMail = { 'somebody@shop.example': {} };
  require('v8').writeHeapSnapshot(process.argv[2]);`;

let directory: string;
let plain: string;
let redacted: string;
let identity: string;
let recipient: string;

before(
  async () => {
    directory = await mkdtemp(join(tmpdir(), 'afterimage-redact-'));
    plain = join(directory, 'plain.heapsnapshot');
    redacted = join(directory, 'redacted.heapsnapshot');
    identity = join(directory, 'identity.txt');
    const program = join(directory, 'program.cjs');
    await writeFile(program, PROGRAM);
    execFileSync(nodeOf(24).path, [program, plain]);
    await succeed('redact', plain, redacted);
    debianProgram('age');
    execFileSync('age-keygen', ['-o', identity], { stdio: 'ignore' });
    recipient = execFileSync('age-keygen', ['-y', identity], { encoding: 'utf8' }).trim();
  },
  { timeout: PATIENCE_MS },
);
after(() => rm(directory, { recursive: true, force: true }));

async function succeed(...args: string[]): Promise<CommandEnd> {
  const end = await runCommand(args);
  assert.equal(end.code, 0, end.stderr);
  return end;
}

async function fail(args: string[], code: number, line: RegExp): Promise<void> {
  const end = await runCommand(args);
  assert.match(end.stderr, /^afterimage: [^\n]+\n$/);
  assert.match(end.stderr, line);
  assert.equal(end.code, code, end.stderr);
  assert.equal(end.stdout.length, 0);
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const inDirectory = (name: string): string => join(directory, name);

describe('afterimage redact', { timeout: PATIENCE_MS }, () => {
  it('keeps structure and names, and removes data', async () => {
    const text = await readFile(redacted, 'utf8');
    assert.ok(!text.includes(SECRET.slice(0, 8)) && !text.includes('somebody'));
    for (const name of ['PlantedOrder', 'cardToken', 'byMail']) assert.ok(text.includes(`"${name}"`), name);
    const strings = (JSON.parse(text) as { strings: string[] }).strings;
    assert.ok(strings.some((string) => /^‹string 26 chars #[0-9a-z]{12}›$/.test(string)));
    assert.ok(strings.some((string) => /^‹name 21 chars #[0-9a-z]{12}›$/.test(string)));
    assert.equal((await stat(redacted)).mode & 0o777, 0o600);
  });

  it('uses another key each time', async () => {
    const again = inDirectory('again.heapsnapshot');
    await succeed('redact', plain, again);
    const hashes = async (file: string): Promise<Set<string>> =>
      new Set((await readFile(file, 'utf8')).match(/#\w{12}(?=\\u203a)/g));
    const [one, other] = [await hashes(redacted), await hashes(again)];
    assert.ok(one.size > 1000);
    assert.equal([...one].filter((hash) => other.has(hash)).length, 0);
  });

  it("removes property names too with --redact names, except Node's own", async () => {
    const output = inDirectory('names.heapsnapshot');
    await succeed('redact', plain, output, '--redact', 'names');
    const text = await readFile(output, 'utf8');
    assert.ok(!text.includes('cardToken') && !text.includes('byMail'));
    for (const name of ['PlantedOrder', '__proto__', 'writeHeapSnapshot']) {
      assert.ok(text.includes(`"${name}"`), name);
    }
  });

  it('reads gzip from standard input, writes to standard output, and reports as JSON', async () => {
    const { stdout, code } = await runCommand(['redact', '-', '-'], {
      input: gzipSync(await readFile(plain)),
    });
    assert.equal(code, 0);
    assert.ok(!stdout.includes(SECRET) && stdout.includes('PlantedOrder'));
    const output = inDirectory('json.heapsnapshot');
    const report = JSON.parse((await succeed('redact', plain, output, '--json')).stdout.toString()) as object;
    const { nodes, edges, strings, ...rest } = report as Record<string, unknown>;
    const written = await readFile(output);
    assert.ok([nodes, edges, strings].every((count) => Number(count) > 1000));
    assert.deepEqual(rest, {
      path: output,
      bytes: written.length,
      sha256: sha256(written),
      redaction: 'strings',
      leftOut: [],
    });
  });

  it('fails with a one-line error and leaves nothing behind', async () => {
    const link = inDirectory('link');
    await symlink(inDirectory('nowhere'), link);
    const half = inDirectory('half');
    await writeFile(half, (await readFile(plain)).subarray(0, 1e6));
    const before = (await readdir(directory)).sort();
    await fail(['redact', half, inDirectory('x')], 1, /breaks off at byte 1000000/);
    await fail(['redact', plain, link], 1, /is a symbolic link; remove it/);
    await fail(['redact', plain, plain], 2, /is the snapshot itself/);
    await fail(['redact', inDirectory('nothing'), inDirectory('x')], 1, /nothing does not exist/);
    await fail(
      ['redact', plain, inDirectory('x'), '--redact', 'all'],
      2,
      /Allowed choices are none, strings, names/,
    );
    const limited = await runCommand(['redact', plain, inDirectory('x')], {
      prefix: ['prlimit', '--fsize=100000', '--'],
    });
    assert.match(limited.stderr, /^afterimage: \S+\/x became larger than .* \(ulimit -f\): [^\n]+\n$/);
    assert.equal(limited.code, 1);
    assert.deepEqual((await readdir(directory)).sort(), before);
  });

  it('drops data after the end of a snapshot and says so; verify calls it altered', async () => {
    const longer = inDirectory('longer');
    await writeFile(longer, `${await readFile(plain, 'utf8')}{"more":"hunter2hunter2"}`);
    const output = inDirectory('longer.heapsnapshot');
    const { stderr } = await succeed('redact', longer, output);
    assert.match(stderr, /redacted: strings, without 25 bytes after its end\)/);
    assert.ok(!(await readFile(output, 'utf8')).includes('hunter2'));
    await fail(['verify', longer], 1, /altered: 25 bytes follow the end of the snapshot/);
  });

  it('drops an unknown section and says so', async () => {
    const odd = inDirectory('odd');
    const text = await readFile(plain, 'utf8');
    await writeFile(odd, text.replace('"locations":[', '"remarks":["hunter2hunter2"],\n"locations":['));
    const output = inDirectory('odd.heapsnapshot');
    const { stderr } = await succeed('redact', odd, output);
    assert.match(stderr, /redacted: strings, without the unknown remarks/);
    assert.ok(!(await readFile(output, 'utf8')).includes('hunter2'));
    const { stdout } = await succeed('verify', output);
    assert.match(stdout.toString(), /without the sections remarks/);
  });
});

describe('afterimage verify', { timeout: PATIENCE_MS }, () => {
  it('tells what a file is and what was done to it', async () => {
    const { stdout } = await succeed('verify', redacted);
    assert.match(stdout.toString(), /: complete and unaltered\n/);
    assert.match(stdout.toString(), new RegExp(`  sha256 ${sha256(await readFile(redacted))}\\n`));
    assert.match(stdout.toString(), / redaction strings, by Afterimage \d/);
    assert.match(
      (await succeed('verify', plain)).stdout.toString(),
      /contains no hash, so it is unknown whether it was altered/,
    );
  });

  it('prints JSON that does nothing to a terminal, whatever a file is called', async () => {
    const hostile = inDirectory('a\u009b2J\u202eb.heapsnapshot');
    for (const verb of [
      ['redact', plain, hostile, '--json'],
      ['verify', hostile, '--json'],
    ]) {
      const printed = (await succeed(...verb)).stdout.toString();
      assert.doesNotMatch(printed, /[\u0080-\u009f\u202e]/);
      assert.equal((JSON.parse(printed) as { path: string }).path, hostile);
    }
  });

  it('detects any altered byte and any missing part', async () => {
    const bytes = await readFile(redacted);
    const ending = bytes.lastIndexOf('"afterimage"');
    for (const at of [
      bytes.indexOf('PlantedOrder'),
      ending - 10,
      ending + 30,
      bytes.indexOf('"redaction"') + 14,
    ]) {
      const altered = Buffer.from(bytes);
      altered[at] = altered[at] === 0x61 ? 0x62 : 0x61;
      const file = inDirectory('altered');
      await writeFile(file, altered);
      await fail(['verify', file], 1, /: altered: |malformed|not a heap snapshot/);
    }
    const cut = inDirectory('cut');
    await writeFile(cut, bytes.subarray(0, bytes.length - 40));
    await fail(['verify', cut], 1, /breaks off at byte \d+/);
    await writeFile(cut, `${bytes.toString('latin1', 0, ending - 2)}}`, 'latin1');
    await fail(['verify', cut], 1, /altered: Afterimage wrote it, and its last line is not there/);
  });

  it('tells whether an image is complete', async () => {
    const image = await storeImage(nodeOf(20), directory);
    assert.match(
      (await succeed('verify', image)).stdout.toString(),
      /not redacted: an image is all of the memory/,
    );
    const cut = inDirectory('cut.image');
    await writeFile(cut, (await readFile(image)).subarray(0, 1e6));
    await fail(['verify', cut], 1, /gzip data is truncated/);
    const raw = inDirectory('raw.image');
    const bytes = gunzipSync(await readFile(image));
    bytes[bytes.length >> 1] = ~(bytes[bytes.length >> 1] ?? 0);
    await writeFile(raw, bytes);
    await fail(['verify', raw], 1, /altered: its contents are not those its digest was made of/);
  });
});

describe('encryption', { timeout: PATIENCE_MS }, () => {
  it('interoperates with age in both directions', async () => {
    const [ours, theirs] = [inDirectory('ours.age'), inDirectory('theirs.age')];
    await succeed('redact', plain, ours, '--recipient', recipient);
    const clear = execFileSync('age', ['-d', '-i', identity, ours], { maxBuffer: 1 << 28 });
    assert.ok(!clear.includes(SECRET) && clear.includes('PlantedOrder'));
    execFileSync('age', ['-r', recipient, '-o', theirs, redacted]);
    for (const file of [ours, theirs]) {
      const { stdout } = await succeed('verify', file, '--identity', identity);
      assert.match(stdout.toString(), /complete and unaltered/);
      const report = (
        await succeed('analyze', file, '--class', 'PlantedOrder', '--identity', identity)
      ).stdout.toString();
      assert.match(report, /PlantedOrder/);
      assert.match(
        (await succeed('diff', file, ours, '--identity', identity)).stdout.toString(),
        /Growth|grew/i,
      );
    }
  });

  it('uses all recipients in AFTERIMAGE_RECIPIENTS', () => {
    const output = inDirectory('both.age');
    const other = inDirectory('other.txt');
    execFileSync('age-keygen', ['-o', other], { stdio: 'ignore' });
    const second = execFileSync('age-keygen', ['-y', other], { encoding: 'utf8' }).trim();
    const command = new URL('../../../packages/afterimage/bin/afterimage.js', import.meta.url).pathname;
    const env = { ...process.env, AFTERIMAGE_RECIPIENTS: `${recipient},${second}` };
    const { status, stderr } = spawnSync(process.execPath, [command, 'redact', plain, output], { env });
    assert.equal(status, 0, String(stderr));
    for (const each of [identity, other]) {
      assert.ok(
        execFileSync('age', ['-d', '-i', each, output], { maxBuffer: 1 << 28 }).includes('PlantedOrder'),
      );
    }
  });

  it('fails with a one-line error', async () => {
    const file = inDirectory('words.age');
    await succeed('redact', plain, file, '--recipient', recipient);
    const bytes = await readFile(file);
    const [cut, altered, armored, other] = ['cut.age', 'altered.age', 'armored.age', 'else.txt'].map(
      inDirectory,
    );
    assert.ok(cut && altered && armored && other);
    await writeFile(cut, bytes.subarray(0, 1e6));
    bytes[1e6] = ~(bytes[1e6] ?? 0);
    await writeFile(altered, bytes);
    execFileSync('age', ['-a', '-r', recipient, '-o', armored, plain]);
    execFileSync('age-keygen', ['-o', other], { stdio: 'ignore' });
    const cannot = /it cannot be decrypted: it is cut off or was altered/;
    for (const verb of ['verify', 'analyze']) {
      await fail([verb, file], 1, /is encrypted: name the identity that reads it, --identity FILE/);
      await fail([verb, cut, '--identity', identity], 1, cannot);
      await fail([verb, altered, '--identity', identity], 1, cannot);
      await fail([verb, armored, '--identity', identity], 1, /is encrypted and armored: .*age -d/);
      await fail([verb, file, '--identity', other], 1, /encrypted for other recipients/);
      await fail(
        [verb, file, '--identity', inDirectory('none')],
        1,
        /the identity .* cannot be read \(ENOENT\)/,
      );
      await fail([verb, file, '--identity', plain], 1, /an identity is not one of age's/);
    }
    await fail(
      ['redact', plain, inDirectory('x'), '--recipient', 'age1x'],
      2,
      /a recipient is not one of age's/,
    );
  });
});
