/** Which objects a list or a watch is about: `labelSelector` and `fieldSelector` of the query. */
import type { KubeObject } from './objects.js';

export type Selector = (object: KubeObject) => boolean;

/** @throws when a selector says what the test bed does not know */
export function selectorOf(query: URLSearchParams): Selector {
  const labels = requirements(query.get('labelSelector')).map(labelRequirement);
  const fields = requirements(query.get('fieldSelector')).map(fieldRequirement);
  return (object) => [...labels, ...fields].every((meets) => meets(object));
}

/** Its parts between commas, those in parentheses left alone. */
function requirements(selector: string | null): string[] {
  return (selector ?? '').split(/,(?![^(]*\))/).filter(Boolean);
}

function labelRequirement(text: string): Selector {
  const [, key = '', not, list] = /^\s*(\S+)\s+(not)?in\s*\(([^)]*)\)$/.exec(text) ?? [];
  if (list !== undefined) {
    const values = list.split(',').map((value) => value.trim());
    return (object) => values.includes(labelOf(object, key) ?? '') !== (not !== undefined);
  }
  const [, name = '', operator, value] = /^(!?[^!=]+?)(?:(!=|==?)(.*))?$/.exec(text) ?? [];
  if (operator === '!=') return (object) => labelOf(object, name) !== value;
  if (operator !== undefined) return (object) => labelOf(object, name) === value;
  if (name.startsWith('!')) return (object) => labelOf(object, name.slice(1)) === undefined;
  return (object) => labelOf(object, name) !== undefined;
}

function labelOf({ metadata }: KubeObject, name: string): string | undefined {
  return metadata.labels?.[name];
}

function fieldRequirement(text: string): Selector {
  const [field = '', value = ''] = text.split(/==?/);
  return (object) => String(fieldOf(object, field)) === value;
}

function fieldOf({ metadata, status, spec }: KubeObject, field: string): unknown {
  if (field === 'metadata.name') return metadata.name;
  if (field === 'metadata.namespace') return metadata.namespace;
  if (field === 'status.phase') return (status as { phase?: string } | undefined)?.phase;
  if (field === 'spec.nodeName') return (spec as { nodeName?: string } | undefined)?.nodeName;
  throw new Error(`field label not supported: ${field}`);
}
