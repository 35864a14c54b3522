/**
 * Installs the agent without a change to the code: `node --import @afterimage/agent/register server.js`, or the
 * same in NODE_OPTIONS. Configured by the environment alone.
 */
import { registerAgent } from './register-agent.js';

registerAgent();
