/** The settings that change at once, also for the pass that is being trained. */
import type { Config } from '../../contract/index.ts';
import type { LiveSettings } from '../../formats/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import type { SupervisedPass } from './supervised-pass.ts';
import type { WatchedRun } from './watched-run.ts';

export const liveSettingsOf = (config: Config): LiveSettings => ({
  micro_batch: config.micro_batch,
  generate_samples: config.generate_samples,
  eval_max_new_tokens: config.eval_max_new_tokens,
  eval_timeout_seconds: config.eval_timeout_seconds,
  keep_checkpoints: config.keep_checkpoints,
  pause_keep_seconds: config.pause_keep_seconds,
  monitoring_percent: config.budget.monitoring_percent,
});

/** The frozen configuration of a pass with these settings as they are now. */
export function withLiveSettings<T extends Omit<Config, 'precision' | 'deterministic'>>(
  frozen: T,
  live: LiveSettings,
): T {
  const { monitoring_percent: percent, ...settings } = live;
  return { ...frozen, ...settings, budget: { ...frozen.budget, monitoring_percent: percent } };
}

/** Tells a running trainer what changed. A disk that refuses the command is asked again later. */
export async function sendSettings(
  pass: SupervisedPass | null,
  run: Pick<WatchedRun, 'isAlive' | 'command'> | null,
  config: Pick<ConfigRoom, 'values'>,
): Promise<void> {
  if (pass === null || run?.isAlive !== true) return;
  const settings = liveSettingsOf(config.values());
  const before = pass.liveSettings;
  const keys = Object.keys(settings) as (keyof LiveSettings)[];
  if (keys.every((key) => settings[key] === before[key])) return;
  pass.liveSettings = settings;
  await run.command('configure', settings).catch(() => {
    pass.liveSettings = before;
  });
}
