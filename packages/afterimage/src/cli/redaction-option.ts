/** The option of each command that writes a snapshot: the redaction level. */
import { REDACTION_LEVELS } from '@afterimage/snapshot/redaction-levels';
import { Option } from 'commander';

export function levelOption(): Option {
  return new Option('--redact <level>', 'redaction level: strings, names (property names too), or none')
    .choices([...REDACTION_LEVELS])
    .default('strings');
}
