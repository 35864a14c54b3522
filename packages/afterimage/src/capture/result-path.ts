/** What the results of captures are called. */
import { ENCRYPTED_ENDING } from '@afterimage/agent/encryption';
import { CommandError } from '../command-error.js';

export interface ResultName {
  /** The application's. */
  name: string;
  pid: number;
  time: Date;
  encrypted: boolean;
}

const DEFAULT = '{name}-{pid}-{timestamp}';
const PLACEHOLDERS = ['name', 'pid', 'timestamp'];

/**
 * @param output as it was asked for, with `{name}`, `{pid}` and `{timestamp}`; by default a name of its own in this
 *   directory
 * @param ending of that default
 */
export function resultPath(output: string | undefined, ending: string, result: ResultName): string {
  const { name, pid, time, encrypted } = result;
  const template = output ?? DEFAULT + ending + (encrypted ? ENCRYPTED_ENDING : '');
  return template
    .replaceAll('{name}', name)
    .replaceAll('{pid}', String(pid))
    .replaceAll('{timestamp}', time.toISOString().replace(/[-:]|\.\d+/g, ''));
}

/** @throws {CommandError} `usage`, for an unknown placeholder, or several results under one name */
export function checkResultPath(output: string, targets: number): void {
  const words = [...output.matchAll(/\{([^{}]*)\}/g)].map(([, word]) => word);
  const unknown = words.find((word) => !PLACEHOLDERS.includes(word));
  if (unknown !== undefined) {
    throw new CommandError(
      'usage',
      `-o ${output}: unknown placeholder {${unknown}}; there are {name}, {pid} and {timestamp}`,
    );
  }
  if (targets > 1 && !words.some((word) => word === 'pid' || word === 'timestamp'))
    throw new CommandError(
      'usage',
      `-o ${output} is one file for ${targets} targets: put {pid} or {timestamp} in its name`,
    );
}
