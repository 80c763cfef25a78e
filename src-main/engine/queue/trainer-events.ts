/** What the queue does when the trainer reports something, and how it adopts a live trainer. */
import type { RunEvent } from '../../formats/index.ts';
import { readPass } from './pass-files.ts';
import { phaseOf, type QueueParts } from './queue-progress.ts';

export async function applyEvent(
  { options, progress, notifyChanged }: QueueParts,
  event: RunEvent,
): Promise<void> {
  const id = progress.open?.dataset.id;
  if (id === undefined) return;
  // Training runs again, so the machine is ready.
  if (event.type === 'resumed' && progress.notReady !== null) {
    progress.notReady = null;
    notifyChanged();
  }
  if (event.type === 'cache_rebuilt') {
    const { folder, dataset, files, seconds } = event;
    const whose =
      dataset === null
        ? 'the fixed validation set'
        : (options.datasets.nameOf(dataset) ?? 'this dataset');
    options.journal.write({
      what: 'datasets.cache_rebuilt',
      text: `The token cache of ${whose} was damaged (${files.join(', ')}) and was rebuilt from the data file.`,
      dataset,
      evidence: { folder, files, seconds },
    });
  }
  // The loss after the last step is taken when the pass is closed.
  if (event.type !== 'evaluation' || event.when !== 'start' || event.abandoned) return;
  const loss = event.slice?.loss ?? null;
  if (loss === null) return;
  await options.datasets.note(id, { validation_before: loss, validation_before_step: event.step });
}

/** A live trainer of this workspace continues, under the desired state of the queue. */
export async function adoptTrainer({ options, progress, desiredState }: QueueParts): Promise<void> {
  const { trainer, datasets, journal } = options;
  const adopted = await trainer.adopt();
  if (adopted === null) return;
  progress.isSupervising = true;
  const dataset = datasets.forPass(adopted.dataset.id);
  const pass = dataset === null ? null : await readPass(dataset.folder);
  if (dataset !== null && pass?.pass === adopted.pass.id) {
    if (dataset.place !== 'processing') await datasets.toProcessing(dataset.id);
    progress.open = { dataset, pass };
  }
  journal.write({
    what: 'queue.adopt',
    text: `Found a running trainer (pid ${trainer.view().pid ?? 'unknown'}); training continues.`,
    dataset: adopted.dataset.id,
  });
  const desired = desiredState.state().desired_state;
  const isPaused = phaseOf(trainer) === 'paused';
  if (desired === 'stopped') await trainer.command('stop-now');
  else if (desired === 'paused' && !isPaused) await trainer.command('pause');
  else if (desired !== 'paused' && isPaused) await trainer.command('resume');
}
