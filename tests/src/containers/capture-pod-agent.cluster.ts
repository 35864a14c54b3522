/** `afterimage capture pod/NAME` of a process with an agent, in a container where attaching is impossible. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { assertShowsWhatWasPlanted } from '../command/capture-series.js';
import { clusterMissing, startCluster, type Cluster, type Pod } from '../cluster/index.js';
import { runCommand } from '../command.js';
import { debianFile } from '../targets/debian-program.js';
import { agentArgs, agentFiles, assertUndisturbed, commandIn, namesIn, plantedPod } from './planted-pod.js';
import { temporaryDirectory } from '../temporary-directory.js';

const skip = clusterMissing() ?? false;
describe('capture of pods with an agent', { skip, timeout: 180_000 }, () => {
  let cluster: Cluster;
  before(async () => (cluster = await startCluster()));
  after(() => cluster.close());

  const addPod = (name: string, env: Record<string, string>): Promise<Pod> =>
    cluster.addPod({
      ...plantedPod,
      name,
      memoryLimit: '1Gi',
      // Nothing can be loaded from here; the agent's native part lies in the image.
      tmp: 'noexec',
      files: { ...plantedPod.files, ...agentFiles },
      nodeArgs: agentArgs,
      env,
    });

  it('lets the agent capture, respects its gate and path, and fetches the file', async (t) => {
    const directory = await temporaryDirectory(t);
    const pod = await addPod('open', { ALLOW_HEAP_SNAPSHOT: '1', AFTERIMAGE_REDACT: 'none' });
    const { code, stdout, stderr } = await commandIn(
      cluster,
      ['capture', 'pod/open', '--json', '-o', 'out.heapsnapshot'],
      { cwd: directory },
    );
    assert.equal(code, 0, stderr);
    const { by, kind, redaction, sha256 } = (
      JSON.parse(stdout.toString()) as { captures: [Record<string, unknown>] }
    ).captures[0];
    assert.deepEqual([by, kind, redaction], ['agent', 'snapshot', 'none']);
    assert.deepEqual(namesIn(directory), ['out.heapsnapshot']);
    await assertShowsWhatWasPlanted(join(directory, 'out.heapsnapshot'));
    assert.match(pod.log(), /"event":"received".*\n(.*\n)*.*"event":"written"/);
    assert.ok(pod.log().includes(String(sha256)), 'the file is the one that the agent wrote');
    assertUndisturbed(pod);
  });

  it('sends nothing if the gate is shut', async (t) => {
    const directory = await temporaryDirectory(t);
    const pod = await addPod('shut', {});
    const { code, stderr } = await commandIn(cluster, ['capture', 'pod/shut'], { cwd: directory });
    assert.equal(code, 3);
    assert.match(
      stderr,
      /has an agent whose gate is shut: .*ALLOW_HEAP_SNAPSHOT=1 \(nothing was sent to it\)/,
    );
    assert.doesNotMatch(pod.log(), /afterimage/);
    assert.deepEqual(namesIn(directory), []);
  });

  it('develops the image that an agent stored, or keeps it if it is encrypted', async (t) => {
    const directory = await temporaryDirectory(t);
    const identity = join(directory, 'identity');
    execFileSync(debianFile('age', '/usr/bin/age-keygen'), ['-o', identity]);
    const recipient = /age1\w+/.exec(await readFile(identity, 'utf8'))?.[0] ?? '';
    const stores = { ALLOW_HEAP_SNAPSHOT: '1', AFTERIMAGE_DEVELOP: 'never' };
    await addPod('plain', { ...stores, AFTERIMAGE_STORE_PLAIN_IMAGE: '1' });
    const plain = await commandIn(
      cluster,
      ['capture', 'pod/plain', '--redact', 'none', '-o', 'plain.heapsnapshot'],
      { cwd: directory },
    );
    assert.equal(plain.code, 0, plain.stderr);

    await addPod('sealed', { ...stores, AFTERIMAGE_RECIPIENTS: recipient });
    const sealed = await commandIn(cluster, ['capture', 'pod/sealed', '-o', 'sealed.image.age'], {
      cwd: directory,
    });
    assert.equal(sealed.code, 0, sealed.stderr);
    assert.match(
      sealed.stderr,
      /the agent stored an image, encrypted: afterimage develop sealed\.image\.age --identity FILE/,
    );
    const developed = await runCommand(
      [
        'develop',
        'sealed.image.age',
        '--identity',
        identity,
        '--redact',
        'none',
        '-o',
        'sealed.heapsnapshot',
      ],
      { cwd: directory },
    );
    assert.equal(developed.code, 0, developed.stderr);
    await assertShowsWhatWasPlanted(join(directory, 'sealed.heapsnapshot'));
  });
});
