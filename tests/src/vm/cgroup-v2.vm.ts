/**
 * The tests to which cgroups matter, on Debian's kernel with cgroup v2, whichever this machine has. Without KVM an
 * emulator runs them, ten times as slow: then a few of processes without containers, or all where VM_WHOLE=1.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, it, type TestContext } from 'node:test';
import { kubectlDirectory } from '../cluster/kubectl.js';
import { debianProgram } from '../targets/debian-program.js';
import { nodes } from '../nodes.js';
import { kernelForVirtualMachines } from './kernel.js';
import { hasKvm, runInVirtualMachine, virtualMachineMissing } from './virtual-machine.js';

const skip = virtualMachineMissing() ?? false;
const isSlow = !hasKvm();
const wholeToo = !isSlow || process.env.VM_WHOLE === '1';
const skipPods = wholeToo ? false : 'too slow without KVM: VM_WHOLE=1 runs it all the same';
const withinMs = isSlow && wholeToo ? 3_600_000 : 600_000;

/** In a container of 1 GiB, and no more of a server than an emulator can carry. */
const incident = { SOAK_CAPTURES: '1', ...(isSlow && { SOAK_HEAP_MB: '20', SOAK_REQUESTS: '2' }) };

interface Chosen {
  /** Without `.js`. */
  files: string[];
  /** Names of the tests to run, each of which must pass; all if absent. */
  names?: string[];
  env?: Record<string, string>;
}

/** As one word for a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** Runs them and sees that none has failed, and that none was skipped. */
async function passes(t: TestContext, { files, names, env = {} }: Chosen): Promise<void> {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const patterns = names?.map((name) => `--test-name-pattern=${quoted(name)}`) ?? [];
  const paths = files.map((file) => `tests/dist/${file}.js`);
  const options = ['--test-reporter=tap', '--test-concurrency=1', ...patterns];
  const run = [...settings, 'node', '--test', ...options, ...paths].join(' ');
  const { code, output } = await runInVirtualMachine(`${await readingPrograms()} && ${run}`, withinMs);
  assert.equal(code, 0, output);
  if (names === undefined) assert.doesNotMatch(output, /^ *ok .* # SKIP/m);
  const passed = Array.from(output.matchAll(/^ *ok \d+ - (.*?)( # .*)?$/gm), ([, name = '', directive]) =>
    directive === undefined ? name : '',
  );
  for (const name of names ?? [])
    assert.ok(
      passed.some((each) => each.includes(name)),
      `${name}: ${output}`,
    );
  for (const [, figures = ''] of output.matchAll(/^ *# (percent of the limit .*)$/gm)) t.diagnostic(figures);
}

/**
 * Reads the programs as a whole. A page at a time it takes minutes; and where a container is the first to read Node.js,
 * the kernel's cache of it is on that container's account: 43 MB of a capture, which the kernel can take back.
 */
async function readingPrograms(): Promise<string> {
  const kubectl = join(await kubectlDirectory(33), 'kubectl');
  return `cat ${[process.execPath, ...nodes.map(({ path }) => path), kubectl].join(' ')} > /dev/null`;
}

describe('under cgroup v2', { skip }, () => {
  before(() => {
    debianProgram('runc');
    if (wholeToo) debianProgram('podman');
  });

  it('a capture with little headroom is refused or aborts', (t) => {
    t.diagnostic(`Linux ${kernelForVirtualMachines().release}${isSlow ? ', emulated: there is no KVM' : ''}`);
    return passes(t, {
      files: [
        'agent/headroom.test',
        'agent/faults-of-resources.fault',
        'attach/endings.fault',
        'command/ps.e2e',
      ],
      names: [
        'real cgroups: ',
        'a real cgroup in which the kernel throttles first',
        'if memory runs low while developing, the capture aborts',
        'a memory limit leaves no room for a capture',
        "shows the limit of a process's cgroup",
      ],
    });
  });

  it('a capture of a pod aborts before the kernel kills the container', { skip: skipPods }, (t) =>
    passes(t, {
      files: ['containers/capture-pod-broken.cluster', 'containers/test-bed.cluster'],
      names: ['aborts if memory runs low', 'if one of its programs runs out of memory'],
    }),
  );

  it('the capture of a pod takes little of its limit', { skip: skipPods }, (t) =>
    passes(t, { files: ['containers/capture-pod-incident.soak'], names: ['on Node 20'], env: incident }),
  );

  const rest = [
    [
      'agent/headroom.test',
      'agent/faults-of-processes.fault',
      'agent/faults-of-resources.fault',
      'agent/capture.e2e',
      'attach/endings.fault',
    ],
    ['containers/test-bed.cluster', 'containers/podman.cluster', 'containers/capture-podman.cluster'],
    [
      'containers/capture-pod.cluster',
      'containers/capture-pod-agent.cluster',
      'containers/capture-pod-refusals.cluster',
    ],
    [
      'containers/capture-pod-broken.cluster',
      'containers/capture-pod-in-cluster.cluster',
      'containers/kubectl-plugin.cluster',
    ],
  ];
  for (const files of rest) it(`all of ${files.join(', ')}`, { skip: skipPods }, (t) => passes(t, { files }));
});
