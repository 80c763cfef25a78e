/**
 * Writes a workspace whose branch has so many steps (20 runs, an evaluation with a preview every 500 steps, a checkpoint every 100):
 * `node benchmarks/long-run.mjs <folder> [steps]`. Curves and noise come from a fixed seed; one step takes a second.
 */
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { once } from 'node:events';

/** Deterministic noise in [-1, 1). */
function noise(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

async function writeLines(path, lines) {
  const stream = createWriteStream(path);
  let part = '';
  for (const line of lines) {
    part += `${JSON.stringify(line)}\n`;
    if (part.length < 1 << 20) continue;
    if (!stream.write(part)) await once(stream, 'drain');
    part = '';
  }
  stream.end(part);
  await once(stream, 'close');
}

/** `end`: Unix seconds of the last step. */
export async function writeLongRun(folder, steps, end) {
  const runs = 20;
  const random = noise(7);
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({ format: 1, disk: { min_free_gb: 0 } }),
  );
  const begin = end - steps;
  for (let run = 0; run < runs; run += 1) {
    const first = Math.floor((steps * run) / runs) + 1;
    const last = Math.floor((steps * (run + 1)) / runs);
    const t = begin + first;
    const stamp = new Date(t * 1000)
      .toISOString()
      .replace(/[-:]/g, '')
      .replace('T', '-')
      .slice(0, 15);
    const name = `${stamp}-train-${String(run).padStart(4, '0')}`;
    const at = join(folder, 'runs', name);
    mkdirSync(at, { recursive: true });
    const dataset = `d-${String(run).padStart(8, '0')}`;
    writeFileSync(
      join(at, 'spec.json'),
      JSON.stringify({
        format: 1,
        kind: 'train',
        run: name,
        created: t - 5,
        dataset: { id: dataset, name: `part-${String(run + 1)}.jsonl` },
      }),
    );
    const lossAt = (step) => 0.6 + 2.4 / (1 + step / (steps / 40)) + 0.12 * random();
    await writeLines(
      join(at, 'metrics.jsonl'),
      (function* () {
        for (let step = first; step <= last; step += 1)
          yield {
            t: begin + step,
            branch: 'main',
            step,
            position: (step - first + 1) * 16,
            dataset,
            pass: `p-${String(run)}`,
            epoch: 0,
            loss: lossAt(step) + (step % 9973 === 0 ? 6 : 0),
            lr: 2e-5,
            grad_norm: 1.1 + 0.4 * random(),
            clipped: step % 7 === 0,
            trained_tokens: 2811,
            tokens: 8112,
            examples: 16,
            seconds: 1 + 0.05 * random(),
            tokens_per_second: 8100 + 300 * random(),
            samples_per_second: 16 + random(),
            micro_batch: 8,
            memory_mb: 17_400 + 40 * random(),
          };
      })(),
    );
    await writeLines(
      join(at, 'events.jsonl'),
      (function* () {
        yield { t: t - 4, type: 'started', pid: 1 };
        yield {
          t: t - 1,
          type: 'resumed',
          step: first - 1,
          position: 0,
          from: null,
          lost_steps: 0,
        };
        for (let step = Math.ceil(first / 100) * 100; step <= last; step += 100) {
          yield {
            t: begin + step,
            type: 'checkpoint',
            step,
            folder: '',
            bytes: 1,
            seconds: 1,
            stall_seconds: 0.1,
            why: 'interval',
          };
          if (step % 500 !== 0) continue;
          const core = lossAt(step) + 0.05;
          yield {
            t: begin + step,
            type: 'evaluation',
            step,
            when: 'interval',
            core: { loss: core, rows: 1000, tokens: 170_000 },
            slice: { loss: core + 0.02, rows: 200, tokens: 34_000 },
            exact: { k: 60, n: 100, low: 0.5, high: 0.7, unfinished: 0 },
            think: { share: 0.9, empty: 0, closed: 90, n: 100 },
            train_smoothed: core - 0.06,
            gap: 0.06,
            seconds: 12,
            abandoned: false,
          };
          yield {
            t: begin + step,
            type: 'preview',
            step,
            row: 17,
            prompt: 'Question '.repeat(40),
            prompt_tokens: 82,
            expected: 'Answer '.repeat(60),
            produced: 'Answer '.repeat(60),
            matches: true,
            finished: true,
            tokens: 120,
            seconds: 2,
          };
        }
        yield {
          t: begin + last,
          type: 'finished',
          outcome: 'completed',
          step: last,
          steps_done: last - first + 1,
          steps_planned: last - first + 1,
          rows_trained: 16 * (last - first + 1),
        };
      })(),
    );
    writeFileSync(
      join(at, 'exit.json'),
      JSON.stringify({
        format: 1,
        outcome: 'completed',
        reason: null,
        t: begin + last,
        step: last,
        position: 0,
        code: 0,
        error: null,
      }),
    );
  }
}

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2];
  if (folder === undefined) throw new TypeError('usage: long-run.mjs <folder> [steps]');
  await writeLongRun(
    folder,
    Number(process.argv[3] ?? 1_000_000),
    Math.floor(Date.now() / 1000) - 60,
  );
}
