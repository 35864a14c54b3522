/**
 * The configured path of results, with its placeholders `{name}`, `{pid}` and `{timestamp}`. Expands it for
 * one capture, and recognizes the files of earlier captures.
 */
import { basename, dirname, join } from 'node:path';
import { ENCRYPTED_ENDING } from '@afterimage/image/encryption';

const PLACEHOLDER = /\{([^{}]*)\}/g;
const SNAPSHOT = '.heapsnapshot';
const IMAGE_ENDINGS = ['.image.zst', '.image.gz'];

export interface PathTemplate {
  /** As configured, made absolute. */
  readonly text: string;
  /** True if each capture (or process) gets its own name. */
  readonly varies: boolean;
  /** Returns the path for a snapshot that this process takes at `time`. */
  expand(time: Date): string;
  /** Matches the base names of snapshots and stored images made from this template by any process. */
  readonly results: RegExp;
}

/**
 * Parses a template.
 * @throws {TypeError} on an unknown placeholder
 */
export function parsePathTemplate(text: string, name: string): PathTemplate {
  for (const [placeholder, word] of text.matchAll(PLACEHOLDER)) {
    if (word === 'name' || word === 'pid' || word === 'timestamp') continue;
    throw new TypeError(`unknown placeholder ${placeholder}; there are {name}, {pid} and {timestamp}`);
  }
  const expand = (time: Date): string =>
    text
      .replaceAll('{name}', name)
      .replaceAll('{pid}', String(process.pid))
      .replaceAll('{timestamp}', timestamp(time));
  const pattern = withoutEnding(basename(text))
    .split(/(\{(?:name|pid|timestamp)\})/)
    .map((part) => {
      if (part === '{name}') return escape(name);
      if (part === '{pid}') return '\\d+';
      return part === '{timestamp}' ? '\\d{8}T\\d{6}Z' : escape(part);
    })
    .join('');
  const plain = [basename(text).slice(withoutEnding(basename(text)).length), ...IMAGE_ENDINGS];
  const endings = [...plain, ...plain.map((ending) => ending + ENCRYPTED_ENDING)];
  return {
    text,
    varies: /\{(pid|timestamp)\}/.test(basename(text)),
    expand,
    results: new RegExp(`^${pattern}(?:${endings.map(escape).join('|')})$`),
  };
}

/**
 * Returns where to store an image that is not developed at once: next to the snapshot's path, with the same
 * base name.
 */
export function imagePath(snapshotPath: string, ending: '.image.zst' | '.image.gz'): string {
  return join(dirname(snapshotPath), withoutEnding(basename(snapshotPath)) + ending);
}

function withoutEnding(name: string): string {
  return name.endsWith(SNAPSHOT) && name !== SNAPSHOT ? name.slice(0, -SNAPSHOT.length) : name;
}

/** `20250131T235959Z`: sorts by time, and is valid in every file system. */
function timestamp(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, '');
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
