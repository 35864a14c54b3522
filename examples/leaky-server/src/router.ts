/** A small router on node:http: method and path pattern to handler, JSON in and out, errors to status codes. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

export interface Request {
  parameters: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  /** Reads the body, a JSON object. Throws {@link HttpError} 400 or 413. */
  json: () => Promise<Record<string, unknown>>;
}

export interface Reply {
  status?: number;
  body: unknown;
}

export type Handler = (request: Request) => Reply | Promise<Reply>;

export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface Route {
  method: string;
  /** As registered, for metrics. */
  pattern: string;
  segments: string[];
  handler: Handler;
}

const MAX_BODY_BYTES = 64 * 1024;

export class Router {
  readonly #routes: Route[] = [];

  /** Segments that start with a colon are parameters: `/orders/:id`. */
  on(method: string, pattern: string, handler: Handler): void {
    this.#routes.push({ method, pattern, segments: pattern.split('/'), handler });
  }

  /** `onDone` hears of each request's route, status and duration in ms. */
  listener(onDone: (route: string, status: number, ms: number) => void): RequestListener {
    return (incoming, response) => {
      const begin = performance.now();
      const url = new URL(incoming.url ?? '/', 'http://localhost');
      const match = this.#match(incoming.method ?? 'GET', url.pathname);
      const run = async (): Promise<Reply> => {
        if (!match) throw new HttpError(404, `no route for ${incoming.method ?? ''} ${url.pathname}`);
        return match.route.handler({
          parameters: match.parameters,
          query: url.searchParams,
          headers: incoming.headers,
          json: () => readJson(incoming),
        });
      };
      void run()
        .catch((error: unknown) => failure(error))
        .then((reply) => {
          send(response, reply);
          onDone(match?.route.pattern ?? 'none', response.statusCode, performance.now() - begin);
        });
    };
  }

  #match(method: string, path: string): { route: Route; parameters: Record<string, string> } | undefined {
    const segments = path.split('/');
    for (const route of this.#routes) {
      if (route.method !== method || route.segments.length !== segments.length) continue;
      const parameters: Record<string, string> = {};
      const fits = route.segments.every((segment, index) => {
        const value = segments[index] ?? '';
        if (!segment.startsWith(':')) return segment === value;
        parameters[segment.slice(1)] = value;
        return value !== '';
      });
      if (fits) return { route, parameters };
    }
    return undefined;
  }
}

async function readJson(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new HttpError(413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  const value = parse(Buffer.concat(chunks).toString());
  if (typeof value !== 'object' || value === null) throw new HttpError(400, 'the body is not a JSON object');
  return value as Record<string, unknown>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(error: unknown): Reply {
  if (error instanceof HttpError) return { status: error.status, body: { error: error.message } };
  return { status: 500, body: { error: error instanceof Error ? error.message : 'unknown' } };
}

function send(response: ServerResponse, { status = 200, body }: Reply): void {
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length });
  response.end(text);
}
