/**
 * Who draws in this frame. Seven charts that follow one hand do not fit into a frame together: those that are told to be first always do,
 * the others take turns in what is left of it. Each draws what is newest when its turn comes, so nothing piles up.
 */

/** Milliseconds of a frame that drawing may take before the rest waits for the next one. */
const BUDGET_MS = 6;

export interface Turn {
  readonly isFirst: boolean;
  readonly draw: () => void;
}

const waiting = new Set<Turn>();
let frame = 0;

function run(): void {
  frame = 0;
  const end = performance.now() + BUDGET_MS;
  const inOrder = [...waiting].sort((a, b) => Number(b.isFirst) - Number(a.isFirst));
  for (const [index, turn] of inOrder.entries()) {
    // At least one of the others goes on in every frame.
    if (!turn.isFirst && performance.now() > end && inOrder[index - 1]?.isFirst !== true) break;
    waiting.delete(turn);
    turn.draw();
  }
  if (waiting.size > 0 && frame === 0) frame = requestAnimationFrame(run);
}

export function drawInTurn(turn: Turn): void {
  waiting.add(turn);
  if (frame === 0) frame = requestAnimationFrame(run);
}

export function leaveTurn(turn: Turn): void {
  waiting.delete(turn);
}
