/**
 * A session with a target's inspector in the DevTools protocol: one command at a time, each with a time
 * limit.
 */
import { isShortage } from '@afterimage/host/errors';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

export interface InspectorSession {
  /**
   * Returns the result of a command.
   * @throws {EvaluationError} if the answer is an error, is late, or the connection breaks
   */
  call(method: string, params: object, withinMs: number): Promise<unknown>;
  /**
   * Closes the connection; resolves when both ends are closed, and cuts it after `CLOSE_MS`.
   * @param last a command that is sent together with the end of the connection, in one write: if this process
   * is stopped in between, the target that closes its inspector by that command does not have to wait for it
   */
  close(last?: { method: string; params: object }): Promise<void>;
}

export class EvaluationError extends Error {
  override name = 'EvaluationError';
  constructor(
    readonly code: 'threw' | 'not-ready' | 'no-answer' | 'disconnected',
    message: string,
  ) {
    super(message);
  }
}

interface Reply {
  id?: number;
  error?: { message: string };
  result?: unknown;
}

const CONNECT_MS = 5_000;
const CLOSE_MS = 1_000;
/** The variables of a Node module are some hundreds, each with the beginning of its source. */
const MAX_REPLY = 8 << 20;

/** Whether V8 has no context yet. The inspector gives all of its errors one code: see ensureContext in v8-runtime-agent-impl.cc. */
function isNotReady({ message }: { message: string }): boolean {
  return message.includes('execution context');
}

/**
 * Connects to an inspector.
 * @throws {EvaluationError} `disconnected`, or the error of a shortage in this process
 */
export async function openSession(url: string): Promise<InspectorSession> {
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    handshakeTimeout: CONNECT_MS,
    maxPayload: MAX_REPLY,
  });
  let connection: Socket | undefined;
  socket.once('upgrade', (response) => (connection = response.socket));
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error) =>
      reject(isShortage(error) ? error : new EvaluationError('disconnected', error.message)),
    );
  });
  socket.on('error', () => undefined); // 'close' follows
  let lastId = 0;

  const call = async (method: string, params: object, withinMs: number): Promise<unknown> => {
    const id = ++lastId;
    const reply = new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new EvaluationError('no-answer', 'its main thread did not answer')),
        withinMs,
      );
      const onMessage = (data: Buffer): void => {
        const message = JSON.parse(data.toString()) as Reply;
        if (message.id !== id) return;
        settle();
        resolve(message);
      };
      const onClose = (): void => {
        settle();
        reject(new EvaluationError('disconnected', 'its inspector closed the connection'));
      };
      const settle = (): void => {
        clearTimeout(timer);
        socket.off('message', onMessage).off('close', onClose);
      };
      if (socket.readyState !== WebSocket.OPEN) onClose();
      else socket.on('message', onMessage).on('close', onClose);
    });
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ id, method, params }));
    const { error, result } = await reply;
    if (error !== undefined)
      throw new EvaluationError(isNotReady(error) ? 'not-ready' : 'threw', error.message);
    return result;
  };

  const close: InspectorSession['close'] = async (last) => {
    connection?.cork();
    if (last !== undefined && socket.readyState === WebSocket.OPEN)
      socket.send(JSON.stringify({ id: ++lastId, ...last }));
    socket.close();
    connection?.uncork();
    const timer = setTimeout(() => socket.terminate(), CLOSE_MS);
    await closed;
    clearTimeout(timer);
  };
  return { call, close };
}
