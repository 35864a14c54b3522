/** Fields that V8's generator gives names, by types: what is in no table is found in any version at the same place. */

export interface Field {
  /** In bytes. */
  offset: number;
  /** The name of the edge; null where there is only a tag. */
  name: string | null;
  weak?: boolean;
  /** How what it points to is named, where that has no name of its own. */
  tag?: string;
  /** And of what type it is then. */
  tagType?: 'code' | 'object shape';
}

export const field = (offset: number, name: string): Field => ({ offset, name });
export const weakField = (offset: number, name: string): Field => ({ offset, name, weak: true });
export const tagged = (
  offset: number,
  name: string | null,
  tag: string,
  tagType?: 'code' | 'object shape',
): Field => ({ offset, name, tag, ...(tagType === undefined ? {} : { tagType }) });

const TABLE = [field(24, 'table')];
const GENERATOR = [
  field(24, 'function'),
  field(32, 'context'),
  field(40, 'receiver'),
  field(72, 'parameters_and_registers'),
];
const ENUM_CACHE = '(enum cache)';

/** @param options where the options of the host are, in bytes */
export const scriptFields = (options: number): Field[] => [
  field(8, 'source'),
  field(16, 'name'),
  field(40, 'context_data'),
  tagged(56, 'line_ends', '(script line ends)', 'code'),
  tagged(88, null, '(shared function infos)', 'code'),
  tagged(options, null, '(host-defined options)', 'code'),
];

/** Those that are the same in every version. */
export const COMMON_FIELDS: Readonly<Record<string, Field[]>> = {
  JSMap: TABLE,
  JSSet: TABLE,
  JSWeakMap: TABLE,
  JSWeakSet: TABLE,
  JSPromise: [field(24, 'reactions_or_result')],
  JSGeneratorObject: GENERATOR,
  JSAsyncFunctionObject: GENERATOR,
  JSAsyncGeneratorObject: GENERATOR,
  JSWeakRef: [weakField(24, 'target')],
  Symbol: [field(16, 'name')],
  AccessorPair: [field(8, 'getter'), field(16, 'setter')],
  Cell: [field(8, 'value')],
  FeedbackCell: [field(8, 'value')],
  PropertyCell: [field(24, 'value'), tagged(32, 'dependent_code', '(dependent code)')],
  PrototypeInfo: [
    tagged(16, null, '(prototype users)', 'object shape'),
    tagged(24, null, '(prototype chain enum cache)', 'object shape'),
  ],
  AllocationSite: [
    field(8, 'transition_info'),
    field(16, 'nested_site'),
    tagged(24, 'dependent_code', '(dependent code)', 'code'),
  ],
  ArrayBoilerplateDescription: [tagged(16, 'constant_elements', '(constant elements)', 'code')],
  RegExpBoilerplateDescription: [tagged(8, null, '(RegExp data)', 'code')],
  EnumCache: [tagged(8, null, ENUM_CACHE, 'object shape'), tagged(16, null, ENUM_CACHE, 'object shape')],
  WeakCell: [weakField(16, 'target'), weakField(24, 'unregister_token')],
  Script: scriptFields(128),
};
