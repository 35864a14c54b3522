/** The verbs of the command. Each is loaded only if it is used: loading takes longer than most verbs take to run. */
import type { Command } from 'commander';

export const verbs: Record<string, () => Promise<Command>> = {
  ps: async () => (await import('./ps.js')).psCommand(),
  memory: async () => (await import('./memory.js')).memoryCommand(),
  descriptors: async () => (await import('./descriptors.js')).descriptorsCommand(),
  heap: async () => (await import('./heap.js')).heapCommand(),
  capture: async () => (await import('./capture.js')).captureCommand(),
  develop: async () => (await import('./develop.js')).developCommand(),
  analyze: async () => (await import('./analyze.js')).analyzeCommand(),
  diff: async () => (await import('./diff.js')).diffCommand(),
  path: async () => (await import('./path.js')).pathCommand(),
  retainers: async () => (await import('./retainers.js')).retainersCommand(),
  instances: async () => (await import('./instances.js')).instancesCommand(),
  strings: async () => (await import('./strings.js')).stringsCommand(),
  redact: async () => (await import('./redact.js')).redactCommand(),
  completion: async () => (await import('./completion.js')).completionCommand(everyVerb),
  verify: async () => (await import('./verify.js')).verifyCommand(),
};

/** Loads all verbs, for what lists them. */
export function everyVerb(): Promise<Command[]> {
  return Promise.all(Object.values(verbs).map((load) => load()));
}
