/** Has a target close its inspector, and looks whether it has. */
import { setTimeout as pause } from 'node:timers/promises';
import { listeningSockets, type ListeningSocket } from '../processes/listening-sockets.js';
import { closingExpression, closingFunction } from './in-target-frame.js';
import { openSession, type InspectorSession } from './inspector-session.js';
import { callOf, findInternals, type NodeInternals } from './node-internals.js';

const POLL_MS = 5;

/**
 * The command that closes the inspector; it leaves with the end of the session, as closing waits for clients. V8 interrupts
 * JavaScript for it, loops without end too; native code comes to it when it returns.
 */
export function closingCommand(internals: NodeInternals | null): { method: string; params: object } {
  if (internals !== null) return callOf(internals, closingFunction);
  const params = { expression: closingExpression, silent: true, includeCommandLineAPI: true };
  return { method: 'Runtime.evaluate', params };
}

/** Closes the inspector at a URL in a session of its own, should there be one; bounded by a few times `withinMs`. */
export async function closeInspectorAt(url: string, withinMs: number): Promise<void> {
  const session: InspectorSession | null = await openSession(url).catch(() => null);
  if (session === null) return;
  const internals = await findInternals(session, withinMs).catch(() => null);
  await session.close(closingCommand(internals));
}

/** Whether the socket is closed, or is within `withinMs`. */
export async function isClosed(pid: number, { inode }: ListeningSocket, withinMs: number): Promise<boolean> {
  const started = performance.now();
  for (;;) {
    const sockets = await listeningSockets(pid);
    if (!sockets.some((socket) => socket.inode === inode)) return true;
    if (performance.now() - started > withinMs) return false;
    await pause(POLL_MS);
  }
}
