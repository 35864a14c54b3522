/** Decides how the name in each row of a snapshot is treated, by the row's type. */
import { FORM, USE } from './string-uses.js';
import type { Treatment } from './rewritten-rows.js';

/**
 * Returns the treatment for V8's node types (HeapEntry::Type, src/profiler/heap-snapshot-generator.h). An
 * unknown type counts as a value.
 */
export function treatmentOfNode(type: string): Treatment {
  switch (type) {
    case 'closure':
      return { form: FORM.name, use: USE.name | USE.function };
    case 'object':
    case 'symbol':
      return { form: FORM.name, use: USE.name };
    case 'code':
      return { form: FORM.name, use: USE.code };
    case 'hidden':
    case 'array':
    case 'native':
    case 'synthetic':
    case 'object shape':
      return { form: FORM.name, use: USE.system };
    case 'regexp':
      return { form: FORM.value, use: USE.regexp };
    case 'number':
    case 'bigint':
    case 'concatenated string':
    case 'sliced string':
      return { form: FORM.value, use: USE.number };
    default:
      return { form: FORM.value, use: USE.value };
  }
}

/** Returns the treatment for edge types (HeapGraphEdge::Type, in the same file). */
export function treatmentOfEdge(type: string, forms: number): Treatment {
  switch (type) {
    case 'element':
      return 'element';
    case 'hidden':
      return 'number';
    case 'internal':
    case 'weak':
      return { form: FORM.name, use: USE.system };
    case 'property':
      return { form: forms > FORM.property ? FORM.property : FORM.name, use: USE.property };
    default:
      return { form: FORM.name, use: USE.name };
  }
}
