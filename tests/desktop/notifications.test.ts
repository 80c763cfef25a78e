/** A click on a notification opens its screen, for every kind, with the engine's own messages. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  notifiableKinds,
  type DatasetSummary,
  type Notice,
} from '../../src-main/contract/index.ts';
import * as messages from '../../src-main/engine/notices/messages.ts';
import { buildParts, connected, found, root, Scenario, until, type Launched } from './launch.ts';

const dataset = {
  name: 'openmath-cot-03.jsonl',
  validation_before: 0.657,
  validation_after: 0.651,
} as DatasetSummary;

const SHORTAGE = {
  step: 44_372,
  tokens_from: 4096,
  tokens_to: 2048,
  activation_checkpointing: false,
  loss_chunk: 512,
};

/** Every notification and the screen it opens. */
const kinds: readonly (readonly [messages.NoticeText, Notice['opens']])[] = [
  [messages.outOfMemory(SHORTAGE, 16), 'dashboard'],
  [messages.recovered({ seconds: 14, cause: 'out of memory', step: 44_365, lost: 7 }), 'health'],
  [messages.hang(48_214, 24, 48_206), 'health'],
  [messages.gaveUp('driver_mismatch', '3 restarts without a new step', 48_206), 'health'],
  [messages.lowDiskSpace(52, 50), 'health'],
  [
    messages.datasetDone({ dataset, planned: 1802, done: 1802, next: 'units-fix.jsonl' }),
    'dashboard',
  ],
  [messages.queueEmpty({ datasets: 6, failed: 0, seconds: 25_500, step: 52_640 }), 'queue'],
  [
    messages.datasetFailed({ id: 'd-1', name: 'a.jsonl' }, 'The loss is not a number', null),
    'queue',
  ],
  [messages.datasetRefused({ id: 'd-b', name: 'b.jsonl' }, 'No row can be read.'), 'data'],
  [messages.needsDecision({ id: 'd-c', name: 'c.jsonl' }, 'Row 17 is not JSON.'), 'data'],
];
test('the list has every kind that can be shown as a notification', () => {
  expect(new Set(kinds.map(([text]) => text.kind))).toEqual(new Set(notifiableKinds));
});

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

describe.skipIf(found.runtime === null)('notifications on a scripted engine', () => {
  let scenario: Scenario;
  let launched: Launched;
  beforeAll(async () => {
    buildParts();
    scenario = await Scenario.begin({
      NIGHTSHIFT_ENGINE: join(root, 'tests/desktop/fixtures/scripted-engine.ts'),
    });
    launched = await scenario.launch();
    await connected(launched.page);
  });
  afterAll(async () => {
    await scenario.clear();
  });

  test.each(kinds.map(([text, opens], index) => ({ text, opens, index, kind: text.kind })))(
    '$kind opens $opens',
    async ({ text, opens, index }) => {
      expect(text.opens).toBe(opens);
      const { page, app } = launched;
      const { port } = JSON.parse(
        readFileSync(join(scenario.workspace, 'scripted.json'), 'utf8'),
      ) as { port: number };
      // Start from another screen, with the window hidden.
      const elsewhere = opens === 'config' ? 'Logs' : 'Config';
      await page.getByRole('navigation').getByRole('link', { name: elsewhere }).click();
      await app.evaluate(({ BrowserWindow }) => {
        BrowserWindow.getAllWindows()[0]?.hide();
      });
      const notice: Notice = {
        ...text,
        id: `kind-${String(index)}`,
        t: Date.now() / 1000,
        dismissed: false,
      };
      await fetch(`http://127.0.0.1:${String(port)}/`, {
        method: 'POST',
        body: JSON.stringify({ notices: [notice] }),
      });
      const shown = await until(
        () =>
          scenario.session.notifications.find((notification) => notification.title === text.title),
        'the notification',
      );
      expect(shown.body).toBe(text.body);
      scenario.session.click(shown);
      const title = capital(opens);
      await until(async () => (await page.title()).startsWith(title), `${title} to open`);
      await until(
        () =>
          app.evaluate(
            ({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible() ?? false,
          ),
        'the window',
      );
    },
  );
});
