/** Adds up the rows of an account, to compare the sum with the rows of the file. */
import type { DatasetDetails } from '../../src-main/contract/index.ts';

export type Account = NonNullable<DatasetDetails['account']>;

export const trainedRows = (account: Account): number =>
  Object.values(account.trained).reduce((sum, rows) => sum + rows, 0);

export const rowSum = (account: Account): number =>
  trainedRows(account) +
  account.held_out +
  account.rejected +
  account.quarantined +
  account.skipped +
  account.remaining;
