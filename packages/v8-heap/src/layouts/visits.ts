/** Which words of an object may point to others, by its type: all after the map, but for the types in this table. */
import type { HeapTypes } from './types.js';

/** `assembly/mark.ts` says what each means. */
export type VisitBy =
  | 'range'
  | 'nothing'
  | 'ephemerons'
  | 'preparse data'
  | 'function'
  | 'feedback cell'
  | 'native context'
  | 'string'
  | 'free'
  | 'map'
  | 'descriptors'
  | 'instructions';

export interface VisitRule {
  by: VisitBy;
  /** In bytes; `to` may be {@link TO_END}. */
  from: number;
  to: number;
  /** Words, counted in bytes, that keep nothing alive. */
  weak?: number[];
}

/** All words up to the end of the object. */
export const TO_END = 0xffff;

export const visitRange = (from: number, to = TO_END, weak: number[] = []): VisitRule => ({
  by: 'range',
  from,
  to,
  weak,
});
export const visitOnly = (by: VisitBy, from = 8, to = TO_END): VisitRule => ({ by, from, to });

const NO_POINTERS = [
  ...['HeapNumber', 'BigInt', 'ByteArray', 'FixedDoubleArray', 'TrustedByteArray', 'FeedbackMetadata'],
  ...['Foreign', 'TrustedForeign', 'WasmNull', 'Hole', 'CoverageInfo', 'ExternalPointerArray'],
  ...['DoubleStringCache'],
];
const FREE = ['FreeSpace', 'OnePointerFiller', 'TwoPointerFiller'];

const RULES: Record<string, VisitRule> = {
  Symbol: visitRange(16, 24),
  Map: visitOnly('map', 24, 72),
  EphemeronHashTable: visitOnly('ephemerons'),
  PreparseData: visitOnly('preparse data'),
  NativeContext: visitOnly('native context'),
  ScopeInfo: visitRange(16),
  FeedbackVector: visitRange(24),
  DescriptorArray: visitOnly('descriptors', 16),
  StrongDescriptorArray: visitRange(16),
  AllocationSite: visitRange(8, 32),
  WeakCell: visitRange(8, TO_END, [16, 24]),
  JSWeakRef: visitRange(8, TO_END, [24]),
  JSFinalizationRegistry: visitRange(8, TO_END, [64]),
};

/** By numbers of types; a version's own rules, by names, come before the common ones. */
export function visitRules(
  types: HeapTypes,
  own: Readonly<Record<string, VisitRule>>,
): Map<number, VisitRule> {
  const rules = new Map<number, VisitRule>();
  const named: [string, VisitRule][] = [
    ...Object.entries(own),
    ...Object.entries(RULES),
    ...NO_POINTERS.map((name): [string, VisitRule] => [name, visitOnly('nothing')]),
    ...FREE.map((name): [string, VisitRule] => [name, visitOnly('free')]),
  ];
  for (const [name, rule] of named) {
    const type = types.find(name);
    if (type !== null && !rules.has(type)) rules.set(type, rule);
  }
  const { JSFunction: functions } = own;
  const [first, last] = types.range('FirstJSFunctionType', 'LastJSFunctionType');
  for (let type = first; type <= last; type++) rules.set(type, functions);
  return rules;
}
