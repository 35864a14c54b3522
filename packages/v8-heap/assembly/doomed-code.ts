/**
 * Optimized code that holds something weakly that is dead: V8's collector gives it up, and with it all that it alone
 * kept (MarkDependentCodeForDeoptimization in src/heap/mark-compact.cc). Its functions go on with slower code: at once
 * where they have numbers for their code, and when they are called next in older versions, which keep it until then,
 * but not what it embeds.
 */
import { isAlive, nextAlive } from './bitmap';
import { redirectHandle } from './dispatch';
import {
  baselineKind,
  codeFlags,
  codeStream,
  codeType,
  feedbackCellHandle,
  feedbackCellType,
  firstWeakKind,
  functionFirst,
  functionHandle,
  functionLast,
  functionShared,
  interpreterEntry,
  KIND_OF_CODE,
  sharedData,
  streamCode,
  streamType,
} from './layout';
import { mapOf, typeIs, typeOf } from './maps';
import { flagsOf, heapEnd, heapStart, pageOf, placeOf, READ_ONLY } from './pages';
import { beginRelocations, isCodeTarget, nextRelocation, relocated } from './relocations';
import { reserve } from './room';
import { isWeakInCode } from './weak-in-code';

/** A bit for each word of the heap, set where such code begins; 0 where none has been found. */
let doomed: usize = 0;

/** How many of the code objects that are alive have been given up now, by what marking has found. */
export function doomCode(): u32 {
  let count: u32 = 0;
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8)) {
    if (typeOf(mapOf(place)) !== codeType || isDoomed(place) || !holdsDead(place)) continue;
    if (doomed === 0) doomed = reserve(<u32>((heapEnd - heapStart) >> 6));
    if (doomed === 0) return 0;
    const word = doomed + (((place - heapStart) >> 9) << 3);
    store<u64>(word, load<u64>(word) | ((<u64>1) << ((place >> 3) & 63)));
    count++;
  }
  if (count > 0 && functionHandle !== 0) redirectFunctions();
  return count;
}

/** Whether the code goes with the first collection; else its functions have it until they are called. */
export function isGivenUp(code: usize): bool {
  return functionHandle !== 0 && isDoomed(code);
}

/** Whether the collector has cleared what an instruction stream embeds: ClearEmbeddedObjects in V8. */
export function isCleared(stream: usize): bool {
  const code = doomed === 0 ? 0 : placeOf(load<u64>(stream + streamCode));
  return code !== 0 && typeIs(code, codeType) && isDoomed(code);
}

function isDoomed(code: usize): bool {
  if (doomed === 0) return false;
  return ((load<u64>(doomed + (((code - heapStart) >> 9) << 3)) >> ((code >> 3) & 63)) & 1) !== 0;
}

function holdsDead(code: usize): bool {
  if ((load<u32>(code + codeFlags) & KIND_OF_CODE) < firstWeakKind) return false;
  const stream = placeOf(load<u64>(code + codeStream));
  if (stream === 0 || !typeIs(stream, streamType)) return false;
  beginRelocations(stream);
  while (nextRelocation()) {
    const other = isCodeTarget ? 0 : placeOf(relocated);
    if (other === 0 || isAlive(other) || (flagsOf(pageOf(other)) & READ_ONLY) !== 0) continue;
    if (mapOf(other) !== 0 && isWeakInCode(relocated)) return true;
  }
  return false;
}

/** What is behind functions' numbers instead: their baseline code, or the interpreter. */
function redirectFunctions(): void {
  for (let place = nextAlive(heapStart); place < heapEnd; place = nextAlive(place + 8)) {
    const type = typeOf(mapOf(place));
    if (type >= functionFirst && type <= functionLast) {
      redirectHandle(load<u32>(place + functionHandle), slowerCode(place));
    } else if (type === feedbackCellType)
      redirectHandle(load<u32>(place + feedbackCellHandle), interpreterEntry);
  }
}

export function isDoomedWord(word: u64): bool {
  const place = placeOf(word);
  return place !== 0 && typeIs(place, codeType) && isDoomed(place);
}

function slowerCode(place: usize): u64 {
  const shared = placeOf(load<u64>(place + functionShared));
  const word = shared === 0 ? 0 : load<u64>(shared + sharedData);
  const data = placeOf(word);
  const isBaseline =
    data !== 0 && typeIs(data, codeType) && (load<u32>(data + codeFlags) & KIND_OF_CODE) === baselineKind;
  return isBaseline ? word : interpreterEntry;
}
