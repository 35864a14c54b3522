/**
 * A print of 64 bits for each object, from which its id is derived: of what stays with an object as long as it lives. What
 * has the same print in two images of a process is the same object.
 */
import { aliveCount, rankOf } from '../bitmap';
import { reserve } from '../room';

/** What is known of an object's print. Not SETTLED: a string's contents, or nothing. */
export const SETTLED: u32 = 1;
/** It has a value that no other object of its kind has. */
export const KEYED: u32 = 2;
/** It may have, if no other turns up. */
export const CANDIDATE: u32 = 4;
/** Of one that is settled: by what lasts until the next collection. */
export const PASSING: u32 = 4;
/** What it owns is settled too. */
export const SPREAD: u32 = 128;
/** How many owners it has whose fields never change, and how many others: two bits each, 2 are several. */
export const LASTING_SHIFT: u32 = 3;
export const CHANGING_SHIFT: u32 = 5;
const SEVERAL: u32 = 2;

export let prints: usize = 0;
let states: usize = 0;
/** For a table of all objects: a power of two of numbers, each with the number of an object and bits of what it is found by. */
export let table: usize = 0;
export let tableMask: u32 = 0;

const TAG_SHIFT: u32 = 28;
const TAG: u32 = 15 << TAG_SHIFT;
const NUMBER: u32 = (1 << TAG_SHIFT) - 1;

/** False where there is no room. */
export function reservePrints(): bool {
  if (aliveCount >= NUMBER) return false;
  let slots: u32 = 1 << 10;
  while (slots < aliveCount + (aliveCount >> 2)) slots <<= 1;
  prints = reserve(8 * aliveCount + 8);
  states = reserve(aliveCount);
  table = reserve(4 * slots);
  tableMask = slots - 1;
  return prints !== 0 && states !== 0 && table !== 0;
}

export function emptyTable(): void {
  memory.fill(table, 0, 4 * (<usize>tableMask + 1));
}

export function mix(one: u64, other: u64): u64 {
  let mixed = (one + 0x9e3779b97f4a7c15) ^ rotl<u64>(other * 0xff51afd7ed558ccd, 29);
  mixed ^= mixed >> 32;
  mixed *= 0xd6e8feb86659fd93;
  return mixed ^ (mixed >> 29);
}

export function printOf(place: usize): u64 {
  return load<u64>(prints + 8 * <usize>rankOf(place));
}

export function setPrint(place: usize, print: u64, state: u32): void {
  const rank = <usize>rankOf(place);
  store<u64>(prints + 8 * rank, print);
  store<u8>(
    states + rank,
    ((<u32>load<u8>(states + rank)) & ~(SETTLED | KEYED | CANDIDATE | SPREAD)) | state,
  );
}

export function stateOf(place: usize): u32 {
  return <u32>load<u8>(states + rankOf(place));
}

export function isSettled(place: usize): bool {
  return (stateOf(place) & SETTLED) !== 0;
}

export function countOwner(place: usize, shift: u32): void {
  const at = states + rankOf(place);
  const state = <u32>load<u8>(at);
  if (((state >> shift) & 3) < SEVERAL) store<u8>(at, state + (1 << shift));
}

export function owners(state: u32, shift: u32): u32 {
  return (state >> shift) & 3;
}

/** Enters a candidate; false where another has the same print: both are none then. */
export function enterCandidate(place: usize): bool {
  const print = printOf(place);
  const rank = rankOf(place);
  const hash = (<u32>print) ^ (<u32>(print >> 32));
  let slot = hash & tableMask;
  for (let entry = load<u32>(table + 4 * slot); entry !== 0; entry = load<u32>(table + 4 * slot)) {
    if (isTagged(entry, hash) && load<u64>(prints + 8 * <usize>numberIn(entry)) === print) {
      forgetCandidate(numberIn(entry));
      forgetCandidate(rank);
      return false;
    }
    slot = (slot + 1) & tableMask;
  }
  store<u32>(table + 4 * slot, entryOf(rank, hash));
  return true;
}

/** What stands for an object in the table: most of those that are not wanted differ in their tags. */
export function entryOf(rank: u32, hash: u32): u32 {
  return (rank + 1) | (hash & TAG);
}

export function isTagged(entry: u32, hash: u32): bool {
  return ((entry ^ hash) & TAG) === 0;
}

export function numberIn(entry: u32): u32 {
  return (entry & NUMBER) - 1;
}

/** Its print stays, so that others find it taken. */
function forgetCandidate(rank: u32): void {
  store<u8>(states + rank, (<u32>load<u8>(states + rank)) & ~CANDIDATE);
}

/** How much an object's id means to people, the largest last. */
export const INTERNALS: u32 = 0;
export const PLAIN: u32 = 1;
export const INSTANCES: u32 = 2;

/** When all are settled, in place of their states: who is served first, the larger number. */
export function rankForService(place: usize, kind: u32): void {
  const at = states + rankOf(place);
  const state = <u32>load<u8>(at);
  const isKeyed = kind > 0 && (state & KEYED) !== 0;
  store<u8>(at, (state & PASSING) !== 0 ? 0 : 1 + kind + (isKeyed ? INSTANCES : 0));
}

/** Of two objects, by their ranks. */
export function isServedBefore(one: u32, other: u32): bool {
  const turn = load<u8>(states + one);
  const otherTurn = load<u8>(states + other);
  if (turn !== otherTurn) return turn > otherTurn;
  const print = load<u64>(prints + 8 * <usize>one);
  const otherPrint = load<u64>(prints + 8 * <usize>other);
  return print === otherPrint ? one < other : print > otherPrint;
}
