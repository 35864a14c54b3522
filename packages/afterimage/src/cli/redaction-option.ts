/** The options for the redaction level: of each command that writes a snapshot, and of those that read an image. */
import { REDACTION_LEVELS, type RedactionLevel } from '@afterimage/snapshot/redaction-levels';
import { Option } from 'commander';

export const DEFAULT_LEVEL: RedactionLevel = 'strings';

export function levelOption(): Option {
  return new Option('--redact <level>', 'redaction level: strings, names (property names too), or none')
    .choices([...REDACTION_LEVELS])
    .default(DEFAULT_LEVEL);
}

/** Without a default: a snapshot stays as it is. */
export function imageLevelOption(): Option {
  return new Option(
    '--redact <level>',
    `redaction level of what is read from an image: ${DEFAULT_LEVEL} (default), names, or none`,
  ).choices([...REDACTION_LEVELS]);
}
