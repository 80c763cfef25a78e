/** The ways to handle rows over max_length, each estimated with its own configuration. */
import {
  type Config,
  type OverLongAnswer,
  type OverLongChoice,
  Refusal,
} from '../../contract/index.ts';
import type { ConfigRoom } from '../config/index.ts';
import { type DatasetsRoom, readReport } from '../datasets/index.ts';
import { type EstimateFacts, estimateOf } from './estimate.ts';
import { datasetFacts, type FactsOptions } from './facts.ts';
import { currentOption, optionsFor, overLongChoice } from './over-long.ts';

interface OverLongOptions extends FactsOptions {
  readonly config: ConfigRoom;
  readonly datasets: DatasetsRoom;
}

/** `resolve`: a configuration as this machine and this dataset have it. Refusals NOT_FOUND, NOT_READY. */
export async function overLongAnswer(
  options: OverLongOptions,
  resolve: (config: Config) => Promise<{ readonly facts: EstimateFacts; readonly config: Config }>,
  id: string,
): Promise<OverLongAnswer> {
  const { name } = options.datasets.summary(id);
  const report = await readReport(options.paths.dataset(id));
  if (report === null)
    throw new Refusal('NOT_READY', `${name} has no report yet.`, {
      subject: id,
      next: 'The report is available after validation.',
    });
  const limit = options.config.values();
  const answer = { max_length: limit.max_length, rows: report.over_length };
  if (report.over_length === 0) return { ...answer, now: null, choices: [] };
  const choices: OverLongChoice[] = [];
  for (const option of optionsFor(report, limit)) {
    const { facts, config } = await resolve(
      options.config.planned({ max_length: option.max_length, [option.key]: option.value }),
    );
    const dataset = await datasetFacts(options, id, config, null);
    choices.push(overLongChoice(report, limit, option, estimateOf(config, facts, dataset)));
  }
  return { ...answer, now: currentOption(report, limit), choices };
}
