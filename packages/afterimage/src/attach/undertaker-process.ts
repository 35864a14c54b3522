/** The former name of the cleanup watchdog, for its last caller. */
export { startWatchdog as startUndertaker } from './watchdog-process.js';
