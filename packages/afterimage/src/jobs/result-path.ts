/** Names the results of captures. */
import { ENCRYPTED_ENDING } from '@afterimage/image/encryption';
import { CommandError } from '../cli/command-error.js';

export interface ResultName {
  /** Name of the target; null to use its application and process. */
  target: string | null;
  /** Name of the application. */
  name: string;
  pid: number;
  time: Date;
  encrypted: boolean;
  /** What `--isolate` calls the heap; absent without that option. */
  isolate?: string | undefined;
}

export const SNAPSHOT_ENDING = '.heapsnapshot';

const DEFAULT = '{target}-{timestamp}';
const DEFAULT_OF_ISOLATE = '{target}-{timestamp}-isolate-{isolate}';
const PLACEHOLDERS = ['target', 'name', 'pid', 'timestamp', 'isolate'];

/**
 * Returns the path of a result.
 * @param output as requested, with `{target}`, `{name}`, `{pid}`, `{timestamp}` and `{isolate}`; default: a unique name in
 * this directory
 * @param ending extension of the default name
 */
export function resultPath(output: string | undefined, ending: string, result: ResultName): string {
  const { target, name, pid, time, encrypted, isolate } = result;
  const unique = isolate === undefined ? DEFAULT : DEFAULT_OF_ISOLATE;
  const template = output ?? unique + ending + (encrypted ? ENCRYPTED_ENDING : '');
  return template
    .replaceAll('{target}', target ?? `${name}-${pid}`)
    .replaceAll('{name}', name)
    .replaceAll('{pid}', String(pid))
    .replaceAll('{timestamp}', time.toISOString().replace(/[-:]|\.\d+/g, ''))
    .replaceAll('{isolate}', isolate ?? '0');
}

/**
 * Checks the path.
 * @param hasAllIsolates whether there is a result for each isolate of a target
 * @throws {CommandError} `usage` for an unknown placeholder, or several results with one name
 */
export function checkResultPath(output: string, targets: number, hasAllIsolates = false): void {
  const words = [...output.matchAll(/\{([^{}]*)\}/g)].map(([, word]) => word);
  const unknown = words.find((word) => !PLACEHOLDERS.includes(word));
  if (unknown !== undefined) {
    throw new CommandError(
      'usage',
      `-o ${output}: unknown placeholder {${unknown}}; there are {target}, {name}, {pid}, {timestamp} and {isolate}`,
    );
  }
  if (hasAllIsolates && !words.includes('isolate'))
    throw new CommandError(
      'usage',
      `-o ${output} is one file for the heaps of all threads: put {isolate} in its name`,
    );
  if (targets > 1 && !words.some((word) => word !== 'name' && word !== 'isolate'))
    throw new CommandError(
      'usage',
      `-o ${output} is one file for ${targets} targets: put {target} or {timestamp} in its name`,
    );
}
