/** Makes a target close its inspector, and checks that it has. */
import { setTimeout as pause } from 'node:timers/promises';
import { listeningSockets, type ListeningSocket } from '../processes/listening-sockets.js';
import { closingExpression, closingFunction } from './in-target-frame.js';
import { openSession, type InspectorSession } from './inspector-session.js';
import { callOf, findInternals, type NodeInternals } from './node-internals.js';

const POLL_MS = 5;

/**
 * Returns the command that closes the inspector. It is sent together with the end of the session, because
 * closing waits for clients. V8 interrupts JavaScript for it, even endless loops; native code runs it on
 * return.
 */
export function closingCommand(internals: NodeInternals | null): { method: string; params: object } {
  if (internals !== null) return callOf(internals, closingFunction);
  const params = { expression: closingExpression, silent: true, includeCommandLineAPI: true };
  return { method: 'Runtime.evaluate', params };
}

/**
 * Closes the inspector at a URL in a separate session, if it is open; takes at most a few times `withinMs`.
 */
export async function closeInspectorAt(url: string, withinMs: number): Promise<void> {
  const session: InspectorSession | null = await openSession(url).catch(() => null);
  if (session === null) return;
  const internals = await findInternals(session, withinMs).catch(() => null);
  await session.close(closingCommand(internals));
}

/** Tells whether the socket is closed, waiting up to `withinMs`. */
export async function isClosed(pid: number, { inode }: ListeningSocket, withinMs: number): Promise<boolean> {
  const started = performance.now();
  for (;;) {
    // If this process has too little left to look, it looks again.
    const sockets = await listeningSockets(pid).catch(() => null);
    if (sockets?.every((socket) => socket.inode !== inode)) return true;
    if (performance.now() - started > withinMs) return false;
    await pause(POLL_MS);
  }
}
