/**
 * A small cluster on this machine: real runc containers behind an API server that the real kubectl talks to.
 * Only that server, including the kubelet's part, is a test double. This exports what tests need.
 */
export { clusterMissing, startCluster, type Cluster } from './cluster.js';
export type { AuditEvent } from './api-server.js';
export type { ContainerMemory } from './container-cgroup.js';
export type { Faults } from './faults.js';
export type { KubectlOptions, KubectlResult, KubectlVersion } from './kubectl.js';
export type { Load, LoadCounts } from './pod-network.js';
export type { PodSettings } from './pod-manifest.js';
export type { Pod } from './pod.js';
export { defaultPort } from './pod.js';
export type { Image } from './root-file-system.js';
export { startDocker, type Docker } from './docker.js';
export { startPodman } from './podman.js';
export type { ToolContainer, ToolSettings } from './run-arguments.js';
