/** A reason why a process cannot be captured. */
import type { Shortage } from './spare-resources.js';

export interface Obstacle {
  code:
    | 'unsupported'
    | 'not-node'
    | 'not-running'
    | 'other-user'
    | 'other-network'
    | 'signal-blocked'
    | 'signal-not-caught'
    | 'signal-taken'
    | 'no-addons'
    | Shortage['code']
    | 'port-taken'
    | 'gate-shut'
    | 'signal-shared'
    | 'agent-unreadable';
  /** What was found, and what to do. */
  message: string;
}
