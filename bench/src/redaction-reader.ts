/** Redacts a file into nothing and prints what that took: `node redaction-reader.js FILE LEVEL`. */
import { redactor, type RedactionLevel } from '@afterimage/snapshot';
import { createReadStream } from 'node:fs';

const [, , file = '', level = 'strings'] = process.argv;
const redaction = redactor({ level: level as RedactionLevel });
const chunks = createReadStream(file, { highWaterMark: 1 << 18 }) as AsyncIterable<Uint8Array>;
for await (const chunk of chunks) redaction.push(chunk);
const { redacted } = redaction.end();
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({
    cpuMs: (userCPUTime + systemCPUTime) / 1e3,
    peakBytes: maxRSS * 1024,
    strings: redacted.strings,
  }),
);
