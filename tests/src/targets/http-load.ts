/** HTTP load on the load server: keep-alive connections, each asking again as soon as it was answered. */
import { Agent, get } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { label, plantedCount } from '../fixtures/planted.js';

export interface Load {
  readonly served: number;
  /** A line for each request that was refused, cut off, late or answered wrongly. */
  readonly failures: readonly string[];
  /** Lets the requests under way end, and closes the connections. */
  stop(): Promise<void>;
}

/** A request without an answer for this long has failed. */
const answerWithinMs = 30_000;

export function startLoad(port: number, connections = 6): Load {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const failures: string[] = [];
  let served = 0;
  let stopped = false;

  async function ask(index: number): Promise<void> {
    while (!stopped) {
      index = (index + 1) % plantedCount;
      try {
        const { label: answered } = (await getJson(port, `/${index}`, agent)) as { label: string };
        if (answered !== label(index)) throw new Error(`answered ${answered}`);
        served++;
      } catch (error) {
        failures.push(`/${index}: ${String(error)}`);
      }
      await pause(20);
    }
  }

  const asking = Array.from({ length: connections }, (_, n) => ask(n * 100));
  return {
    get served() {
      return served;
    },
    failures,
    async stop() {
      stopped = true;
      await Promise.all(asking);
      agent.destroy();
    },
  };
}

/** @throws when the answer is not 200, not JSON or not there within 30 s */
export async function getJson(port: number, path: string, agent?: Agent): Promise<unknown> {
  return JSON.parse(await getBody(port, path, agent));
}

function getBody(port: number, path: string, agent: Agent | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, timeout: answerWithinMs, ...(agent && { agent }) });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${answerWithinMs} ms`)));
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString();
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`status ${String(response.statusCode)}`));
      });
    });
  });
}
