/** Recovery, restore and backups of the guide. Pure. */
import { code, type GuideTopic, list, text } from './blocks.ts';

export const safety: readonly GuideTopic[] = [
  {
    id: 'recovery',
    title: 'When something breaks',
    summary:
      'Training restarts by itself from the newest valid checkpoint. What it can’t fix it says, and holds the queue instead of using it up.',
    blocks: [
      list(
        'Crash, kill -9, power cut: training resumes at the step of the newest checkpoint, bitwise as if it had not stopped. At most save_steps steps, or five minutes of training, are repeated.',
        'Out of memory: the batch is split into smaller parts; the result of the step stays the same.',
        'Hang: a trainer without a heartbeat is ended and restarted.',
        'NaN or Inf: the step is not applied. Rows that make steps fail are quarantined and named.',
        'Full disk: training continues without saving and saves as soon as there is room.',
        'Damaged checkpoint: every file has a hash; the one before is used, and a notice says so.',
        'Broken GPU, driver or Python environment: the queue waits and continues once it is fixed.',
      ),
      text('To try it before you rely on it, in a temporary workspace (also in Health):'),
      code(null, 'nightshift drill'),
      text('What happened, and what needs you:'),
      code(
        null,
        'nightshift health',
        'nightshift notices',
        'nightshift crashes',
        'nightshift journal',
      ),
    ],
  },
  {
    id: 'restore',
    title: 'Going back',
    summary:
      'Any version, checkpoint or backup can be restored. The plan shows first what is discarded; the current model is backed up before anything changes.',
    blocks: [
      code(
        null,
        'nightshift versions list',
        'nightshift versions restore v003',
        'nightshift versions restore v003 --confirm v003_faq',
        'nightshift versions rollback --confirm rollback',
        'nightshift queue undo ID',
      ),
      text(
        'A restore starts a new branch; the old one stays until it is cleaned up, so that a rollback can undo the restore. Datasets whose training is discarded are held unless the plan says otherwise.',
      ),
    ],
  },
  {
    id: 'backups',
    title: 'Copies outside the disk',
    summary:
      'Versions and checkpoints are on the same disk as the workspace. A backup is an independent copy that is verified after writing.',
    blocks: [
      code(
        null,
        'nightshift backup create /mnt/usb --reason "before the holidays"',
        'nightshift backup list',
        'nightshift backup verify ID',
        'nightshift backup restore ID',
      ),
      text(
        'A workspace can be moved: stop the engine, copy the folder, open it elsewhere. All paths inside are relative, and training continues at its row.',
      ),
    ],
  },
];
