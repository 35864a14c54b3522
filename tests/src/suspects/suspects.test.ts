/** Reports what leaks, by kind, holder, path and source, and nothing that does not leak. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  diff,
  findSuspects,
  openSnapshot,
  retainingPath,
  type Growth,
  type Suspect,
  type SuspectKind,
} from '@afterimage/snapshot';
import { outerNodes } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';

const program = fileURLToPath(new URL('programs/leaking.js', import.meta.url));
const HEALTHY = ['settings', 'recent', 'requests'];
/** It grows between the first snapshot and the last; only a third shows that it has stopped. */
const SETTLED = 'templates';

/** By a name in the path. */
const LEAKS: Record<string, SuspectKind> = {
  sessions: 'collection',
  auditLog: 'array',
  priceBus: 'event-listeners',
  unanswered: 'promises',
  failures: 'errors',
  headOf: 'buffers',
  titles: 'strings',
  thumbnailByUrl: 'object-as-map',
  shutdown: 'abort-listeners',
  openFiles: 'weak-references',
  latencies: 'numbers',
  change: 'linked-list',
  TimersList: 'timers',
};

for (const { major, path: node } of outerNodes) {
  describe(`on Node ${major}`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'afterimage-suspects-'));
    const file = (round: number): string => join(directory, `${round}.heapsnapshot`);
    after(() => rmSync(directory, { recursive: true, force: true }));

    before(() => {
      const { status, stderr } = spawnSync(node, ['--expose-gc', program, directory], {
        encoding: 'utf8',
        timeout: PATIENCE_MS,
      });
      assert.equal(status, 0, stderr);
    });

    it('names each leak from three snapshots, and nothing healthy', async () => {
      const growth = await diff(
        [1, 2, 3].map((round) => openSnapshot(file(round))),
        { most: 30 },
      );
      assertEachFound(growth);
      for (const name of [...HEALTHY, SETTLED]) assertNotAccused(growth.suspects, name);
      assert.ok(growth.explainedShare > 0.8, growth.summary);
    });

    it('names each leak from two', async () => {
      const growth = await diff(
        [1, 3].map((round) => openSnapshot(file(round))),
        { most: 30 },
      );
      assertEachFound(growth);
      for (const name of HEALTHY) assertNotAccused(growth.suspects, name);
    });

    it('gives figures, source and examples that are correct', async () => {
      const growth = await diff(
        [1, 2, 3].map((round) => openSnapshot(file(round))),
        { most: 30 },
      );
      const snapshot = await openSnapshot(file(3));
      const sessions = suspectAt(growth.suspects, 'sessions');
      assert.deepEqual(
        sessions.counts.map((count) => count - (sessions.counts[0] ?? 0)),
        [0, 400, 800],
      );
      assert.equal(sessions.count, 800);
      assert.equal(sessions.class, '{user, cart}');
      assert.match(sessions.pathText, /leaking\.js .*sessions \(Map\) → entries → \{user, cart\}$/);
      assert.equal(sessions.holder.name, 'sessions');
      assert.equal(sessions.holder.class, 'Map');
      for (const id of sessions.examples) {
        const example = snapshot.nodeWithId(id);
        assert.match(retainingPath(snapshot, example).text, /sessions \(Map\) → entries → \{user, cart\}$/);
      }
      const step = sessions.path.at(-1);
      assert.equal(snapshot.graph.nodeId[snapshot.nodeWithId(step?.id ?? -1)], step?.id);

      const { locations } = suspectAt(growth.suspects, 'priceBus');
      const line = readFileSync(program, 'utf8')
        .split('\n')
        .findIndex((text) => text.includes("priceBus.on('price'"));
      assert.ok(
        locations.some((location) => location.script === program && location.line === line + 1),
        JSON.stringify(locations),
      );
    });

    it('names accumulations from one', async () => {
      const suspects = findSuspects(await openSnapshot(file(3)), { most: 30 });
      for (const name of ['sessions', 'auditLog', 'priceBus', 'failures', 'headOf', 'thumbnailByUrl']) {
        suspectAt(suspects, name);
      }
    });
  });
}

function assertEachFound({ suspects }: Growth): void {
  for (const [name, kind] of Object.entries(LEAKS)) assert.equal(suspectAt(suspects, name).kind, kind, name);
}

function suspectAt(suspects: Suspect[], name: string): Suspect {
  const found = suspects.find(({ pathText }) => pathText.includes(name));
  assert.ok(found, `no suspect is at ${name}:\n${suspects.map(({ pathText }) => pathText).join('\n')}`);
  return found;
}

function assertNotAccused(suspects: Suspect[], name: string): void {
  const accused = suspects.find(({ pathText }) => pathText.includes(name));
  assert.equal(accused?.summary, undefined);
}
