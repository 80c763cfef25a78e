/** Backups and checkpoints as the scripted engine keeps them. */
import {
  Refusal,
  type Backup,
  type BackupSource,
  type CheckpointCheck,
  type Rooms,
} from '../../src-main/contract/index.ts';
import type { EngineApi } from '../../src-main/server/index.ts';
import type { Stage } from './scripted-engine.ts';

function holdsOf(source: BackupSource): string {
  if (source.kind === 'version') return source.name;
  if (source.kind === 'folder') return source.path.split('/').pop() ?? source.path;
  return 'weights, optimizer state, dataset position';
}

function checkOf(rooms: Rooms, asked: string | null): CheckpointCheck {
  const branch = asked ?? rooms.lineage.head;
  const all = rooms.lineage.checkpoints.filter((checkpoint) => checkpoint.branch === branch);
  const good = all.find((checkpoint) => checkpoint.problem === null) ?? null;
  const skipped = all.slice(0, good === null ? all.length : all.indexOf(good));
  const why = skipped[0]?.problem ?? '';
  const tail = skipped.length === 0 ? '' : `; ${String(skipped.length)} skipped because ${why}`;
  return {
    text:
      good === null
        ? `no checkpoint of branch ${branch} verifies${tail}`
        : `would resume at step ${good.step.toLocaleString('en-US')} of branch ${branch} from ${good.folder}${tail}`,
    resumes:
      good === null
        ? null
        : {
            branch,
            step: good.step,
            folder: good.folder,
            dataset: good.dataset?.name ?? null,
          },
    skipped: skipped.map((checkpoint) => ({
      branch: checkpoint.branch,
      step: checkpoint.step,
      folder: checkpoint.folder,
      reason: checkpoint.problem ?? '',
    })),
    mismatch: null,
    bytes: all.reduce((sum, checkpoint) => sum + checkpoint.bytes, 0),
    seconds: 3.2,
  };
}

export function scriptedCheckpoints(stage: Stage): EngineApi['checkpoints'] {
  return {
    verify: ({ branch }) => checkOf(stage.rooms(), branch),
    cleanup: ({ keep, execute }) => {
      const rooms = stage.rooms();
      if (execute && rooms.status.trainer.alive)
        throw new Refusal('BUSY', 'A trainer runs and writes checkpoints.', {
          next: 'Pause the training first.',
        });
      const { checkpoints, branches } = rooms.lineage;
      const kept = new Set(
        branches.flatMap(({ name }) =>
          checkpoints
            .filter((checkpoint) => checkpoint.branch === name)
            .filter((checkpoint, index) => index < keep || checkpoint.complete)
            .map((checkpoint) => checkpoint.folder),
        ),
      );
      const removes = checkpoints.filter((checkpoint) => !kept.has(checkpoint.folder));
      if (execute)
        stage.change({
          lineage: {
            ...rooms.lineage,
            checkpoints: checkpoints.filter((checkpoint) => kept.has(checkpoint.folder)),
          },
        });
      return {
        executed: execute,
        removes: removes.map(({ branch, step, bytes }) => ({
          branch,
          step,
          bytes,
          why: `older than the newest ${String(keep)} of ${branch}`,
        })),
        keeps: checkpoints
          .filter((checkpoint) => kept.has(checkpoint.folder))
          .map(({ branch, step, bytes, complete }) => ({
            branch,
            step,
            bytes,
            why: complete
              ? 'the end of a dataset'
              : `one of the newest ${String(keep)} of ${branch}`,
          })),
        freed_bytes: removes.reduce((sum, removal) => sum + removal.bytes, 0),
      };
    },
  };
}

export function scriptedBackups(stage: Stage): EngineApi['backups'] {
  const list = (): Backup[] => stage.rooms().backups;
  const find = (id: string): Backup => {
    const found = list().find((backup) => backup.id === id);
    if (found === undefined)
      throw new Refusal('NOT_FOUND', `There is no backup ${id}.`, { subject: id });
    return found;
  };
  return {
    list,
    create: ({ source, type, reason }) => {
      if (source.kind === 'folder' && source.path.includes('missing'))
        throw new Refusal('NOT_FOUND', `There is no folder ${source.path}.`, {
          subject: source.path,
          next: 'Name a folder of the machine that the engine runs on.',
        });
      const rooms = stage.rooms();
      const version =
        source.kind === 'version'
          ? rooms.versions.find((version) => version.name === source.name)
          : undefined;
      const now = stage.now();
      const id = `${type}/${String(Math.round(now * 1000))}`;
      const isModel = source.kind === 'model';
      const made: Backup = {
        id,
        type,
        reason,
        folder: `/home/ada/Nightshift/models/backups/${id}`,
        created: now,
        source,
        branch: isModel ? rooms.lineage.head : (version?.branch ?? null),
        step: isModel ? rooms.status.last_checkpoint_step : (version?.step ?? null),
        holds: holdsOf(source),
        bytes: version?.bytes ?? 1_614_271_224,
        files: 9,
        verified: null,
        keep_until: null,
      };
      stage.change({ backups: [made, ...list()] });
      return made;
    },
    verify: async ({ id }) => {
      await new Promise((resolve) => setTimeout(resolve, 150));
      const next = { ...find(id), verified: { t: stage.now(), ok: true, problem: null } };
      stage.change({ backups: list().map((backup) => (backup.id === id ? next : backup)) });
      return next;
    },
    extract: async ({ id, to }) => {
      const { files, bytes, verified } = find(id);
      const refuse = (code: 'INVALID' | 'NOT_READY', what: string, next: string): never => {
        throw new Refusal(code, what, { subject: to, next });
      };
      if (to.startsWith('/home/ada/Nightshift'))
        refuse(
          'INVALID',
          `${to} lies in the workspace, where every folder has a meaning.`,
          'Name a folder outside; restore puts a model back into the workspace.',
        );
      if (verified?.ok === false)
        refuse(
          'NOT_READY',
          `Backup ${id} is damaged: ${verified.problem ?? ''}.`,
          'Nothing was put anywhere. Another backup, a version or a checkpoint may hold the same.',
        );
      await new Promise((resolve) => setTimeout(resolve, 150));
      return { folder: to, files, bytes };
    },
    cleanup: ({ retention_days, execute }) => {
      const days = retention_days ?? 30;
      const old = (backup: Backup): boolean => stage.now() - backup.created > days * 86_400;
      const newest = new Set(
        list()
          .filter(
            (backup, index, all) => all.findIndex((other) => other.type === backup.type) === index,
          )
          .map((backup) => backup.id),
      );
      const removes = list().filter((backup) => old(backup) && !newest.has(backup.id));
      const gone = new Set(removes.map((removal) => removal.id));
      const keeps = list().filter((backup) => !gone.has(backup.id));
      if (execute) stage.change({ backups: keeps });
      return {
        executed: execute,
        removes: removes.map(({ id, bytes }) => ({
          id,
          bytes,
          why: `older than ${String(days)} days`,
        })),
        keeps: keeps.map((keep) => ({
          id: keep.id,
          bytes: keep.bytes,
          why: old(keep)
            ? `the newest of the type ${keep.type}`
            : `younger than ${String(days)} days`,
        })),
        freed_bytes: removes.reduce((sum, removal) => sum + removal.bytes, 0),
      };
    },
  };
}
