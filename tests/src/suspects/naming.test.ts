/**
 * What Node, a library or native code holds is named by the program's own code, its package and its cause.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { diff, findSuspects, openSnapshot, type Growth, type Suspect } from '@afterimage/snapshot';
import { nodes } from '../nodes.js';
import { PATIENCE_MS } from '../patience.js';

const program = fileURLToPath(new URL('programs/naming.js', import.meta.url));

for (const { major, path } of nodes.filter(({ major }) => major === 20 || major === 24)) {
  describe(`on Node ${major}`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'afterimage-naming-'));
    const file = (round: number): string => join(directory, `${round}.heapsnapshot`);
    let growth: Growth;
    after(() => rmSync(directory, { recursive: true, force: true }));

    before(async () => {
      const { status, stderr } = spawnSync(path, ['--expose-gc', program, directory], {
        encoding: 'utf8',
        timeout: PATIENCE_MS,
      });
      assert.equal(status, 0, stderr);
      growth = await diff(
        [1, 2, 3].map((round) => openSnapshot(file(round))),
        { most: 30, readText: (path) => readFileSync(path, 'utf8') },
      );
    });

    it('names AbortSignals by how the program composed them, with their listener', () => {
      const found = suspectWith(growth.suspects, /AbortSignal in shutdown\./);
      assert.equal(found.kind, 'abort-listeners');
      assert.equal(found.count, 600);
      assert.ok(found.locations.some(({ script }) => script === program));
    });

    it('names what Node keeps, what adds to it and what empties it', () => {
      const found = suspectWith(growth.suspects, /PerformanceMark in Node's performance timeline$/);
      assert.match(found.advice, /performance\.clearMarks\(\)/);
      assert.equal(found.locations[0]?.function, 'leak');
      assert.match(found.pathText, /^node:internal\/perf\/observe → markEntryBuffer/);
    });

    it('counts generated functions together, whatever number is in their names', () => {
      const found = suspectWith(growth.suspects, /functions rule\d+\(\) in rules \(Array\)$/);
      assert.equal(found.count, 600);
    });

    it('names the file that is loaded repeatedly', () => {
      const found = suspectWith(growth.suspects, /copies of tenant\.config\.mjs in Node's ES module cache$/);
      assert.equal(found.kind, 'modules');
      assert.ok(found.locations.some(({ script }) => script === join(directory, 'tenant.config.mjs')));
      assert.doesNotMatch(found.summary, /give it a bound/);
    });

    it('reports the listeners on one emitter as one suspect', () => {
      const found = suspectWith(growth.suspects, /listeners for each of 'close', 'data' and 'open' on hub/);
      assert.ok(found.parts.length >= 2, JSON.stringify(found.parts));
      assert.equal(
        growth.suspects.filter(({ pathText }) => pathText.includes('hub (EventEmitter)')).length,
        1,
      );
    });

    it('names each collection of an object by its path', () => {
      const names = growth.suspects.map(({ holder }) => holder.name);
      assert.ok(names.includes('keep.auditLog'), names.join());
      assert.ok(names.includes('keep.customers'), names.join());
      const { holder } = suspectWith(growth.suspects, /keep\.customers \(Map\)/);
      assert.deepEqual(holder.instances, [1, 1, 1]);
      assert.deepEqual(holder.entries, [600, 900, 1200]);
    });

    it('tells what makes each element heavy', () => {
      const found = suspectWith(growth.suspects, /more Timeout in Node's timer lists$/);
      assert.match(found.weight ?? '', /^each keeps a RequestState \(.* kB\) by /);
    });

    it('names open handles, never an unnamed root', () => {
      const ports = suspectWith(growth.suspects, /MessagePort\b.* held by open handles of Node\.js/);
      assert.equal(ports.kind, 'message-ports');
      assert.ok(ports.locations.some(({ script }) => script === program));
      for (const { holder, title, summary } of growth.suspects) {
        assert.doesNotMatch(
          `${holder.name} ${holder.owner} ${holder.class} ${title} ${summary}`,
          /\(synthetic\)|undefined/,
        );
      }
    });

    it('finds the package and version of a location, by its path and by its manifest', () => {
      const packages = growth.suspects.flatMap(({ locations }) =>
        locations.map((location) => location.package),
      );
      const told = new Set(
        packages.map((each) => (each === null ? '' : `${each.name}@${each.version ?? ''}`)),
      );
      assert.ok(told.has('bus-kit@4.5.6'), [...told].join());
      assert.ok(told.has('@acme/watcher@2.1.0'), [...told].join());
      assert.ok(told.has(''), 'the application’s own code has none');
    });

    it('reports nothing healthy from one snapshot', async () => {
      const suspects = findSuspects(await openSnapshot(file(3)), { most: 30 });
      const found = suspectWith(suspects, /^1,200 Customer in keep\.customers \(Map\)$/);
      assert.match(found.summary, /: if there are ever more of them, /);
    });
  });
}

function suspectWith(suspects: Suspect[], title: RegExp): Suspect {
  const found = suspects.find((suspect) => title.test(suspect.title));
  assert.ok(found, `no suspect is called ${title}:\n${suspects.map((suspect) => suspect.title).join('\n')}`);
  return found;
}
