/** How large an object is, by its map or by a rule for its type (HeapObject::SizeFromMap in V8). */
import {
  codeInstructionSize,
  codeMetadataSize,
  feedbackClosureBytes,
  streamBodySize,
  streamCode,
} from './layout';
import { instanceSize, typeOf } from './maps';
import { placeOf } from './pages';
import { scopeSize } from './scopes';
import { SIZE_HEADER, SIZE_LENGTH_AT, SIZE_RULE, SIZE_UNIT, typeRow } from './types';

/** Header and elements, by their number: a small integer, or one of 32 or 16 bits. */
export const SIZE_BY_SMALL: u32 = 1;
export const SIZE_BY_32: u32 = 2;
export const SIZE_BY_16: u32 = 3;
/** A small integer, of which the lower ten bits count. */
export const SIZE_BY_LOW_BITS: u32 = 4;
export const SIZE_OF_BIGINT: u32 = 5;
export const SIZE_OF_SCOPE: u32 = 6;
export const SIZE_OF_FEEDBACK_METADATA: u32 = 7;
export const SIZE_OF_PREPARSE_DATA: u32 = 8;
export const SIZE_OF_INSTRUCTIONS: u32 = 9;
/** Always that of the header. */
export const SIZE_FIXED: u32 = 10;

const PROPERTY_ARRAY_LENGTH: u32 = 0x3ff;
const BIGINT_LENGTH: u32 = 0x3fffffff;
/** Kinds of feedback slots in a word of 32 bits. */
const SLOTS_A_WORD: u32 = 6;
const CODE_ALIGNMENT: u64 = 64;

/** Bytes of an object; 0 where no rule tells. */
export function sizeOf(map: usize, place: usize): u64 {
  const fixed = instanceSize(map);
  return fixed !== 0 ? fixed : sizeByRule(typeRow(typeOf(map)), place);
}

function sizeByRule(row: usize, place: usize): u64 {
  const header = <u64>load<u32>(row, SIZE_HEADER);
  const at = place + <usize>load<u16>(row, SIZE_LENGTH_AT);
  switch (<u32>load<u8>(row, SIZE_RULE)) {
    case SIZE_BY_SMALL:
      return sized(row, header, load<u32>(at, 4));
    case SIZE_BY_32:
      return sized(row, header, load<u32>(at));
    case SIZE_BY_16:
      return sized(row, header, <u32>load<u16>(at));
    case SIZE_BY_LOW_BITS:
      return sized(row, header, load<u32>(at, 4) & PROPERTY_ARRAY_LENGTH);
    case SIZE_OF_BIGINT:
      return sized(row, header, (load<u32>(at) >> 1) & BIGINT_LENGTH);
    case SIZE_OF_SCOPE:
      return scopeSize(place);
    case SIZE_OF_FEEDBACK_METADATA: {
      const words = (<u64>load<u32>(at) + SLOTS_A_WORD - 1) / SLOTS_A_WORD;
      return rounded(header + 4 * words + <u64>feedbackClosureBytes * load<u32>(at, 4));
    }
    case SIZE_OF_PREPARSE_DATA:
      return rounded(header + load<u32>(at)) + 8 * <u64>load<u32>(at, 4);
    case SIZE_OF_INSTRUCTIONS:
      return (header + bodyBytes(place) + CODE_ALIGNMENT - 1) & ~(CODE_ALIGNMENT - 1);
    case SIZE_FIXED:
      return header;
    default:
      return 0;
  }
}

function bodyBytes(place: usize): u64 {
  if (streamBodySize !== 0) return load<u32>(place + streamBodySize);
  const code = placeOf(load<u64>(place + streamCode));
  if (code === 0) return 0;
  return <u64>load<u32>(code + codeInstructionSize) + load<u32>(code + codeMetadataSize);
}

function sized(row: usize, header: u64, length: u32): u64 {
  return rounded(header + <u64>load<u8>(row, SIZE_UNIT) * length);
}

function rounded(bytes: u64): u64 {
  return (bytes + 7) & ~7;
}
