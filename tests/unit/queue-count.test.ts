/** What waits is one number everywhere; what is held and what needs the user are counted beside it, nothing twice. */
import { expect, test } from 'vitest';
import { queued } from '../../src-renderer/rooms/queue/queue-order.ts';

const dataset = (
  place: Parameters<typeof queued>[0][number]['place'],
  verdict: Parameters<typeof queued>[0][number]['verdict'] = 'ready',
  held = false,
): Parameters<typeof queued>[0][number] => ({ place, verdict, held });

test('each dataset of the queue is counted once, what trains or is done not at all', () => {
  expect(
    queued([
      dataset('processing'),
      dataset('completed'),
      dataset('queue'),
      dataset('queue', 'validating'),
      dataset('queue', 'ready', true),
      dataset('queue', 'needs_decision'),
      dataset('queue', 'needs_decision', true),
    ]),
  ).toEqual({ waiting: 2, held: 1, undecided: 2 });
});
