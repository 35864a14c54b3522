/**
 * For `node --require @afterimage/agent/register`. Since Node.js 20.19 an ES module can be required; before
 * that it is imported, which takes a moment. Until the agent is there, a signal must find a listener, or it
 * would end the server.
 */
/* eslint-disable @typescript-eslint/no-require-imports -- a CommonJS module */
import worker = require('node:worker_threads');
import type { registerAgent } from './register-agent.js' with { 'resolution-mode': 'import' };

type Module = { registerAgent: typeof registerAgent };

if (worker.isMainThread) {
  const release = holdSignal(process.env['AFTERIMAGE_SIGNAL'] ?? 'SIGUSR2');
  try {
    (require('./register-agent.js') as Module).registerAgent();
    release();
  } catch {
    import('./register-agent.js').then(
      (module: Module) => {
        module.registerAgent();
        release();
      },
      (error: unknown) => {
        process.emitWarning(`the agent is not installed: ${String(error)}`, 'AfterimageWarning');
      },
    );
  }
}

/** Returns the function that hands over: a signal that has come by then is sent again, to the agent. */
function holdSignal(signal: string): () => void {
  let early = false;
  const hold = Object.assign(
    (): void => {
      early = true;
    },
    // The agent must not take it for a listener of the application (capture-signal.ts).
    { [Symbol.for('@afterimage/hold')]: true },
  );
  try {
    process.on(signal, hold);
  } catch {
    // SIGKILL and the like; the agent will say what is wrong with it.
  }
  return () => {
    process.off(signal, hold);
    if (early) process.kill(process.pid, signal);
  };
}
