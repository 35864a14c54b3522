/** The options that say which process of a pod or a container is meant, and how long to wait for it. */
import { Option, type Command } from 'commander';
import { WAIT_MS } from '../attach/borrowed-inspector.js';
import { wholeNumber } from '../cli/whole-number.js';
import type { PodQuery } from '../container/pods.js';
import { processId } from '../processes/process-id.js';
import type { TargetOptions } from './targets.js';

/** As commander parses them. */
export interface GivenTarget extends PodQuery {
  pid?: number;
  node?: string;
  /** Seconds. */
  wait?: number;
}

export function addTargetOptions(command: Command): Command {
  const waiting = `how long to wait for a main thread that is in native code; by default ${WAIT_MS / 1000}`;
  return command
    .option('-n, --namespace <name>', "namespace (default: the kubeconfig context's)")
    .option('-c, --container <name>', 'container of the pod, if it has several')
    .option('-l, --selector <labels>', 'select pods by labels instead of names')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--kubeconfig <file>', 'kubeconfig file for kubectl')
    .option('--pid <number>', 'process ID in the container, if it has several Node.js processes', processId)
    .option('--node <path>', 'path of Node.js in the container')
    .addOption(new Option('--wait <seconds>', waiting).argParser(wholeNumber));
}

/** Combines them with what only the verb knows. */
export function targetOptions(
  { pid, node, namespace, context, kubeconfig, container, selector, wait }: GivenTarget,
  ofVerb: Pick<TargetOptions, 'all' | 'inCluster' | 'agent' | 'isolate'>,
): TargetOptions {
  return {
    ...{ namespace, context, kubeconfig, container, selector, pid, node, ...ofVerb },
    waitMs: wait === undefined ? undefined : wait * 1000,
  };
}
