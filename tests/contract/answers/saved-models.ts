/** Versions, checkpoints and backups: what is created, verified, extracted and cleaned up. */
import { Refusal } from '../../../src-main/contract/index.ts';
import { decideCheckpointCleanup } from '../../../src-main/engine/checkpoints/cleanup.ts';
import { CHECKPOINT_BYTES, MODEL_PARTS } from '../scenes/models.ts';
import type { Answers, Stage } from '../stage.ts';
import { versionAnswersOf } from './before-after.ts';

/** Long enough that the page shows it as being done. */
const slowly = () => new Promise((resolve) => setTimeout(resolve, 150));

export const versionsAnswers = (stage: Stage): Answers['versions'] => ({
  create: ({ description }) => {
    const [newest] = stage.rooms().versions;
    if (newest === undefined) throw new Refusal('NOT_READY', 'There is no checkpoint yet.');
    const number = newest.number + 1;
    const name = `v00${String(number)}_by-hand`;
    const made = { ...newest, number, name, description, step: stage.step(), how: 'manually' };
    stage.change({ versions: [made, ...stage.rooms().versions] });
    return made;
  },
  get: () => ({ last_copy: true }),
  answers: ({ name }) => versionAnswersOf(stage.find('versions', name)),
  verify: ({ name }) => {
    const { bytes } = stage.find('versions', name);
    return { name, ok: true, files: 7, bytes };
  },
  remove: ({ name }) => {
    stage.change({ versions: stage.rooms().versions.filter((version) => version.name !== name) });
    return undefined;
  },
});

export function checkpointsAnswers(stage: Stage): Answers['checkpoints'] {
  const branches = () =>
    stage.rooms().lineage.branches.map(({ name }) => {
      const { checkpoints } = stage.rooms().lineage;
      const own = checkpoints.filter(({ branch }) => branch === name);
      const good = own.find(({ problem }) => problem === null);
      return { branch: name, checkpoints: own, verified: good?.step ?? null, leased: [] };
    });
  return {
    verify: ({ branch }) => {
      const head = branch ?? stage.rooms().lineage.head;
      const known = branches().find((facts) => facts.branch === head);
      const skipped = known?.checkpoints.filter(({ step }) => step > (known.verified ?? 0)) ?? [];
      const why = skipped[0]?.problem ?? '';
      const step = (known?.verified ?? 0).toLocaleString('en-US');
      const end = why === '' ? '' : `; ${String(skipped.length)} skipped because ${why}`;
      return { text: `would resume at step ${step} of branch ${head} from its folder${end}` };
    },
    cleanup: ({ keep, execute }) => {
      const { lineage } = stage.rooms();
      const plan = decideCheckpointCleanup(branches(), keep);
      const isRemoved = (branch: string, step: number): boolean =>
        plan.removes.some((removed) => removed.branch === branch && removed.step === step);
      const checkpoints = lineage.checkpoints.filter(
        ({ branch, step }) => !isRemoved(branch, step),
      );
      if (execute) stage.change({ lineage: { ...lineage, checkpoints } });
      return { executed: execute, ...plan };
    },
  };
}

export const backupsAnswers = (stage: Stage): Answers['backups'] => ({
  create: ({ source, type, reason }) => {
    const id = `${type}/${String(Math.round(stage.now() * 1000))}`;
    const holds = source.kind === 'version' ? source.name : MODEL_PARTS;
    const made = { id, type, reason, source, holds, bytes: CHECKPOINT_BYTES, files: 9 };
    stage.change({ backups: [made, ...stage.rooms().backups] });
    return made;
  },
  verify: async ({ id }) => {
    await slowly();
    return stage.update('backups', id, { verified: { t: stage.now(), ok: true } });
  },
  extract: async ({ id, to }) => {
    const { files, bytes } = stage.find('backups', id);
    await slowly();
    return { folder: to, files, bytes };
  },
  cleanup: ({ retention_days, execute }) => {
    const days = String(retention_days ?? 30);
    const all = stage.rooms().backups.map((backup, index, backups) => {
      const { id, type, bytes } = backup;
      const isOld = stage.now() - backup.created > Number(days) * 86_400;
      const isNewest = backups.findIndex((other) => other.type === type) === index;
      const kept = isNewest ? `the newest of the type ${type}` : `younger than ${days} days`;
      const isRemoved = isOld && !isNewest;
      return {
        backup,
        isRemoved,
        entry: { id, bytes, why: isRemoved ? `older than ${days} days` : kept },
      };
    });
    const entries = (isRemoved: boolean) =>
      all.filter((known) => known.isRemoved === isRemoved).map(({ entry }) => entry);
    if (execute)
      stage.change({
        backups: all.filter((known) => !known.isRemoved).map(({ backup }) => backup),
      });
    return { executed: execute, removes: entries(true), keeps: entries(false) };
  },
});
