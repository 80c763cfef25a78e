/** The data screen as its users find it: by roles and names. */
import type { Locator, Page } from 'playwright';

export interface ReportPage {
  readonly region: Locator;
  readonly rows: Locator;
  readonly row: (number: number) => Locator;
  readonly overLong: Locator;
}

export interface DataPage {
  readonly files: Locator;
  readonly uploadsInProgress: Locator;
  readonly overlay: Locator;
  readonly mapping: Locator;
  /** Opens the report of a file that is not finished. */
  readonly open: (name: RegExp) => Promise<ReportPage>;
  /** Opens the report of a finished file. */
  readonly openEarlier: (name: RegExp) => Promise<ReportPage>;
}

export function dataOf(page: Page): DataPage {
  const region = page.getByRole('region', { name: /^Report of / });
  const report: ReportPage = {
    region,
    rows: region.getByRole('listbox', { name: 'Rows' }),
    row: (number) => region.getByRole('region', { name: `Row ${String(number)}`, exact: true }),
    overLong: region.getByRole('table', { name: 'Rows longer than max_length' }),
  };
  return {
    files: page.getByRole('listbox', { name: 'Uploads' }),
    uploadsInProgress: page.getByRole('list', { name: 'Uploads in progress' }),
    overlay: page.getByRole('dialog', { name: 'Drop files' }),
    mapping: page.getByRole('form', { name: 'Column mapping' }),
    open: async (name) => {
      await page.getByRole('option', { name }).click();
      return report;
    },
    openEarlier: async (name) => {
      await page.getByRole('button', { name }).click();
      return report;
    },
  };
}
