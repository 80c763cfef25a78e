/** Everything in Python that does not train: same launcher, identity, run folder and log as the trainer. */
import type { Clock } from '../../kit/clock.ts';
import { identityOf, signalGroup } from '../../kit/identity.ts';
import type { WorkspacePaths } from '../../formats/workspace.ts';
import { classifyCrash } from './classify.ts';
import { launch, launchCategory, runName } from './launch.ts';
import { readExit, readLogEnd } from './run-files.ts';
import type { PythonFacts, TrainerRoom } from './types.ts';
import { alone } from './spec.ts';
import { WatchedRun } from './watched-run.ts';

const secondsBetweenLooks = 0.1;

export function createWorkers(settings: {
  readonly paths: WorkspacePaths;
  readonly clock: Clock;
  readonly python: () => Promise<PythonFacts>;
  readonly random: () => string;
}): { readonly work: TrainerRoom['work']; close(): void } {
  const live = new Set<WatchedRun>();

  const work: TrainerRoom['work'] = async (kind, spec, options = {}) => {
    const python = await settings.python();
    const run = runName(kind, settings.clock.now(), settings.random());
    const folder = settings.paths.run(run);
    let watched: WatchedRun;
    try {
      const launched = await launch({
        folder,
        run,
        kind,
        python,
        launcher: alone,
        spec: {
          format: 1,
          kind,
          run,
          workspace: settings.paths.root,
          created: settings.clock.now(),
          ...spec,
        },
      });
      const identity = launched.identity ?? identityOf(launched.child.pid ?? -1);
      watched = new WatchedRun({
        run,
        folder,
        child: launched.child,
        clock: settings.clock,
        identity: identity ?? { pid: launched.child.pid ?? -1, start: 'ended' },
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { ok: false, category: launchCategory(error), message, log: '' };
    }
    live.add(watched);
    const cancel = (): void => {
      signalGroup(watched.identity, 'SIGKILL');
    };
    options.signal?.addEventListener('abort', cancel);
    if (options.signal?.aborted === true) cancel();
    try {
      for (;;) {
        const alive = watched.isAlive;
        for (const event of await watched.readEvents()) options.onEvent?.(event);
        if (!alive) break;
        await settings.clock.sleep(secondsBetweenLooks);
      }
    } finally {
      live.delete(watched);
      options.signal?.removeEventListener('abort', cancel);
    }
    if (options.signal?.aborted === true)
      return {
        ok: false,
        category: 'canceled',
        message: `The ${kind} worker was canceled.`,
        log: '',
      };
    const exit = await readExit(folder);
    if (exit !== null && exit.outcome === 'completed') return { ok: true, exit };
    await watched.lastWord();
    const log = await readLogEnd(folder);
    const crash = classifyCrash({
      exitCode: watched.exitCode,
      signal: watched.signal,
      error: exit?.error ?? null,
      log,
      kernel: '',
    });
    return {
      ok: false,
      category: crash.category,
      message: exit?.error?.message ?? crash.message,
      log,
    };
  };

  return {
    work,
    /** Workers end with the engine: what they make appears only when it is complete, and is made again. */
    close() {
      for (const watched of live) signalGroup(watched.identity, 'SIGKILL');
    },
  };
}
