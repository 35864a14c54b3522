/**
 * Structures of Node.js itself in which a program's objects accumulate: what they are, and what a program can
 * do about them, because it cannot bound or empty them directly.
 */
import type { SuspectKind } from './suspect.js';

export interface NodeStructure {
  /** Accumulations in the same structure have one cause. */
  id: string;
  kind: SuspectKind;
  /** Description of the place: `Node's performance timeline`. */
  place: string;
  signs: string;
  todo: string;
  /** Names of functions by which a program adds to it. */
  calls: string[];
  /**
   * Whether it is part of an object that the program made and that is a better name: its agent, its signal.
   */
  isOfObject: boolean;
}

interface Rule extends NodeStructure {
  /** Matches the name of an edge on the path to what accumulates, or a class there. */
  edge: RegExp;
  class?: RegExp;
}

const RULES: Rule[] = [
  {
    id: 'performance-timeline',
    kind: 'performance-entries',
    edge: /^(markEntryBuffer|measureEntryBuffer|markTimings)$/,
    place: "Node's performance timeline",
    signs: 'performance.mark() and performance.measure() keep every entry until it is cleared',
    todo: 'call performance.clearMarks() and performance.clearMeasures() once they have been read',
    calls: ['mark', 'measure', 'clearMarks'],
    isOfObject: false,
  },
  {
    id: 'resource-timing',
    kind: 'performance-entries',
    edge: /^(resourceTimingBuffer|resourceTimingSecondaryBuffer)$/,
    place: "Node's resource timing buffer",
    signs: 'fetch() leaves an entry for each request, by default at most 250',
    todo: 'call performance.clearResourceTimings(), or set a smaller limit by performance.setResourceTimingBufferSize()',
    calls: ['fetch', 'setResourceTimingBufferSize'],
    isOfObject: false,
  },
  {
    id: 'es-modules',
    kind: 'modules',
    edge: /^(loadCache|#?resolveCache|moduleMap|#?loadCache|importedModules)$/,
    class: /^(LoadCache|ResolveCache|ModuleMap|ModuleLoader|ModuleJob|ModuleWrap)$/,
    place: "Node's ES module cache",
    signs: 'each URL that import() is given is a module of its own, which is never released',
    todo: 'import one URL, without a query that changes; to load a file again, read it, or load it in a worker',
    calls: [],
    isOfObject: false,
  },
  {
    id: 'timers',
    kind: 'timers',
    edge: /^timerListMap$/,
    class: /^TimersList$/,
    place: "Node's timer lists",
    signs: 'timers that are started and not cleared',
    todo: 'call clearInterval or clearTimeout when what they were started for ends',
    calls: [],
    isOfObject: false,
  },
  {
    id: 'abort-signals',
    kind: 'abort-listeners',
    edge: /^(gcPersistentSignals|kDependantSignals|kSourceSignals|\w*SignalsCleanupRegistry)$/,
    place: "Node's registry of AbortSignals",
    signs:
      'AbortSignal.any() ties each new signal to its sources, and signals with listeners stay as long as a source does',
    todo: 'remove the listeners when the work is done, or compose from signals that do not outlive it',
    calls: ['any'],
    isOfObject: true,
  },
  {
    id: 'agent-sockets',
    kind: 'sockets',
    edge: /^freeSockets$/,
    place: 'the idle sockets of an http.Agent',
    signs: 'the agent keeps a socket to each host for its next request',
    todo: 'set maxFreeSockets, maxTotalSockets or a timeout on the agent, or call agent.destroy() when it is no longer used',
    calls: [],
    isOfObject: true,
  },
];

/**
 * Returns the structure that the path to an accumulation passes through, or null. `edges` are plain names,
 * from the root.
 */
export function nodeStructureOf(edges: readonly string[], classes: readonly string[]): NodeStructure | null {
  return (
    RULES.find((rule) => edges.some((name) => rule.edge.test(name))) ??
    RULES.find(({ class: pattern }) => pattern !== undefined && classes.some((name) => pattern.test(name))) ??
    null
  );
}
