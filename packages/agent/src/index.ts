/** @afterimage/agent: captures the heap of this process without stopping it. */
import { createAgent, type Agent } from './agent.js';
import { resolveOptions, type AgentOptions } from './options.js';

export type { Agent, AgentStatus } from './agent.js';
export { CaptureError, type CaptureErrorCode } from './errors.js';
export type {
  AgentEvent,
  CaptureMode,
  CaptureResult,
  EventFigures,
  EventName,
  Listener,
  ResultKind,
} from './events.js';
export type { Logger } from './log.js';
export type { AgentOptions, DevelopWhen } from './options.js';

/** One agent per process, even if several copies of this package are loaded. */
const INSTALLED = Symbol.for('@afterimage/agent');
type Holder = { [INSTALLED]?: Agent | undefined };

/**
 * Installs the agent. A second call returns the existing agent, and warns if its own options differ and
 * therefore have no effect. In a worker thread the agent does nothing, and its status says why.
 * @throws {TypeError} if an option or an environment variable is wrong
 */
export function install(options: AgentOptions = {}): Agent {
  const holder = globalThis as Holder;
  const there = holder[INSTALLED];
  if (there !== undefined) {
    const ignored = Object.keys(options).filter((key) => options[key as keyof AgentOptions] !== undefined);
    if (ignored.length > 0) {
      process.emitWarning(
        `the agent is installed already (perhaps by --import @afterimage/agent/register); ` +
          `its options stay, and these do not count: ${ignored.join(', ')}`,
        'AfterimageWarning',
      );
    }
    return there;
  }
  const agent = createAgent(resolveOptions(options), () => (holder[INSTALLED] = undefined));
  holder[INSTALLED] = agent;
  return agent;
}
