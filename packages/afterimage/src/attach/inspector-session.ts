/** A conversation with a target's inspector: evaluates expressions, one at a time, each with a bound. */
import { WebSocket } from 'ws';

export interface InspectorSession {
  /**
   * What the expression comes to, as JSON gives it back.
   * @throws {EvaluationError} when it throws, the answer does not come in time, or the connection breaks
   */
  evaluate(expression: string, withinMs: number): Promise<unknown>;
  /** Resolves when both ends are closed; after `CLOSE_MS` it is cut. */
  close(): Promise<void>;
}

export class EvaluationError extends Error {
  override name = 'EvaluationError';
  constructor(
    readonly code: 'threw' | 'no-answer' | 'disconnected',
    message: string,
  ) {
    super(message);
  }
}

interface Reply {
  id?: number;
  error?: { message: string };
  result?: {
    result: { value?: unknown };
    exceptionDetails?: { text: string; exception?: { description?: string } };
  };
}

const CONNECT_MS = 5_000;
const CLOSE_MS = 1_000;
/** An answer is small. */
const LARGEST_REPLY = 1 << 20;

/** @throws {EvaluationError} `disconnected` */
export async function openSession(url: string): Promise<InspectorSession> {
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    handshakeTimeout: CONNECT_MS,
    maxPayload: LARGEST_REPLY,
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error) => reject(new EvaluationError('disconnected', error.message)));
  });
  socket.on('error', () => undefined); // 'close' follows
  let lastId = 0;

  const evaluate = async (expression: string, withinMs: number): Promise<unknown> => {
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
      socket.on('message', onMessage).on('close', onClose);
    });
    const params = { expression, returnByValue: true, silent: true, includeCommandLineAPI: true };
    socket.send(JSON.stringify({ id, method: 'Runtime.evaluate', params }));
    const { error, result } = await reply;
    const thrown = error?.message ?? result?.exceptionDetails?.exception?.description?.split('\n')[0];
    if (thrown !== undefined || result === undefined)
      throw new EvaluationError('threw', thrown ?? 'it evaluated nothing');
    return result.result.value;
  };

  const close = async (): Promise<void> => {
    socket.close();
    const timer = setTimeout(() => socket.terminate(), CLOSE_MS);
    await closed;
    clearTimeout(timer);
  };
  return { evaluate, close };
}
