/**
 * Draws charts at most once per frame. The charts of a screen follow one pointer and don't all fit
 * into a frame: tasks marked `isFirst` always run, the others share what is left of the budget. A
 * task draws the newest data when it runs, so nothing piles up.
 */

/** Drawing time per frame after which the remaining tasks wait for the next one. */
const BUDGET_MS = 6;

export interface DrawTask {
  readonly isFirst: boolean;
  readonly draw: () => void;
}

const waiting = new Set<DrawTask>();
let frame = 0;

function run(): void {
  frame = 0;
  const end = performance.now() + BUDGET_MS;
  const tasks = [...waiting].sort((a, b) => Number(b.isFirst) - Number(a.isFirst));
  for (const [index, task] of tasks.entries()) {
    // At least one of the other tasks runs in every frame, or slow charts would never be drawn.
    if (!task.isFirst && performance.now() > end && tasks[index - 1]?.isFirst !== true) break;
    waiting.delete(task);
    task.draw();
  }
  if (waiting.size > 0 && frame === 0) frame = requestAnimationFrame(run);
}

export function scheduleDraw(task: DrawTask): void {
  waiting.add(task);
  if (frame === 0) frame = requestAnimationFrame(run);
}

export function cancelDraw(task: DrawTask): void {
  waiting.delete(task);
}
