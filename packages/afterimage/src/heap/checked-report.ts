/** Checks what a kit in a container says of a heap: none of it is taken for granted. */
import type { ClassSample, SampledClass } from '@afterimage/v8-heap/class-sample';
import type { LiveIsolate } from '@afterimage/v8-heap/process-isolates';
import { CommandError } from '../cli/command-error.js';
import { checkedFigures } from './figures.js';
import { foreignValues } from './foreign-values.js';
import type { HeapReport } from './report.js';

const MAX_CLASSES = 2_000;
const MAX_TEXT = 1_000;
const MAX_THREADS = 256;

/**
 * Copies what belongs there, and nothing else.
 * @param from the container, for the message
 * @throws {CommandError} `failed` if something is missing or of another type
 */
export function checkedReport(value: unknown, from: string): HeapReport {
  const wrong = (): CommandError =>
    new CommandError('failed', `${from} returned unexpected data instead of a report on a heap`);
  const { record, figure, text } = foreignValues(MAX_TEXT, wrong);
  const sampled = (each: unknown): SampledClass => {
    const { name, count, bytes, countMargin, bytesMargin } = record(each);
    return {
      name: text(name),
      count: figure(count),
      bytes: figure(bytes),
      countMargin: figure(countMargin),
      bytesMargin: figure(bytesMargin),
    };
  };
  const sample = (each: unknown): ClassSample => {
    const { classes, sampledShare, committedBytes } = record(each);
    if (!Array.isArray(classes)) throw wrong();
    return {
      classes: classes.slice(0, MAX_CLASSES).map(sampled),
      sampledShare: figure(sampledShare),
      committedBytes: figure(committedBytes),
    };
  };
  const optional = <T>(each: unknown, check: (value: unknown) => T): T | null =>
    each === null || each === undefined ? null : check(each);
  const thread = (each: unknown): LiveIsolate => {
    const { threadId, name, script, usedBytes, committedBytes } = record(each);
    return {
      threadId: optional(threadId, figure),
      name: optional(name, text),
      script: optional(script, text),
      usedBytes: figure(usedBytes),
      committedBytes: figure(committedBytes),
    };
  };
  const list = (each: unknown): unknown[] => {
    if (!Array.isArray(each)) throw wrong();
    return each.slice(0, MAX_THREADS);
  };
  const { pid, nodeVersion, rssBytes, figures, noFigures, classes, noClasses, threads } = record(value);
  if (figures === null && classes === null) throw wrong();
  return {
    pid: figure(pid),
    nodeVersion: text(nodeVersion),
    rssBytes: figure(rssBytes),
    figures: figures === null ? null : checkedFigures(figures, from),
    noFigures: noFigures === null ? null : text(noFigures),
    classes: classes === null ? null : sample(classes),
    noClasses: noClasses === null ? null : text(noClasses),
    threads: optional(threads, list)?.map(thread) ?? null,
  };
}
