/** The procedures whose answers tests rely on. All others are answered from the contract alone. */
import { validationOf } from '../scenes/models.ts';
import type { Answers, RestoreScript, Stage } from '../stage.ts';
import { curvesOf } from './curves.ts';
import { datasetsAnswers, queueAnswers, trainingAnswers, uploadAnswers } from './datasets.ts';
import { observationAnswers } from './observation.ts';
import { playgroundAnswers } from './playground.ts';
import { restoreAnswers } from './restore.ts';
import { backupsAnswers, checkpointsAnswers, versionsAnswers } from './saved-models.ts';
import { configAnswers, setupAnswers } from './settings.ts';

export const answersOf = (stage: Stage, script: RestoreScript): Partial<Answers> => ({
  training: trainingAnswers(stage),
  queue: queueAnswers(stage),
  datasets: datasetsAnswers(stage),
  uploads: uploadAnswers(stage),
  versions: versionsAnswers(stage),
  checkpoints: checkpointsAnswers(stage),
  backups: backupsAnswers(stage),
  playground: playgroundAnswers(stage),
  config: configAnswers(stage),
  setup: setupAnswers(stage),
  restore: restoreAnswers(stage, script),
  metrics: {
    curves: (question) => curvesOf(question, stage.step(), stage.now()),
    validation: () => validationOf(stage.rooms().lineage, stage.step()),
    activity: ({ hours }) => {
      const [from, to] = [stage.now() - hours * 3600, stage.now()];
      const spans = [{ kind: 'training', from, to, dataset: 'gsm8k_train.jsonl' }];
      return { from, to, spans, totals: { training_s: to - from, datasets_done: 1 } };
    },
  },
  ...observationAnswers(stage),
});
