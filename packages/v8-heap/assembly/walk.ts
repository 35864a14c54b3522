/**
 * Goes through every page from object to object. What no rule explains is counted: where that is more than a handful,
 * this V8 is not understood.
 */
import { mapOf, typeOf } from './maps';
import { addressOf, endOf, firstPlace, pageAt } from './pages';
import { sizeOf } from './sizes';

/** How many unexplained spots are described. */
export const MAX_SPOTS: u32 = 256;
/** Of each: its address, and the type of the object before it, or NO_TYPE. */
export const SPOT_BYTES: u32 = 16;
export const NO_TYPE: u32 = 0xffff;
export const spots = memory.data(MAX_SPOTS * SPOT_BYTES, 8);
export let spotCount: u32 = 0;
export let objectCount: u32 = 0;

/** Walks one page, by its number in the order of adding. */
export function walkPage(index: u32): void {
  const page = pageAt(index);
  const end = endOf(page);
  let before: usize = 0;
  let isAstray = false;
  for (let place = firstPlace(page); place < end;) {
    const map = mapOf(place);
    const size = map === 0 ? 0 : sizeOf(map, place);
    if (size !== 0 && size <= end - place) {
      objectCount++;
      before = map;
      isAstray = false;
      place += <usize>size;
    } else {
      // What was never used is zero.
      if (!isAstray && load<u64>(place) !== 0) {
        noteSpot(place, before);
        isAstray = true;
      }
      place += 8;
    }
  }
}

function noteSpot(place: usize, before: usize): void {
  if (spotCount < MAX_SPOTS) {
    const spot = spots + spotCount * SPOT_BYTES;
    store<u64>(spot, addressOf(place));
    store<u32>(spot, before === 0 ? NO_TYPE : typeOf(before), 8);
  }
  spotCount++;
}
