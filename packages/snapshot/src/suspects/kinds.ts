/**
 * Classifies leaks by what accumulates and by the path to it. Each kind is a condition on the evidence, with
 * its advice; the first that matches counts, so the most specific come first.
 */
import type { SuspectKind } from './suspect.js';

export interface Evidence {
  /** Class or shape of what accumulates. */
  className: string;
  /** Class of its holder. */
  holderClass: string;
  /** Names of edges on the path from the root to what accumulates. */
  edges: string[];
  /** Classes on that path, including what accumulates. */
  classes: string[];
  /** Whether the same few nodes get bigger. */
  inSize: boolean;
  /** Whether the accumulated objects refer to one another. */
  linked: boolean;
  /** What most of the bytes are: memory of buffers, strings of which a slice is kept, or something else. */
  mostly: 'buffers' | 'sliced strings' | '';
  /** If no JavaScript holds it: an open handle of Node, or native code. */
  native: 'handle' | 'addon' | null;
  /** Whether the holder's owner has a property such as `max`, so that it is already bounded. */
  hasLimit: boolean;
}

export interface Told {
  kind: SuspectKind;
  /** What the leak looks like. */
  signs: string;
  /** Advice. */
  todo: string;
}

interface Kind extends Told {
  fits: (evidence: Evidence) => boolean;
}

const has = (names: string[], pattern: RegExp): boolean => names.some((name) => pattern.test(name));
const isFunction = ({ className }: Evidence): boolean => className === 'Function' || className.endsWith('()');

/** Names under which programs and libraries keep functions to call when something happens. */
const LISTENERS =
  /^(_events|_?event_?listeners?|_?listeners?|_?handlers?|subscribers?|subscriptions?|observers?|callbacks?|hooks?|kEvents|all|interceptors)$/i;

const KINDS: Kind[] = [
  {
    kind: 'native-references',
    fits: ({ native }) => native === 'addon',
    signs: 'native code refers to them, and nothing in JavaScript does',
    todo: 'close or destroy what they belong to; if that is done, the fault is in a native addon: update it',
  },
  {
    kind: 'abort-listeners',
    fits: ({ classes }) =>
      has(classes, /^Abort(Signal|Controller)$/) && has(classes, /Listener|^Map$|Weak|^Set$|AbortSignal/),
    signs: 'listeners on an AbortSignal that outlives what they were added for',
    todo: 'remove them when the work is done, or give each piece of work a signal of its own',
  },
  {
    kind: 'timers',
    fits: ({ className, holderClass, classes, edges }) =>
      /^(Timeout|Immediate)$/.test(className) ||
      holderClass === 'TimersList' ||
      (classes.includes('TimersList') &&
        has(edges, /^_idleNext$|^_onTimeout$/) &&
        /^(Timeout|TimersList)$/.test(holderClass)),
    signs: 'timers that are started and not cleared',
    todo: 'call clearInterval or clearTimeout when what they were started for ends',
  },
  {
    kind: 'message-ports',
    fits: ({ className }) => /^(MessagePort|MessageChannel|Worker|BroadcastChannel)$/.test(className),
    signs: 'message ports or workers that are not closed',
    todo: 'call close() or terminate() on each',
  },
  {
    kind: 'weak-references',
    fits: ({ className, holderClass }) =>
      className === 'WeakRef' || /^(FinalizationRegistry|WeakMap|WeakSet)$/.test(holderClass),
    signs:
      'weak references or registrations that stay when their targets are gone, or values that keep their own keys alive',
    todo: 'remove the entries, and hold nothing strongly that leads back to the target',
  },
  {
    kind: 'event-listeners',
    fits: (evidence) =>
      (isFunction(evidence) ||
        evidence.className === 'Array' ||
        /listener|handler|^EE$/i.test(evidence.className)) &&
      has(evidence.edges, LISTENERS),
    signs: 'listeners are added again and again and not removed',
    todo: 'remove each when its owner goes, or add it once',
  },
  {
    kind: 'async-context',
    fits: ({ edges, classes }) =>
      has(classes, /^(AsyncLocalStorage|AsyncContextFrame)$/) || has(edges, /kResourceStore|async_context/),
    signs: 'an asynchronous context (AsyncLocalStorage) that does not end keeps them',
    todo: 'do not collect in the store, and leave the context when the work is done',
  },
  {
    kind: 'metrics',
    fits: ({ classes, edges }) =>
      has(classes, /^(Counter|Gauge|Histogram|Summary|Registry|Metric|Meter)$/) ||
      has(edges, /^hashMap$|labelValues|^metrics$/i),
    signs: 'label values of a metric without a bound, each of which makes a time series',
    todo: 'leave ids, paths and messages out of labels',
  },
  {
    kind: 'promises',
    fits: ({ className, classes }) =>
      /^(Promise|PromiseReaction|system \/ PromiseReaction|AsyncFunction|AsyncGenerator|Generator)$/.test(
        className,
      ) ||
      has(classes.slice(-2), /PromiseReaction/) ||
      classes[classes.length - 2] === 'Promise',
    signs: 'promises that are not settled, or are kept after they were',
    todo: 'give what they wait for a time limit, and drop them when done',
  },
  {
    kind: 'requests',
    fits: ({ className }) =>
      /^(IncomingMessage|ClientRequest|ServerResponse|OutgoingMessage|Request|Response|Http2Stream|ServerHttp2Stream)$/.test(
        className,
      ),
    signs: 'requests or responses that are kept after they ended, or do not end',
    todo: 'finish or abort them, and keep only the few values needed',
  },
  {
    kind: 'sockets',
    fits: ({ className }) =>
      /^[^{].*socket$|^(Socket|TCP|Pipe|TLSWrap|Http2Session|Connection|Client)$/i.test(className),
    signs: 'connections that are not closed, or not removed from the list when they are',
    todo: 'remove them on close and error',
  },
  {
    kind: 'streams',
    fits: ({ className }) =>
      /^[^{(]*stream|^(Readable|Writable|Duplex|Transform|PassThrough|Gzip|Gunzip|Deflate|Inflate)/i.test(
        className,
      ),
    signs: 'streams that are not ended or destroyed',
    todo: 'use pipeline(), and destroy them on error',
  },
  {
    kind: 'errors',
    fits: ({ className }) => /(Error|Exception)$/.test(className),
    signs: 'errors that are kept, each with its stack and all that its cause refers to',
    todo: 'keep their messages, and a bounded number',
  },
  {
    kind: 'objects',
    fits: ({ className, classes }) =>
      /^(Instance|Memory|WebAssembly\..*)$/.test(className) && !has(classes.slice(-2), /^\{/),
    signs: "WebAssembly instances, each with its own memory outside V8's heap",
    todo: 'drop each when it is no longer used (dispose() or free() where the library has it), or share one',
  },
  {
    kind: 'objects',
    fits: ({ className }) => /^SecureContext$/.test(className),
    signs: "TLS contexts, each with certificates outside V8's heap that weigh more than the object",
    todo: 'create one for each certificate and share it, and drop it when the certificate goes',
  },
  {
    kind: 'buffers',
    fits: ({ className, mostly }) =>
      mostly === 'buffers' ||
      /^(Buffer|FastBuffer|ArrayBuffer|SharedArrayBuffer|DataView|.*(Int|Uint|Float)\d+(Clamped)?Array|system \/ JSArrayBufferData)$/.test(
        className,
      ),
    signs: 'buffers that are kept',
    todo: 'bound them; a small slice keeps all the memory it was cut from, so copy what is kept (Buffer.from, structuredClone)',
  },
  {
    kind: 'strings',
    fits: ({ className, inSize, linked, mostly }) =>
      mostly === 'sliced strings' ||
      className === '(sliced string)' ||
      (/string\)$/.test(className) && (inSize || linked)),
    signs: 'strings that are kept',
    todo: 'copy the part that is kept, since it keeps the whole it was cut from, and do not append to one string for good',
  },
  {
    kind: 'native-references',
    fits: ({ native }) => native === 'handle',
    signs: 'handles that stay open, and that no JavaScript refers to',
    todo: 'close or destroy each when its work is done',
  },
  {
    kind: 'linked-list',
    fits: ({ linked }) => linked,
    signs: 'a chain that gets longer',
    todo: 'find what should remove its links',
  },
  {
    kind: 'numbers',
    fits: ({ inSize, holderClass }) => inSize && /^(Array|Map|Set|Object)$/.test(holderClass),
    signs: 'a collection of numbers or other small values that is only added to',
    todo: 'bound it, or keep a sum',
  },
  {
    kind: 'collection',
    fits: ({ holderClass, hasLimit }) =>
      hasLimit && /Map$|Set$|Array$|Object$|Cache|LRU|Store|^\{/.test(holderClass),
    signs: 'a cache with a limit that it has not reached',
    todo: 'check that its limit fits the memory that is there',
  },
  {
    kind: 'collection',
    fits: ({ holderClass }) => /Map$|Set$|Cache|LRU|Store/.test(holderClass),
    signs: 'entries are added and not removed',
    todo: 'give it a bound or an expiry, or delete entries when their owner goes',
  },
  {
    kind: 'closures',
    fits: (evidence) => isFunction(evidence) || evidence.className.startsWith('system / Context'),
    signs: 'functions are kept, each with the variables of the function it was made in',
    todo: 'drop them when they have run',
  },
  {
    kind: 'array',
    fits: ({ holderClass }) => holderClass === 'Array',
    signs: 'elements are pushed and not removed',
    todo: 'bound it, or remove what has been dealt with',
  },
  {
    kind: 'module-state',
    fits: ({ holderClass }) => holderClass.startsWith('system / Context') || holderClass === 'Module',
    signs: 'state of a module, or of a function that does not return, which grows',
    todo: 'bound it, or reset it when the work is done',
  },
  {
    kind: 'object-as-map',
    fits: ({ holderClass }) => holderClass === 'Object' || holderClass.startsWith('{'),
    signs: 'an object used as a map, to which properties are added and not deleted',
    todo: 'give it a bound or an expiry, or delete properties when their owner goes',
  },
];

export function kindOf(evidence: Evidence): Told {
  return (
    KINDS.find(({ fits }) => fits(evidence)) ?? {
      kind: 'objects',
      signs: 'objects that are kept',
      todo: 'find what should let go of them',
    }
  );
}
