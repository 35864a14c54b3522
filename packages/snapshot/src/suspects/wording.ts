/** Writes the sentences about a suspect. */
import type { ModuleCopies } from './module-copies.js';
import { packageText } from './packages.js';
import type { Emitter } from './emitters.js';
import type { NodeStructure } from './node-structures.js';
import type { Holder, SourceLocation } from './suspect.js';

/** `more` if several snapshots show growth, `kept` for the contents of one. */
export type Verb = 'more' | 'kept';

export interface Subject {
  verb: Verb;
  count: number;
  /** Class or shape of what accumulates. */
  className: string;
  /** Name of the function, if functions or their variables accumulate; else empty. */
  functionName: string;
  /** What each element calls, if that says more than its class: `expire()`. */
  calls: string;
  inSize: boolean;
  holder: Holder;
  native: 'handle' | 'addon' | null;
  emitter: Emitter | null;
  structure: NodeStructure | null;
  copies: ModuleCopies | null;
}

const MAX_EVENTS = 4;

/** Returns one line without a location. `events` are those of the emitter that the suspect stands for. */
export function titleOf(subject: Subject, events: readonly string[] = []): string {
  const { verb, count, inSize, holder, native, emitter, structure, copies } = subject;
  const amount = `${count.toLocaleString('en')}${verb === 'more' ? ' more' : ''}`;
  if (inSize) return `${inClass(holder)} ${verb === 'more' ? 'grew' : 'is large'}`;
  if (copies) {
    const file = copies.file.slice(copies.file.lastIndexOf('/') + 1);
    const place = structure?.place ?? inClass(holder);
    return `${amount} ${count === 1 ? 'copy' : 'copies'} of ${file} in ${place}`;
  }
  if (emitter && (isFunctionClass(subject.className) || /Listener$/.test(subject.className))) {
    const all = events.length > 0 ? events : emitter.event === '' ? [] : [emitter.event];
    return `${amount} ${count === 1 ? 'listener' : 'listeners'}${eventsText(all)} on ${emitter.text}`;
  }
  const calling = subject.calls === '' ? '' : ` calling ${subject.calls}`;
  const thing = `${thingWords(subject)}${calling}`;
  if (native === 'addon') return `${amount} ${thing} held by native code`;
  if (native === 'handle') return `${amount} ${thing} held by ${holder.name}`;
  if (structure) return `${amount} ${thing} in ${structure.place}`;
  return `${amount} ${thing} in ${inClass(holder)}`;
}

/** Returns the full sentence: what, where in the source, what it looks like and what to do. */
export function summaryOf(
  subject: Subject,
  title: string,
  location: SourceLocation | undefined,
  { signs, todo }: { signs: string; todo: string },
): string {
  const { owner } = subject.holder;
  const where = location ? ` (${placeBeside(owner, location)})` : '';
  const isSaid =
    owner === '' ||
    title.includes(owner) ||
    subject.native !== null ||
    subject.structure !== null ||
    isOfNode(subject);
  const of = isSaid ? '' : ` ${subject.inSize ? 'in' : 'of'} ${owner}`;
  const rest = subject.verb === 'more' ? `${signs}; ${todo}` : `if there are ever more of them, ${todo}`;
  return `${title}${of}${where}: ${rest}.`;
}

/** One of Node's own emitters says more than the Node module that leads to it. */
function isOfNode({ emitter, holder }: Subject): boolean {
  return emitter !== null && holder.owner.startsWith('node:');
}

export function adviceOf({ todo }: { todo: string }): string {
  return `${todo[0].toUpperCase()}${todo.slice(1)}.`;
}

function isFunctionClass(className: string): boolean {
  return className === 'Function' || className.endsWith('()');
}

function thingWords({ className, functionName, count }: Subject): string {
  const called = functionName === '' ? '' : ` ${functionName}()`;
  if (className.startsWith('system / Context'))
    return `sets of variables${called === '' ? '' : ` of${called}`}`;
  if (className === 'Function' || className.endsWith('()'))
    return `${count === 1 ? 'function' : 'functions'}${called}`;
  if (/string\)$/.test(className)) return count === 1 ? 'string' : 'strings';
  if (className === '(number)') return count === 1 ? 'number' : 'numbers';
  return className;
}

/** Returns for example `orders (Map)`; does not repeat the class if the name has it. */
function inClass({ name, class: className }: Holder): string {
  return name === className || name.startsWith(`${className} in `) || className === ''
    ? name
    : `${name} (${className})`;
}

function eventsText(events: readonly string[]): string {
  if (events.length === 0) return '';
  const named = events.slice(0, MAX_EVENTS).map((event) => `'${event}'`);
  const left = events.length - named.length;
  if (left > 0) named.push(`${left} more`);
  const last = named.pop() ?? '';
  return named.length === 0 ? ` for ${last}` : ` for each of ${named.join(', ')} and ${last}`;
}

/** Omits the script if it was already mentioned, but not the package and version. */
function placeBeside(owner: string, location: SourceLocation): string {
  const { script, line } = location;
  const place = owner.endsWith(script) ? `line ${line}` : `${script}:${line}`;
  return location.package === null ? place : `${place}, ${packageText(location.package)}`;
}
