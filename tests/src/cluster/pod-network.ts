/** The network of a pod, entered from outside: requests to its server, a steady load on it, its open ports. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Answer, Ask, Command, LoadCounts, Report } from '../fixtures/pod-client.js';

export type { Answer, LoadCounts };

export interface PodNetwork {
  /** @throws when there is no answer */
  request(ask: Ask): Promise<Answer>;
  load(ask: Ask, requestsPerSecond: number): Load;
  close(): Promise<void>;
}

export interface Load {
  /** Lets the requests under way end, and says what came of all. */
  stop(): Promise<LoadCounts>;
}

const program = fileURLToPath(new URL('../fixtures/pod-client.js', import.meta.url));

/** @param pid of a process in the pod */
export function enterNetwork(pid: number): PodNetwork {
  const clients: Client[] = [];
  const start = (): Client => {
    const client = startClient(pid);
    clients.push(client);
    return client;
  };
  let forRequests: Client | undefined;
  return {
    request: async (ask) => {
      forRequests ??= start();
      const report = await forRequests.ask((id) => ({ kind: 'request', id, ask }));
      if (!('answer' in report)) throw new Error(`${ask.method} ${ask.path}: ${errorIn(report)}`);
      return report.answer;
    },
    load: (ask, requestsPerSecond) => {
      const loading = start(); // a process of its own, that single requests do not delay
      loading.tell({ kind: 'load', ask, requestsPerSecond });
      return {
        stop: async () => {
          const report = await loading.ask((id) => ({ kind: 'end load', id }));
          await loading.end();
          if (!('counts' in report)) throw new Error(`the load was not counted: ${errorIn(report)}`);
          return report.counts;
        },
      };
    },
    close: async () => {
      await Promise.all(clients.map((each) => each.end()));
    },
  };
}

/** Ports that something in the network of process `pid` listens on, in order. */
export function listeningPorts(pid: number): number[] {
  const listening = '0A';
  const ports = ['tcp', 'tcp6'].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === listening)
      .map((fields) => parseInt(fields[1]?.split(':')[1] ?? '', 16)),
  );
  return [...new Set(ports)].sort((a, b) => a - b);
}

interface Client {
  ask(command: (id: number) => Command): Promise<Report>;
  tell(command: Command): void;
  end(): Promise<void>;
}

function startClient(pid: number): Client {
  // nsenter takes Node's place; the channel stays open across that.
  const child = fork(program, {
    execPath: 'nsenter',
    execArgv: ['--target', String(pid), '--net', '--', process.execPath],
  });
  const ended = once(child, 'exit');
  const waiting = new Map<number, (report: Report) => void>();
  child.on('message', (report: Report) => {
    waiting.get(report.id)?.(report);
    waiting.delete(report.id);
  });
  const giveUp = (): void => {
    for (const [id, settle] of waiting) settle({ id, error: 'the client in the pod has ended' });
    waiting.clear();
  };
  child.on('exit', giveUp);
  child.on('error', giveUp);
  let asked = 0;
  return {
    tell: (command) => send(child, command),
    ask: (command) =>
      new Promise((settle) => {
        const id = ++asked;
        if (!child.connected) {
          settle({ id, error: 'the client in the pod has ended' });
          return;
        }
        waiting.set(id, settle);
        send(child, command(id));
      }),
    end: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function send(child: ChildProcess, command: Command): void {
  child.send(command, () => undefined); // that it has ended is told by 'exit'
}

function errorIn(report: Report): string {
  return 'error' in report ? report.error : JSON.stringify(report);
}
