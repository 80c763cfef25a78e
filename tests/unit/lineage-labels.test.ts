import { expect, test } from 'vitest';
import type { LineChart } from '../../src-renderer/kit/chart/index.ts';
import {
  drawEnds,
  type LayerState,
} from '../../src-renderer/rooms/models/lineage/branch-labels.ts';

test('the leader line of an abandoned branch is drawn below the label of the current step', () => {
  const drawn: string[] = [];
  const context = new Proxy({} as Record<string, unknown>, {
    get: (own, name) =>
      own[String(name)] ??
      ((text: unknown) => {
        if (name === 'lineTo') drawn.push('leader');
        if (name === 'fillText') drawn.push(String(text));
        return { width: 100 };
      }),
    set: (own, name, value) => Reflect.set(own, name, value),
  });
  const scale = { getPixelForValue: (value: number) => value };
  const chart = {
    ctx: context,
    width: 200,
    scales: { x: scale, y: scale },
    chartArea: { left: 0, right: 200, top: 0, bottom: 100 },
  } as unknown as LineChart;
  const plot = {
    now: { step: 90, y: 60 },
    segments: [{ label: 'main, abandoned at 100', points: [{ x: 100, y: 60 }], isActive: false }],
    forks: [],
  };
  drawEnds(chart, { plot, colors: {}, chosen: null, discarded: null } as unknown as LayerState);
  expect(drawn).toContain('leader');
  expect(drawn.lastIndexOf('leader')).toBeLessThan(drawn.indexOf('current, step 90'));
});
