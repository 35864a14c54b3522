/** Parses a number on the command line. */
import { InvalidArgumentError } from 'commander';

/** Parser for commander: a whole number from 1. */
export function wholeNumber(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < 1) {
    throw new InvalidArgumentError('Give a whole number from 1.');
  }
  return number;
}
