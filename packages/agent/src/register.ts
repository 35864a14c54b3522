/**
 * Installs the agent without code changes: `node --import @afterimage/agent/register server.js`, or the same
 * in NODE_OPTIONS. Configured only by the environment.
 */
import { registerAgent } from './register-agent.js';

registerAgent();
