/**
 * Objects that machine code refers to: its relocation info (src/codegen/reloc-info.cc in V8) says where in the code
 * they are. It is written from its end to its beginning.
 */
import {
  relocationConstPool,
  relocationPcJump,
  relocationSwitch,
  streamCode,
  streamHeader,
  streamRelocations,
} from './layout';
import { addressOf, ARRAY_DATA, endOf, pageOf, placeOf } from './pages';

const TAG_BITS: u32 = 2;
const TAG_MASK: u32 = 3;
const EMBEDDED_OBJECT: u32 = 0;
const CODE_TARGET: u32 = 1;
const WASM_STUB_CALL: u32 = 2;
/** Modes that are followed by data, counted from that of a constant pool: of four bytes, but for one. */
const DATA_MODES: u32 = 7;
const DEOPT_REASON: u32 = 4;
const MODE_FULL_OBJECT: u32 = 4;
const MODE_CODE_TARGET: u32 = 1;
const MAX_PARTS: u32 = 5;
const SMALL_PC_BITS: u32 = 6;

let stream: usize = 0;
let position: usize = 0;
let start: usize = 0;
let pc: usize = 0;
let end: usize = 0;

/** What the last entry refers to, tagged. */
export let relocated: u64 = 0;
export let isCodeTarget: bool = false;

/** Begins with the entries of an instruction stream. */
export function beginRelocations(place: usize): void {
  stream = place;
  position = 0;
  start = 0;
  const holder = streamRelocations !== 0 ? place + streamRelocations : codesRelocations(place);
  if (holder === 0 || relocationConstPool === 0) return;
  const array = placeOf(load<u64>(holder));
  if (array === 0) return;
  start = <usize>(array + ARRAY_DATA);
  position = start + load<u32>(array, 12);
  pc = place + streamHeader;
  end = endOf(pageOf(place));
  if (position > endOf(pageOf(array))) position = start;
}

/** In older versions the code object has it. */
function codesRelocations(place: usize): usize {
  const code = placeOf(load<u64>(place + streamCode));
  return code === 0 ? 0 : code + 8;
}

/** Whether there is another entry that refers to an object. */
export function nextRelocation(): bool {
  while (position > start) {
    const byte = nextByte();
    const tag = byte & TAG_MASK;
    if (tag === EMBEDDED_OBJECT || tag === CODE_TARGET || tag === WASM_STUB_CALL) {
      pc += byte >> TAG_BITS;
      if (tag === EMBEDDED_OBJECT ? readObject() : tag === CODE_TARGET && readCodeTarget()) return true;
      continue;
    }
    const mode = byte >> TAG_BITS;
    if (mode === relocationPcJump) {
      readJump();
      continue;
    }
    pc += nextByte();
    const data = mode - relocationConstPool;
    if (data < DATA_MODES || mode === relocationSwitch) position -= data === DEOPT_REASON ? 1 : 4;
    if (mode === MODE_FULL_OBJECT ? readObject() : mode === MODE_CODE_TARGET && readCodeTarget()) return true;
  }
  return false;
}

function nextByte(): u32 {
  return position > start ? <u32>load<u8>(--position) : 0;
}

/** The upper bits of a distance, seven a byte. */
function readJump(): void {
  let jump: u32 = 0;
  for (let part: u32 = 0; part < MAX_PARTS; part++) {
    const byte = nextByte();
    jump |= (byte & 127) << (7 * part);
    if (byte < 128) break;
  }
  pc += jump << SMALL_PC_BITS;
}

function readObject(): bool {
  if (pc + 8 > end || pc < stream) return false;
  relocated = load<u64>(pc);
  isCodeTarget = false;
  return true;
}

/** A call by the distance from the end of the instruction to the code's beginning. */
function readCodeTarget(): bool {
  if (pc + 4 > end || pc < stream) return false;
  relocated = addressOf(stream) + (pc + 4 - stream) + <u64>(<i64>load<i32>(pc)) - streamHeader + 1;
  isCodeTarget = true;
  return true;
}
