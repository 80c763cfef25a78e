/** Whole numbers as arguments of commands. */
import { InvalidArgumentError } from 'commander';

/** A parser for commander: a whole number within these limits. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(
        `Expected a whole number from ${String(least)} to ${String(most)}.`,
      );
    return value;
  };
}
