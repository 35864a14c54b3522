/** Reads the agent's log lines from a server's standard error. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface AgentLine {
  event: 'shared' | 'received' | 'ignored' | 'refused' | 'started' | 'captured' | 'written' | 'failed';
  path?: string;
  kind?: 'snapshot' | 'image';
  bytes?: number;
  pauseMs?: number;
  captureMs?: number;
  developMs?: number;
  [field: string]: unknown;
}

export interface AgentLines {
  /** The first line not yet asked for that reports one of `events`; earlier ones are passed over. */
  next(events: AgentLine['event'][], withinMs: number): Promise<AgentLine>;
  /** What else the server wrote there. */
  readonly otherOutput: string[];
}

export function readAgentLines(stderr: Readable): AgentLines {
  const otherOutput: string[] = [];
  const unread: AgentLine[] = [];
  const lines = createInterface({ input: stderr });
  lines.on('line', (line) => {
    const parsed = parseAgentLine(line);
    if (parsed) unread.push(parsed);
    else otherOutput.push(line);
  });

  async function next(events: AgentLine['event'][], withinMs: number): Promise<AgentLine> {
    const signal = AbortSignal.timeout(withinMs);
    const passedOver: AgentLine[] = [];
    for (;;) {
      for (let line = unread.shift(); line; line = unread.shift()) {
        if (events.includes(line.event)) return line;
        passedOver.push(line);
      }
      await once(lines, 'line', { signal }).catch((cause: unknown) => {
        const seen = [...passedOver.map((line) => JSON.stringify(line)), ...otherOutput.slice(-20)].join(
          '\n',
        );
        throw new Error(`no ${events.join(' or ')} line within ${withinMs} ms, but: ${seen}`, { cause });
      });
    }
  }

  return { next, otherOutput };
}

function parseAgentLine(line: string): AgentLine | null {
  try {
    const parsed = JSON.parse(line) as { name?: unknown } & AgentLine;
    return parsed.name === 'afterimage' ? parsed : null;
  } catch {
    return null;
  }
}
