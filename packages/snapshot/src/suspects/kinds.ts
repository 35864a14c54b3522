/**
 * What a leak looks like, told by what accumulates and by the way there. Each kind is a question about the
 * evidence and the advice that goes with it; the first that fits counts, so the telling ones stand first.
 */
import type { SuspectKind } from './suspect.js';

export interface Evidence {
  /** Class or shape of what accumulates. */
  className: string;
  /** Class of what holds it. */
  holderClass: string;
  /** Names of edges on the way from the root to what accumulates. */
  edges: string[];
  /** Classes on that way, what accumulates included. */
  classes: string[];
  /** Whether it is the same few nodes that get bigger. */
  inSize: boolean;
  /** Whether what accumulates hangs on one another. */
  linked: boolean;
  /** What most of the bytes are: memory behind buffers, strings of which a slice is kept, or something else. */
  mostly: 'buffers' | 'sliced strings' | '';
}

interface Kind {
  kind: SuspectKind;
  fits: (evidence: Evidence) => boolean;
  /** What it looks like, and what to check. */
  advice: string;
}

const has = (names: string[], pattern: RegExp): boolean => names.some((name) => pattern.test(name));
const isFunction = ({ className }: Evidence): boolean => className === 'Function' || className.endsWith('()');

const KINDS: Kind[] = [
  {
    kind: 'abort-listeners',
    fits: ({ classes }) =>
      has(classes, /^Abort(Signal|Controller)$/) && has(classes, /Listener|^Map$|Weak|^Set$|AbortSignal/),
    advice:
      'listeners on an AbortSignal that outlives what they were added for; remove them when the work is done, or give each piece of work a signal of its own',
  },
  {
    kind: 'timers',
    fits: ({ className, holderClass, classes, edges }) =>
      /^(Timeout|Immediate)$/.test(className) ||
      holderClass === 'TimersList' ||
      (classes.includes('TimersList') &&
        has(edges, /^_idleNext$|^_onTimeout$/) &&
        /^(Timeout|TimersList)$/.test(holderClass)),
    advice:
      'timers that are never cleared; call clearInterval or clearTimeout when what they were started for ends',
  },
  {
    kind: 'message-ports',
    fits: ({ className }) => /^(MessagePort|MessageChannel|Worker|BroadcastChannel)$/.test(className),
    advice: 'message ports or workers that are never closed; call close() or terminate() on each',
  },
  {
    kind: 'weak-references',
    fits: ({ className, holderClass }) =>
      className === 'WeakRef' || /^(FinalizationRegistry|WeakMap|WeakSet)$/.test(holderClass),
    advice:
      'weak references or registrations that stay when their targets are gone, or values that keep their own keys alive; remove the entries, and hold nothing strongly that leads back to the target',
  },
  {
    kind: 'event-listeners',
    fits: (evidence) =>
      (isFunction(evidence) ||
        evidence.className === 'Array' ||
        /listener|handler|^EE$/i.test(evidence.className)) &&
      has(
        evidence.edges,
        /^(_events|listeners?|_listeners|handlers?|_handlers|subscribers?|subscriptions?|observers?|callbacks?|hooks?|kEvents|all|interceptors)$/i,
      ),
    advice:
      'listeners that are added again and again and never removed; remove each when its owner goes, or add it once',
  },
  {
    kind: 'async-context',
    fits: ({ edges, classes }) =>
      has(classes, /^(AsyncLocalStorage|AsyncContextFrame)$/) || has(edges, /kResourceStore|async_context/),
    advice:
      'what is kept in an asynchronous context (AsyncLocalStorage) that does not end; do not collect in the store, and leave the context when the work is done',
  },
  {
    kind: 'metrics',
    fits: ({ classes, edges }) =>
      has(classes, /^(Counter|Gauge|Histogram|Summary|Registry|Metric|Meter)$/) ||
      has(edges, /^hashMap$|labelValues|^metrics$/i),
    advice:
      'label values of a metric without a bound, each of which makes a time series; leave ids, paths and messages out of labels',
  },
  {
    kind: 'promises',
    fits: ({ className, classes }) =>
      /^(Promise|PromiseReaction|system \/ PromiseReaction|AsyncFunction|AsyncGenerator|Generator)$/.test(
        className,
      ) ||
      has(classes.slice(-2), /PromiseReaction/) ||
      classes[classes.length - 2] === 'Promise',
    advice:
      'promises that are never settled, or kept after they were; give what they wait for a time limit, and drop them when done',
  },
  {
    kind: 'requests',
    fits: ({ className }) =>
      /^(IncomingMessage|ClientRequest|ServerResponse|OutgoingMessage|Request|Response|Http2Stream|ServerHttp2Stream)$/.test(
        className,
      ),
    advice:
      'requests or responses that are kept after they ended, or never end; finish or abort them, and keep only the few values needed',
  },
  {
    kind: 'sockets',
    fits: ({ className }) =>
      /^[^{].*socket$|^(Socket|TCP|Pipe|TLSWrap|Http2Session|Connection|Client)$/i.test(className),
    advice:
      'connections that are never closed or never taken out of the list; remove them on close and error',
  },
  {
    kind: 'streams',
    fits: ({ className }) =>
      /^[^{(]*stream|^(Readable|Writable|Duplex|Transform|PassThrough|Gzip|Gunzip|Deflate|Inflate)/i.test(
        className,
      ),
    advice: 'streams that are never ended or destroyed; use pipeline(), and destroy them on error',
  },
  {
    kind: 'errors',
    fits: ({ className }) => /(Error|Exception)$/.test(className),
    advice:
      'errors that are kept, each with its stack and all that its cause refers to; keep their messages, and a bounded number',
  },
  {
    kind: 'buffers',
    fits: ({ className, mostly }) =>
      mostly === 'buffers' ||
      /^(Buffer|FastBuffer|ArrayBuffer|SharedArrayBuffer|DataView|.*(Int|Uint|Float)\d+(Clamped)?Array|system \/ JSArrayBufferData)$/.test(
        className,
      ),
    advice:
      'buffers that are kept; a small slice keeps all the memory it was cut from, so copy what is kept (Buffer.from, structuredClone) and bound it',
  },
  {
    kind: 'strings',
    fits: ({ className, inSize, linked, mostly }) =>
      mostly === 'sliced strings' ||
      className === '(sliced string)' ||
      (/string\)$/.test(className) && (inSize || linked)),
    advice:
      'strings that are kept; a part of a large string keeps all of it, and one that is added to again and again never shrinks',
  },
  {
    kind: 'linked-list',
    fits: ({ linked }) => linked,
    advice: 'a chain that gets longer and longer; find what should take its links out again',
  },
  {
    kind: 'numbers',
    fits: ({ inSize, holderClass }) => inSize && /^(Array|Map|Set|Object)$/.test(holderClass),
    advice:
      'a collection of numbers or other small values that is only ever added to; bound it, or sum it up',
  },
  {
    kind: 'collection',
    fits: ({ holderClass }) => /Map$|Set$|Cache|LRU|Store/.test(holderClass),
    advice:
      'entries that are added and never removed; give it a bound or an expiry, or delete entries when their owner goes',
  },
  {
    kind: 'closures',
    fits: (evidence) => isFunction(evidence) || evidence.className.startsWith('system / Context'),
    advice:
      'functions that are kept, each with all the variables of the function it was made in; drop them when they have run',
  },
  {
    kind: 'array',
    fits: ({ holderClass }) => holderClass === 'Array',
    advice: 'an array that is pushed to and never shortened; bound it, or take out what has been dealt with',
  },
  {
    kind: 'module-state',
    fits: ({ holderClass }) => holderClass.startsWith('system / Context') || holderClass === 'Module',
    advice: 'state of a module, or of a function that never returns, which only ever grows',
  },
  {
    kind: 'object-as-map',
    fits: ({ holderClass }) => holderClass === 'Object' || holderClass.startsWith('{'),
    advice:
      'an object used as a map, to which properties are added and never deleted; give it a bound or an expiry',
  },
];

export function kindOf(evidence: Evidence): { kind: SuspectKind; advice: string } {
  return (
    KINDS.find(({ fits }) => fits(evidence)) ?? {
      kind: 'objects',
      advice: 'objects that are kept; find what should let go of them',
    }
  );
}
