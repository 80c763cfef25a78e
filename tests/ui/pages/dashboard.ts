/** The dashboard as its users find it: by roles and names. */
import type { Locator, Page } from 'playwright';

export interface DashboardPage {
  readonly body: Locator;
  /** The loss chart; its name holds the losses and the steps of the curve. */
  readonly lossChart: Locator;
  readonly resetZoom: Locator;
  readonly tooltip: Locator;
  /** The text of a readout or a small chart. */
  readonly textOf: (name: string) => Promise<string>;
  readonly openTable: () => Promise<Locator>;
}

export function dashboardOf(page: Page): DashboardPage {
  const body = page.getByRole('region', { name: 'Dashboard' });
  return {
    body,
    lossChart: body.getByRole('region', { name: 'Loss' }).getByRole('img', { name: /^Chart:/ }),
    resetZoom: body.getByRole('button', { name: 'Reset zoom' }),
    tooltip: page.getByRole('tooltip'),
    textOf: (name) =>
      body
        .getByRole('group', { name, exact: true })
        .or(body.getByRole('region', { name, exact: true }))
        .innerText(),
    openTable: async () => {
      await body.getByRole('button', { name: 'Show as table' }).click();
      return page.getByRole('dialog', { name: 'Loss as a table' });
    },
  };
}
