/** What optimized code holds weakly: Code::IsWeakObjectInOptimizedCode in V8. */
import {
  codeFlags,
  codeType,
  contextFirst,
  contextLast,
  firstWeakKind,
  KIND_OF_CODE,
  mapInstanceType,
  mapType,
  propertyCellType,
  receiverFirst,
  streamCode,
} from './layout';
import { mapOf, typeIs, typeOf } from './maps';
import { placeOf } from './pages';

/** Whether the code of an instruction stream is optimized. */
export function holdsWeakly(stream: usize): bool {
  const code = placeOf(load<u64>(stream + streamCode));
  return (
    code !== 0 && typeIs(code, codeType) && (load<u32>(code + codeFlags) & KIND_OF_CODE) >= firstWeakKind
  );
}

/** Whether such code does not keep an object alive. */
export function isWeakInCode(word: u64): bool {
  const place = placeOf(word);
  if (place === 0) return false;
  const type = typeOf(mapOf(place));
  // Maps of objects lead to others.
  if (type === mapType) return <u32>load<u16>(place + mapInstanceType) > receiverFirst;
  return type === propertyCellType || type >= receiverFirst || (type >= contextFirst && type <= contextLast);
}
