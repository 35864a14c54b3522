/**
 * Arrays of descriptors, which maps share: those of maps that are dead a collection cuts off
 * (MarkCompactCollector::TrimDescriptorArray in V8).
 */
import { descriptorsAt } from './layout';
import { mapOf, typeOf } from './maps';
import { flagsOf, pageOf, READ_ONLY } from './pages';
import { typeRow, VISIT } from './types';

/** Key, details and value. */
export const DESCRIPTOR_WORDS: u32 = 3;
/** How many there is room for, and how many there are; then what only V8's collector uses, and marking uses here. */
const ALL: usize = 8;
const USED: usize = 10;
const VISITED: usize = 12;
export const VISIT_DESCRIPTORS: u32 = 11;

/** Whether at a place there is one whose end may be cut off. */
export function isDescriptors(place: usize): bool {
  const map = mapOf(place);
  return map !== 0 && <u32>load<u8>(typeRow(typeOf(map)), VISIT) === VISIT_DESCRIPTORS;
}

export function usedDescriptors(place: usize): u32 {
  return load<u16>(place, USED);
}

export function forgetDescriptors(place: usize): void {
  store<u32>(place, 0, VISITED);
}

/** How many of the first of them have been marked. */
export function visitedDescriptors(place: usize): u32 {
  return load<u32>(place, VISITED);
}

export function visitedAsFarAs(place: usize, count: u32): void {
  store<u32>(place, count, VISITED);
}

/** How many a collection leaves room for. */
export function descriptorsLeft(place: usize): u32 {
  const all = <u32>load<u16>(place, ALL);
  if ((flagsOf(pageOf(place)) & READ_ONLY) !== 0 || !isDescriptors(place)) return all;
  const visited = visitedDescriptors(place);
  return visited > 0 && visited < usedDescriptors(place) ? visited : all;
}

/** The size of one whose end was cut off, in bytes; 0 of another. */
export function trimmedSize(place: usize): u32 {
  const left = descriptorsLeft(place);
  return left < <u32>load<u16>(place, ALL) ? descriptorsAt + 8 * DESCRIPTOR_WORDS * left : 0;
}
