/**
 * A Kubernetes API server for the real kubectl, on the loopback address: discovery, objects, watches, and
 * exec into real containers. It is the only test double of Kubernetes; every client is the user "dev".
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { accessReview, askedAbout } from './access-review.js';
import {
  alreadyExists,
  ApiError,
  badRequest,
  forbidden,
  noSuchPath,
  notFound,
  type Target,
} from './api-status.js';
import type { ContainerExec } from './container.js';
import { execSockets, serveExec } from './exec-session.js';
import { nextExecFault, type Faults } from './faults.js';
import type { ObjectStore } from './object-store.js';
import { newMetadata, type KubeObject, type PodObject } from './objects.js';
import { containerOf } from './pod-settings.js';
import { discovery, resources, tableOf, type Resource } from './resources.js';
import { selectorOf } from './selectors.js';

/** What is done about pods, beyond keeping their objects. */
export interface PodActions {
  create(pod: PodObject): void;
  /** Resolves when nothing of the pod is left. */
  remove(pod: PodObject, graceSeconds: number): Promise<void>;
  log(pod: PodObject): string;
  /** @throws when its container does not run */
  exec(pod: PodObject, command: string[], stdin: boolean): ContainerExec;
}

/** As in a cluster's audit log. */
export interface AuditEvent {
  verb: string;
  uri: string;
  code: number;
  user: string;
}

export interface ApiServer {
  url: string;
  auditLog: AuditEvent[];
  close(): Promise<void>;
}

export const user = 'dev';
const defaultGraceSeconds = 30;

export async function startApiServer(
  store: ObjectStore,
  pods: PodActions,
  faults: Faults,
): Promise<ApiServer> {
  const auditLog: AuditEvent[] = [];
  const upgraded = new Set<Duplex>();
  const audit = (verb: string, uri: string, code: number): void =>
    void auditLog.push({ verb, uri, code, user });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { url, target } = parse(request);
    const { verb } = target;
    try {
      await pause(faults.delayMs);
      permit(target, faults);
      if (verb === 'watch') {
        watch(target, url, response);
        return;
      }
      const body = await respond(request, target, url);
      audit(verb, request.url ?? '', 200);
      sendBody(response, verb === 'create' ? 201 : 200, body);
    } catch (error) {
      const failure = asApiError(error);
      audit(verb, request.url ?? '', failure.code);
      sendBody(response, failure.code, failure.status);
    }
  };

  const respond = async (request: IncomingMessage, target: Target, url: URL): Promise<unknown> => {
    const found = discovery(url.pathname);
    if (found !== undefined) return found;
    if (target.resource === 'selfsubjectaccessreviews') {
      return accessReview(isPermitted(askedAbout(await buffer(request)), faults));
    }
    if (target.resource === 'pods/log') return pods.log(podOf(target));
    const resource = resourceOf(target);
    if (target.verb === 'create') return create(resource, target, (await bodyOf(request)) as KubeObject);
    if (target.verb === 'delete') return remove(target, url, await bodyOf(request));
    const asTable = (request.headers.accept ?? '').includes('as=Table');
    if (target.verb === 'get') {
      const object = existing(target);
      return asTable ? tableOf(resource, [object], store.version) : object;
    }
    const items = store.list(resource.name).filter(choose(target, url));
    if (asTable) return tableOf(resource, items, store.version);
    const metadata = { resourceVersion: String(store.version) };
    return { kind: `${resource.kind}List`, apiVersion: apiVersionOf(resource), metadata, items };
  };

  const existing = (target: Target): KubeObject => {
    const object = store.get(target.resource.split('/')[0] ?? '', target.namespace ?? '', target.name ?? '');
    if (object === undefined) throw notFound(target);
    return object;
  };

  const podOf = (target: Target): PodObject => existing(target) as PodObject;

  const create = (resource: Resource, target: Target, object: KubeObject): KubeObject => {
    if (resource.name !== 'pods') throw badRequest('only pods can be created in the test bed');
    const { namespace = 'default' } = target;
    if (store.get('pods', namespace, object.metadata.name)) throw alreadyExists(target, object.metadata.name);
    const pod = { ...object, metadata: newMetadata(object.metadata, namespace) } as PodObject;
    pods.create(pod);
    return pod;
  };

  const remove = (target: Target, url: URL, options: unknown): KubeObject => {
    const pod = podOf(target);
    const { gracePeriodSeconds } = (options ?? {}) as { gracePeriodSeconds?: number };
    const asked = url.searchParams.get('gracePeriodSeconds') ?? gracePeriodSeconds;
    const grace = Number(asked ?? pod.spec.terminationGracePeriodSeconds ?? defaultGraceSeconds);
    pod.metadata.deletionTimestamp ??= new Date().toISOString();
    pod.metadata.deletionGracePeriodSeconds = grace;
    store.put('pods', pod);
    void pods.remove(pod, grace);
    return pod;
  };

  const watch = (target: Target, url: URL, response: ServerResponse): void => {
    const chosen = choose(target, url);
    const version = Number(url.searchParams.get('resourceVersion') ?? store.version);
    audit('watch', `${url.pathname}${url.search}`, 200);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const stop = store.watch(version, ({ type, resource, object }) => {
      if (resource === target.resource && chosen(object))
        response.write(`${JSON.stringify({ type, object })}\n`);
    });
    response.on('close', stop);
  };

  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const { url, target } = parse(request);
    socket.on('error', () => undefined); // 'close' reports that the client is gone
    upgraded.add(socket);
    socket.on('close', () => upgraded.delete(socket));
    try {
      await pause(faults.delayMs);
      permit(target, faults);
      // Current servers require both for WebSocket.
      permit({ ...target, verb: 'create' }, faults);
      const pod = execPod(target, url.searchParams);
      // kubectl falls back to SPDY after a refusal, and shows the answer to that.
      if (request.headers.upgrade?.toLowerCase() !== 'websocket')
        throw badRequest('exec is over WebSocket only');
      const exec = pods.exec(
        pod,
        url.searchParams.getAll('command'),
        url.searchParams.get('stdin') === 'true',
      );
      audit(target.verb, request.url ?? '', 101);
      execSockets.handleUpgrade(request, socket, head, (webSocket) => {
        webSocket.on('error', () => undefined);
        void serveExec(webSocket, exec, nextExecFault(faults));
      });
    } catch (error) {
      const { code, status } = asApiError(error);
      audit(target.verb, request.url ?? '', code);
      const body = JSON.stringify(status);
      const headers = `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close`;
      socket.end(`HTTP/1.1 ${code} Refused\r\n${headers}\r\n\r\n${body}`);
    }
  };

  /** Refuses like a cluster does. */
  const execPod = (target: Target, query: URLSearchParams): PodObject => {
    const pod = podOf(target);
    const { phase, containerStatuses } = pod.status;
    const { name, namespace = '' } = pod.metadata;
    const container = query.get('container') ?? containerOf(pod).name;
    if (container !== containerOf(pod).name) {
      throw badRequest(`container ${container} is not valid for pod ${name}`);
    }
    if (['Succeeded', 'Failed'].includes(phase)) {
      throw badRequest(`cannot exec into a container in a completed pod; current phase is ${phase}`);
    }
    if (containerStatuses[0]?.state.running === undefined) {
      const message = `unable to upgrade connection: container not found ("${container}")`;
      throw new ApiError(500, 'InternalError', `${message} in pod ${name}_${namespace}`);
    }
    return pod;
  };

  const server = createServer((request, response) => void answer(request, response));
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    void upgrade(request, socket, head);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    auditLog,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      for (const socket of upgraded) socket.destroy(); // silent ones would stay open
      await closed;
    },
  };
}

/** What the request is about. The resource is empty for discovery. */
function parse(request: IncomingMessage): { url: URL; target: Target } {
  const url = new URL(request.url ?? '/', 'http://server');
  const [, group = '', rest = ''] = /^\/(?:api|apis\/([^/]+))\/[^/]+\/(.+)$/.exec(url.pathname) ?? [];
  const [, namespace, kind = '', name, subresource] =
    /^(?:namespaces\/([^/]+)\/(?=.))?([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(rest) ?? [];
  const resource = subresource === undefined ? kind : `${kind}/${subresource}`;
  const verb = verbOf(request, url, name);
  return {
    url,
    target: {
      verb,
      group,
      resource,
      ...(namespace !== undefined && { namespace }),
      ...(name !== undefined && { name }),
    },
  };
}

function verbOf({ method }: IncomingMessage, url: URL, name: string | undefined): string {
  if (method === 'POST') return 'create';
  if (method === 'DELETE') return 'delete';
  if (method !== 'GET') return (method ?? '').toLowerCase();
  if (['1', 'true'].includes(url.searchParams.get('watch') ?? '')) return 'watch';
  return name === undefined && discovery(url.pathname) === undefined ? 'list' : 'get';
}

function permit(target: Target, faults: Faults): void {
  if (!isPermitted(target, faults)) throw forbidden(target, user);
}

function isPermitted({ verb, resource }: Target, faults: Faults): boolean {
  return !faults.forbidden.some((each) => each.verb === verb && each.resource === resource);
}

function resourceOf({ resource, group }: Target): Resource {
  const found = resources.find((each) => each.name === resource && each.group === group);
  if (found === undefined) throw noSuchPath();
  return found;
}

function apiVersionOf({ group, version }: Resource): string {
  return group === '' ? version : `${group}/${version}`;
}

function choose({ namespace, name }: Target, url: URL): (object: KubeObject) => boolean {
  const selected = selectorOf(url.searchParams);
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    (name === undefined || object.metadata.name === name) &&
    selected(object);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const body = await text(request);
  return body === '' ? undefined : JSON.parse(body);
}

function sendBody(response: ServerResponse, code: number, body: unknown): void {
  const isText = typeof body === 'string';
  response.writeHead(code, { 'content-type': isText ? 'text/plain' : 'application/json' });
  response.end(isText ? body : JSON.stringify(body));
}

function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(500, 'InternalError', String(error));
}
