/**
 * The cluster's side of `kubectl exec`: a program in a container, its standard streams carried over a
 * WebSocket, each message preceded by its channel's number (v4 and v5.channel.k8s.io).
 */
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocketServer, type WebSocket } from 'ws';
import type { ContainerExec } from './container.js';
import type { ExecFault } from './faults.js';

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, close: 255 };
const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];

/** Between one piece and the next. */
const crawlMs = 200;

export const execSockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  handleProtocols: (offered) => protocols.find((protocol) => offered.has(protocol)) ?? false,
});

/** The connection to the client. */
interface Line {
  socket: WebSocket;
  /** Nothing passes any more, though it is open. */
  silent: boolean;
}

/**
 * Carries the streams until the program has ended. If the client leaves earlier, the program's standard input
 * ends and its output is no longer read, like in containerd: it is not killed.
 */
export async function serveExec(
  socket: WebSocket,
  exec: ContainerExec,
  fault: ExecFault | undefined,
): Promise<void> {
  const line: Line = { socket, silent: false };
  const { stdin, stdout, stderr } = exec.process;
  if (stdin !== null) carryIn(line, stdin, fault);
  if (stdout !== null) carryOut(line, channels.stdout, stdout, fault);
  // What runc says there when nothing was started is told at the end.
  if (stderr !== null)
    carryOut(line, channels.stderr, stderr, undefined, () => exec.startFailure() === undefined);
  const [code] = (await once(exec.process, 'close')) as [number];
  const status = endStatus(code, exec.startFailure());
  if (await send(line, channels.error, Buffer.from(JSON.stringify(status)))) socket.close(1000);
}

function carryIn(line: Line, stdin: Writable, fault: ExecFault | undefined): void {
  const { socket } = line;
  let left = fault?.afterStdinBytes ?? Infinity;
  stdin.on('error', () => undefined); // the program has closed it: what still comes is lost
  stdin.on('drain', () => socket.resume());
  // While closing it does not report when it has drained, but the client's last messages must still be read.
  stdin.on('close', () => socket.resume());
  socket.on('message', (message) => {
    const [channel, closing] = message;
    const data = message.subarray(1);
    if (!stdin.writable) return;
    if (channel === channels.close && closing === channels.stdin) stdin.end();
    else if (
      channel === channels.stdin &&
      data.length > 0 &&
      !stdin.write(data.subarray(0, Math.max(0, left)))
    )
      socket.pause();
    left -= data.length;
    if (left <= 0) breakOff(line, fault);
  });
  socket.on('close', () => stdin.end());
}

function carryOut(
  line: Line,
  channel: number,
  from: Readable,
  fault: ExecFault | undefined,
  isOfProgram = () => true,
): void {
  let left = fault?.afterStdoutBytes ?? Infinity;
  from.on('data', (chunk: Buffer) => {
    if (!isOfProgram()) return;
    from.pause();
    const isCrawling = fault?.then === 'crawl';
    const part = isCrawling ? chunk : chunk.subarray(0, left);
    void send(line, channel, part).then(async (sent) => {
      left -= chunk.length;
      if (left <= 0 && isCrawling) await pause(crawlMs);
      if (left <= 0 && !isCrawling) breakOff(line, fault);
      else if (sent) from.resume();
    });
  });
}

function breakOff(line: Line, fault: ExecFault | undefined): void {
  if (fault?.then === 'cut') {
    line.socket.terminate();
    return;
  }
  line.silent = true;
  line.socket.pause(); // pings are not answered either
}

/** Whether the client has got it, or will. */
function send({ socket, silent }: Line, channel: number, data: Buffer): Promise<boolean> {
  if (silent || socket.readyState !== socket.OPEN) return Promise.resolve(false);
  return new Promise((resolve) => {
    socket.send(Buffer.concat([Buffer.of(channel), data]), (error) => resolve(!error));
  });
}

/** The final status, from which kubectl derives its exit code and last message. */
function endStatus(code: number, startFailure: string | undefined): unknown {
  if (code === 0) return { metadata: {}, status: 'Success' };
  if (startFailure !== undefined) {
    const message = `Internal error occurred: error executing command in container: failed to exec in container: failed to start exec: OCI runtime exec failed: ${startFailure}: unknown`;
    const details = { causes: [{ message }] };
    return { metadata: {}, status: 'Failure', reason: 'InternalError', message, details, code: 500 };
  }
  return {
    metadata: {},
    status: 'Failure',
    reason: 'NonZeroExitCode',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}
