/** Rules for sizes that hold in every V8 that is known; a version's own come before them. */
import { STRING_TYPES } from '../object-layout.js';
import type { HeapTypes } from './types.js';
import { by32, small, special, type SizeRule } from './version.js';

const ARRAY = small(16);
const BYTES = small(16, 1);
/** In the type of a string: how it is kept, of which 0 is one after the other; and the size of its characters. */
const STRING_REPRESENTATION = 7;
const ONE_BYTE = 8;

/** @param descriptorsAt bytes before the first of an array of descriptors */
export function commonSizes(types: HeapTypes, descriptorsAt: number): Map<number, SizeRule> {
  const rules = new Map<number, SizeRule>();
  const fixedArrays: [number, number] = [types.of('FixedArray'), types.of('ByteArray') - 1];
  const give = (rule: SizeRule, ...names: string[]): void => {
    for (const name of names) {
      const type = types.find(name);
      // Some were fixed arrays in earlier versions.
      if (type !== null && !rules.has(type)) rules.set(type, rule);
    }
  };
  const giveRange = (rule: SizeRule, [first, last]: [number, number]): void => {
    for (let type = first; type <= last; type++) if (!rules.has(type)) rules.set(type, rule);
  };
  giveRange(ARRAY, fixedArrays);
  give(small(24), 'NativeContext');
  giveRange(ARRAY, types.range('FirstContextType', 'LastContextType'));
  give(ARRAY, 'FixedDoubleArray', 'WeakFixedArray', 'TransitionArray', 'EmbedderDataArray');
  give(ARRAY, 'ClosureFeedbackCellArray', 'TrustedFixedArray', 'TrustedWeakFixedArray');
  give(ARRAY, 'ProtectedFixedArray', 'ProtectedWeakFixedArray', 'ExternalPointerArray');
  give(BYTES, 'ByteArray', 'TrustedByteArray');
  give(small(24), 'WeakArrayList', 'ArrayList');
  give(small(32), 'ObjectBoilerplateDescription', 'SloppyArgumentsElements', 'ScriptContextTable');
  give(small(40), 'RegExpMatchInfo');
  give({ by: 'low bits', header: 16, unit: 8, lengthAt: 8 }, 'PropertyArray');
  give(
    { by: '16 bits', header: descriptorsAt, unit: 24, lengthAt: 8 },
    'DescriptorArray',
    'StrongDescriptorArray',
  );
  give(special('bigint', 16), 'BigInt');
  give(special('scope'), 'ScopeInfo');
  give(special('feedback metadata', 16), 'FeedbackMetadata');
  give(special('preparse data', 16), 'PreparseData');
  give(by32(16, 16), 'CoverageInfo');
  for (let type = 0; type < STRING_TYPES; type++)
    if ((type & STRING_REPRESENTATION) === 0) rules.set(type, by32(16, type & ONE_BYTE ? 1 : 2, 12));
  return rules;
}
