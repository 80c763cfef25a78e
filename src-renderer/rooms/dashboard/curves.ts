/** The curves on screen: fetched for what is looked at, live points behind them. One store for all seven charts. */
import { useEffect } from 'react';
import { create } from 'zustand';
import type { Curves } from '../../../src-main/contract/index.ts';
import { engine, onMetrics, useEngine } from '../../engine/index.ts';
import { isOneOf, persistedState } from '../../kit/persisted-state.ts';
import { axisOf, stepAtTime, withNews, type Axis, type AxisKind } from './curve-data.ts';

export const ranges = ['dataset', '24h', '7d', 'all'] as const;
export type Range = (typeof ranges)[number];
export const keptRange = ['range', '24h', isOneOf(ranges)] as const;
export const keptSmoothing = [
  'smoothing',
  0.6,
  (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 0.99,
] as const;

export interface View {
  readonly min: number;
  readonly max: number;
}

interface CurvesState {
  /** The whole range, coarse. */
  readonly base: Curves | null;
  /** What is zoomed into, fine; null when nothing is. */
  readonly detail: Curves | null;
  readonly smoothing: number;
  /** Zoomed stretch of the horizontal axis, null: all of the range. */
  readonly view: View | null;
  /** The step under the pointer, shared by all charts. */
  readonly hover: number | null;
}

export const useCurves = create<CurvesState>(() => ({
  base: null,
  detail: null,
  smoothing: 0.6,
  view: null,
  hover: null,
}));

type Look = Partial<Pick<CurvesState, 'view' | 'detail' | 'hover'>>;
let wanted: Look = {};
let frame = 0;

/** Moves the view or the crosshair with the next frame: hands are faster than screens, and seven charts follow them. */
export function look(next: Look): void {
  wanted = { ...wanted, ...next };
  if (frame !== 0) return;
  frame = requestAnimationFrame(() => {
    const now = wanted;
    wanted = {};
    frame = 0;
    useCurves.setState(now);
  });
}

/** The view after the movements that are not on screen yet. */
export function viewWanted(): View | null {
  return wanted.view === undefined ? useCurves.getState().view : wanted.view;
}

const BUCKETS = 1000;
const REFETCH_AT = 2000;
const SETTLE_MS = 120;
const HOURS = { '24h': 24, '7d': 168 } as const;

async function firstStep(range: Range): Promise<number | null> {
  const status = useEngine.getState().rooms?.status;
  if (range === 'dataset') {
    if (status?.current_step == null || status.step_of_dataset === null) return null;
    return Math.max(1, status.current_step - status.step_of_dataset + 1);
  }
  if (range === 'all') return null;
  const whole = await engine().metrics.curves({ keys: ['loss'], buckets: BUCKETS });
  return stepAtTime(whole.curves.loss ?? [], Date.now() / 1000 - HOURS[range] * 3600);
}

function ask(from: number | null, to: number | null, smoothing: number): Promise<Curves> {
  return engine().metrics.curves({
    keys: ['loss', 'lr', 'grad_norm', 'tokens_per_second', 'memory_mb'],
    from,
    to,
    buckets: BUCKETS,
    smoothing,
  });
}

async function askBase(range: Range, smoothing: number): Promise<Curves> {
  return ask(await firstStep(range), null, smoothing);
}

/** Fetches what the dashboard will draw first, while another screen is shown. Does nothing when there is a curve already. */
export async function warmCurves(): Promise<void> {
  if (useCurves.getState().base !== null) return;
  const smoothing = persistedState<number>(...keptSmoothing);
  try {
    const base = await askBase(persistedState<Range>(...keptRange), smoothing);
    if (useCurves.getState().base === null) useCurves.setState({ base, smoothing });
  } catch {
    // Not reached: the dashboard asks again when it is opened.
  }
}

/** Steps between two places of the axis, with half a view of margin on both sides. */
function stepsOf(view: View, base: Curves, axis: Axis): { from: number; to: number } | null {
  const margin = (view.max - view.min) / 2;
  const inside = (base.curves.loss ?? []).filter((bucket) => {
    const x = axis.x(bucket[0], bucket[1]);
    return x >= view.min - margin && x <= view.max + margin;
  });
  const first = inside[0];
  const last = inside[inside.length - 1];
  return first === undefined || last === undefined
    ? null
    : { from: Math.max(base.from, first[0] - base.bucket_steps), to: last[0] };
}

/** Keeps the store filled while a dashboard is on screen. */
export function useCurveFeed(range: Range, smoothing: number, axisKind: AxisKind): void {
  const live = useEngine((state) => state.connection === 'live');
  const dataset = useEngine((state) =>
    range === 'dataset' ? (state.rooms?.status.current_dataset?.id ?? null) : null,
  );
  const view = useCurves((state) => state.view);

  useEffect(() => {
    useCurves.setState({ view: null, detail: null });
  }, [range, axisKind]);

  useEffect(() => {
    if (!live) return;
    let ended = false;
    let busy = false;
    const fetch = async (): Promise<void> => {
      if (busy) return;
      busy = true;
      try {
        const base = await askBase(range, smoothing);
        if (!ended) useCurves.setState({ base, detail: null, smoothing });
      } catch {
        // Not reached: the drawn curves stay, and the frame says that they are old.
      } finally {
        busy = false;
      }
    };
    // Settings may change several times in a row; a first picture waits for nothing.
    const timer = setTimeout(
      () => void fetch(),
      useCurves.getState().base === null ? 0 : SETTLE_MS,
    );
    const stop = onMetrics((event) => {
      if (event.kind === 'reset') {
        void fetch();
        return;
      }
      const { base, detail } = useCurves.getState();
      if (base === null) return;
      const atEnd = detail !== null && detail.to >= base.to;
      useCurves.setState({
        base: withNews(base, event.news, smoothing),
        ...(atEnd ? { detail: withNews(detail, event.news, smoothing) } : {}),
      });
      if ((base.curves.loss?.length ?? 0) > REFETCH_AT) void fetch();
    });
    return () => {
      ended = true;
      clearTimeout(timer);
      stop();
    };
  }, [live, range, smoothing, dataset]);

  useEffect(() => {
    const { base } = useCurves.getState();
    if (!live || view === null || base === null || base.bucket_steps <= 1) return;
    const steps = stepsOf(view, base, axisOf(axisKind, base.curves.loss ?? []));
    if (steps === null) return;
    let ended = false;
    const timer = setTimeout(() => {
      ask(steps.from, steps.to >= base.to ? null : steps.to, smoothing).then(
        (detail) => {
          if (!ended) useCurves.setState({ detail });
        },
        () => undefined,
      );
    }, 250);
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [live, view, smoothing, axisKind]);
}

/** What is drawn now. */
export function useDrawn(): Curves | null {
  return useCurves((state) => (state.view === null ? state.base : (state.detail ?? state.base)));
}
