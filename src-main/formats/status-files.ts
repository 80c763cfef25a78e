/** `status/*.json`: written for scripts that read files. */
import {
  fromScriptStatus,
  memoryStats,
  monitoringCosts,
  scriptStatus,
  type TrainingStatus,
  trainingStatus,
} from '../contract/index.ts';
import { defineFile, type FileFormat, formatOf, isObject, type Reading } from './document.ts';

const documented = defineFile({
  name: 'training_status.json',
  damaged: 'Written again within a second',
  group: 'status',
  writer: 'engine',
  description:
    'The live status, at most 4 times a second. Beside these fields it has the earlier names ' +
    '`status, step, total, val_loss, gap`, and `loss` is a plain number with `loss_measured` beside it',
  schema: trainingStatus,
});

/** Written with the names that scripts rely on; read back as the status. */
export const trainingStatusFile: FileFormat<TrainingStatus> = {
  ...documented,
  parse(value, where = documented.name): Reading<TrainingStatus> {
    if (isObject(value) && formatOf(value) <= 1) {
      const status = fromScriptStatus(value);
      if (status !== null) return { ok: true, value: status };
    }
    return documented.parse(value, where);
  },
  parseText(content, where = documented.name) {
    const reading = documented.parseText(content, where);
    if (!reading.ok && reading.reason === 'not_json') return reading;
    return trainingStatusFile.parse(JSON.parse(content), where);
  },
  toJson: (status) => scriptStatus({ format: 1, ...status }),
};

export const memoryStatsFile = defineFile({
  name: 'memory_stats.json',
  damaged: 'Written again within 10 s',
  group: 'status',
  writer: 'engine',
  description: 'Memory of the machine, the trainer, the engine and the GPU, every 10 s',
  schema: memoryStats,
});

export const monitoringCostsFile = defineFile({
  name: 'monitoring_costs.json',
  damaged: 'Written again within 10 s',
  group: 'status',
  writer: 'engine',
  description: 'Time spent on monitoring, every 10 s',
  schema: monitoringCosts,
});
