/**
 * The curves on screen: fetched for the visible range, with live points appended. One store for all
 * seven charts.
 */
import { useEffect } from 'react';
import { create } from 'zustand';
import { SMOOTHING_WEIGHT, type Curves } from '../../../src-main/contract/index.ts';
import { engine, onMetrics, useEngine } from '../../engine/index.ts';
import { isOneOf, persistedState } from '../../kit/persisted-state.ts';
import { axisOf, stepAtTime, withNews, type Axis, type AxisKind } from './curve-data.ts';

export const RANGES = ['dataset', '24h', '7d', 'all'] as const;
export type Range = (typeof RANGES)[number];
export const persistedRange = ['range', '24h', isOneOf(RANGES)] as const;
export const persistedSmoothing = [
  'smoothing',
  SMOOTHING_WEIGHT,
  (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 0.99,
] as const;

export interface View {
  readonly min: number;
  readonly max: number;
}

interface CurvesState {
  /** The whole range in coarse buckets. */
  readonly base: Curves | null;
  /** The zoomed range in finer buckets; null when not zoomed. */
  readonly detail: Curves | null;
  readonly smoothing: number;
  /** The visible range of the horizontal axis; null: all of it, following new steps. */
  readonly view: View | null;
  /** The step under the pointer, shared by all charts. */
  readonly hover: number | null;
}

export const useCurves = create<CurvesState>(() => ({
  base: null,
  detail: null,
  smoothing: SMOOTHING_WEIGHT,
  view: null,
  hover: null,
}));

type PointerUpdate = Partial<Pick<CurvesState, 'view' | 'detail' | 'hover'>>;
let pending: PointerUpdate = {};
let frame = 0;

/** Coalesces pointer events to one update of all charts per frame. */
export function updateNextFrame(update: PointerUpdate): void {
  pending = { ...pending, ...update };
  if (frame !== 0) return;
  frame = requestAnimationFrame(() => {
    const update = pending;
    pending = {};
    frame = 0;
    useCurves.setState(update);
  });
}

/** The view including updates that wait for the next frame. */
export function pendingView(): View | null {
  return pending.view === undefined ? useCurves.getState().view : pending.view;
}

/** Shows a part of the axis; null: all of it. */
export function setView(view: View | null): void {
  updateNextFrame(view === null ? { view, detail: null } : { view });
}

const BUCKETS = 1000;
/** Live points are appended one by one; at this many the curve is fetched in buckets again. */
const REFETCH_AT = 2000;
const SETTLE_MS = 120;
const DETAIL_AFTER_MS = 250;
const RANGE_HOURS = { '24h': 24, '7d': 168 } as const;

async function firstStep(range: Range): Promise<number | null> {
  const status = useEngine.getState().rooms?.status;
  if (range === 'dataset') {
    if (status?.current_step == null || status.step_of_dataset === null) return null;
    const ofPass = status.step_of_dataset - (status.steps_before_pass ?? 0);
    return Math.max(1, status.current_step - ofPass + 1);
  }
  if (range === 'all') return null;
  const whole = await engine().metrics.curves({ keys: ['loss'], buckets: BUCKETS });
  return stepAtTime(whole.curves.loss ?? [], Date.now() / 1000 - RANGE_HOURS[range] * 3600);
}

function fetchCurves(from: number | null, to: number | null, smoothing: number): Promise<Curves> {
  return engine().metrics.curves({
    keys: ['loss', 'lr', 'grad_norm', 'tokens_per_second', 'memory_mb'],
    from,
    to,
    buckets: BUCKETS,
    smoothing,
  });
}

async function fetchBase(range: Range, smoothing: number): Promise<Curves> {
  return fetchCurves(await firstStep(range), null, smoothing);
}

/** Fetches the curves for the dashboard's first draw. Does nothing when they are already there. */
export async function prefetchCurves(): Promise<void> {
  if (useCurves.getState().base !== null) return;
  const smoothing = persistedState<number>(...persistedSmoothing);
  try {
    const base = await fetchBase(persistedState<Range>(...persistedRange), smoothing);
    if (useCurves.getState().base === null) useCurves.setState({ base, smoothing });
  } catch {
    // No connection: the dashboard fetches again when it is opened.
  }
}

/** The steps of a view, with half its width as margin on both sides; null when it has none. */
function stepsInView(view: View, base: Curves, axis: Axis): { from: number; to: number } | null {
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

/** Keeps the store up to date while the dashboard is on screen. */
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
        const base = await fetchBase(range, smoothing);
        if (!ended) useCurves.setState({ base, detail: null, smoothing });
      } catch {
        // No connection: the drawn curves stay and are shown as stale.
      } finally {
        busy = false;
      }
    };
    // Debounce setting changes; the first fetch starts at once.
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
    const steps = stepsInView(view, base, axisOf(axisKind, base.curves.loss ?? []));
    if (steps === null) return;
    let ended = false;
    const timer = setTimeout(() => {
      fetchCurves(steps.from, steps.to >= base.to ? null : steps.to, smoothing).then(
        (detail) => {
          if (!ended) useCurves.setState({ detail });
        },
        () => undefined,
      );
    }, DETAIL_AFTER_MS);
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, [live, view, smoothing, axisKind]);
}

/** The curves to draw for the current view. */
export function useDrawnCurves(): Curves | null {
  return useCurves((state) => (state.view === null ? state.base : (state.detail ?? state.base)));
}
