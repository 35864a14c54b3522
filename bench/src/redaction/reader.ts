/** Redacts a file into nothing and prints what that took: `node redaction-reader.js FILE LEVEL`. */
import { redactor, type RedactionLevel } from '@afterimage/snapshot/redaction';
import { openSync, readFileSync, readSync } from 'node:fs';

const CHUNK_BYTES = 1 << 18;

const [, , path = '', level = 'strings'] = process.argv;
const redaction = redactor({ level: level as RedactionLevel });
const file = openSync(path, 'r');
const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
for (let bytes; (bytes = readSync(file, chunk)) > 0;) {
  for (const part of redaction.push(chunk.subarray(0, bytes))) redaction.reuse(part);
}
const { redacted } = redaction.end();
const { userCPUTime, systemCPUTime } = process.resourceUsage();
// Its maxRSS has that of the process it was forked from.
const peakKb = Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
console.log(
  JSON.stringify({
    cpuMs: (userCPUTime + systemCPUTime) / 1e3,
    peakBytes: peakKb * 1024,
    strings: redacted.strings,
  }),
);
