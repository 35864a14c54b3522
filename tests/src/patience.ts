/** How long the tests wait for what must come: only a fault reaches it, also on a machine with eight other busy processes. */
export const PATIENCE_MS = 300_000;
