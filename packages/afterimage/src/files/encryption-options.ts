/** Options for encrypting results and for reading encrypted files. */
import { checkRecipients, EncryptionError } from '@afterimage/image/encryption';
import { Option } from 'commander';
import { readFile } from 'node:fs/promises';
import { CommandError } from '../cli/command-error.js';

export interface RecipientOptions {
  recipient?: string[];
}

export interface IdentityOptions {
  identity?: string[];
}

const collected = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

export function recipientOption(): Option {
  return new Option(
    '--recipient <age1…>',
    'encrypt for this age recipient; may be repeated; else AFTERIMAGE_RECIPIENTS',
  ).argParser(collected);
}

export function identityOption(): Option {
  return new Option(
    '--identity <file>',
    'an age identity to read encrypted files with; may be repeated',
  ).argParser(collected);
}

/**
 * Returns the recipients to encrypt to; empty for no encryption.
 * @throws {CommandError} if one of them is invalid
 */
export async function recipientsOf({ recipient }: RecipientOptions): Promise<string[]> {
  const named = recipient ?? (process.env['AFTERIMAGE_RECIPIENTS'] ?? '').split(/[\s,]+/);
  const recipients = named.filter((text) => text !== '');
  await checkRecipients(recipients).catch((error: unknown) => {
    if (error instanceof EncryptionError) throw new CommandError('usage', error.message, { cause: error });
    throw error;
  });
  return recipients;
}

/**
 * Returns the contents of the identity files.
 * @throws {CommandError} if one cannot be read
 */
export async function identitiesOf({ identity = [] }: IdentityOptions): Promise<string[]> {
  return Promise.all(
    identity.map((path) =>
      readFile(path, 'utf8').catch((error: unknown) => {
        const why = error instanceof Error && 'code' in error ? String(error.code) : String(error);
        throw new CommandError('failed', `the identity ${path} cannot be read (${why})`, { cause: error });
      }),
    ),
  );
}
