/** Planted classes in the heap of a target, and what `afterimage heap` says of it. */
import assert from 'node:assert/strict';
import { runCommand } from '../command.js';
import type { PlainTarget } from '../targets/plain-target.js';

export interface ClassJson {
  name: string;
  count: number;
  bytes: number;
  countMargin: number;
  bytesMargin: number;
}

export interface HeapJson {
  pid: number;
  nodeVersion: string;
  uptimeMs: number;
  eventLoopUtilization: number;
  rssBytes: number;
  heap: { usedBytes: number; committedBytes: number; limitBytes: number };
  externalBytes: number;
  arrayBufferBytes: number;
  spaces: { name: string; usedBytes: number; committedBytes: number; availableBytes: number }[];
  resources: { type: string; count: number }[];
  sampledShare: number | null;
  classes: ClassJson[] | null;
  noClasses: string | null;
}

/** Code for the target: planted classes, `scale` times each. */
export function planting(scale: number): string {
  return `
    class PlantedOrder { constructor(i) { this.id = i; this.name = 'order ' + i; this.total = i + 0.5; this.lines = [i]; } }
    class PlantedBase {}
    class PlantedDerived extends PlantedBase { constructor(i) { super(); this.number = i; } }
    function PlantedFunction(i) { this.first = i; this.second = i; this.third = i; }
    globalThis.planted = {
      orders: Array.from({ length: 50000 * ${scale} }, (_, i) => new PlantedOrder(i)),
      derived: Array.from({ length: 20000 * ${scale} }, (_, i) => new PlantedDerived(i)),
      made: Array.from({ length: 10000 * ${scale} }, (_, i) => new PlantedFunction(i)),
      plain: Array.from({ length: 30000 * ${scale} }, (_, i) => ({ plantedText: 'plain ' + i, plantedList: null })),
      closures: Array.from({ length: 5000 * ${scale} }, (_, i) => () => i),
    };
    undefined`;
}
export const PLANTED = ['PlantedOrder', 'PlantedDerived', 'PlantedFunction', '{plantedText, plantedList}'];

export async function heapOf({ pid }: PlainTarget): Promise<HeapJson> {
  const { code, stdout, stderr } = await runCommand(['heap', String(pid), '--json']);
  assert.equal(code, 0, stderr);
  assert.equal(stderr, '');
  return JSON.parse(stdout.toString()) as HeapJson;
}

export function classNamed(heap: HeapJson, name: string): ClassJson {
  assert.equal(heap.noClasses, null);
  const found = heap.classes?.find((each) => each.name === name);
  assert.ok(
    found,
    `no class ${name} among ${heap.classes
      ?.slice(0, 20)
      .map((each) => each.name)
      .join(', ')}`,
  );
  return found;
}

export function assertNear(figure: number, truth: number, share: number, what: string): void {
  assert.ok(Math.abs(figure - truth) <= truth * share, `${what}: ${figure}, in truth ${truth}`);
}
