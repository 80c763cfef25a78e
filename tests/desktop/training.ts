/** Controls the real engine of a desktop test through its REST API. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Setup, TrainingStatus } from '../../src-main/contract/index.ts';
import { PLAIN_TRAINING, questions } from '../incidents/engine-process.ts';
import { until, type Launched, type Scenario } from './launch.ts';

/** Sends a REST request, with port and token from the workspace. */
export async function ask<T>(
  scenario: Scenario,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  const read = (name: string): string => readFileSync(join(scenario.workspace, name), 'utf8');
  const { port } = JSON.parse(read('.engine.lock')) as { port: number };
  const answer = await fetch(`http://127.0.0.1:${String(port)}/api${path}`, {
    method,
    headers: {
      authorization: `Bearer ${read('.engine.token').trim()}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
export const status = (scenario: Scenario): Promise<TrainingStatus> =>
  ask(scenario, 'GET', '/status');
export const stateLine = async (scenario: Scenario): Promise<string> =>
  (await scenario.session.trayMenu())[0]?.label ?? '';
export const attached = (scenario: Scenario): Promise<unknown> =>
  until(
    async () =>
      scenario.session.hasTray &&
      (await scenario.session.trayMenu()).some((item) => item.label === 'Pause' && item.enabled),
    'attached',
  );

/** Writes a config.json without evaluations and previews, so that steps follow quickly. */
export function configure(scenario: Scenario): void {
  const values = {
    format: 1,
    ...PLAIN_TRAINING,
    batch_size: 4,
    epochs: 200,
    save_steps: 10,
  };
  writeFileSync(join(scenario.workspace, 'config.json'), JSON.stringify(values));
}

export async function beginTraining(scenario: Scenario): Promise<void> {
  await ask(scenario, 'POST', '/setup/base', { base: 'starter', folder: null });
  await until(
    async () =>
      (await ask<Setup>(scenario, 'GET', '/setup')).bases.some((base) => base.state === 'ready'),
    'the starter',
    60_000,
  );
  const file = join(scenario.folder, 'sums.jsonl');
  const rows = questions(200, 7).map((row) => `${JSON.stringify(row)}\n`);
  writeFileSync(file, rows.join(''));
  await ask(scenario, 'POST', '/queue/add', { paths: [file] });
  await until(
    async () => ((await status(scenario)).step_of_dataset ?? 0) >= 3,
    'three steps',
    90_000,
  );
}

/** Launches the window over a real engine that trains. */
export async function launchTraining(scenario: Scenario): Promise<Launched> {
  configure(scenario);
  const launched = await scenario.launch();
  await attached(scenario);
  await beginTraining(scenario);
  return launched;
}
