/** The mirror of the engine's rooms. Written by the feed alone; screens read. */
import { create } from 'zustand';
import type { MetricsNews, RoomName, Rooms } from '../../src-main/contract/index.ts';

export type Connection = 'connecting' | 'live' | 'lost';

export interface EngineState {
  readonly connection: Connection;
  readonly rooms: Rooms | null;
  /** When the engine was last heard, milliseconds of this page's clock. */
  readonly heard: number;
  /** When the status room last came, same clock: ages that the engine measured count on from here. */
  readonly statusHeard: number;
  /** When the next attempt to connect begins, same clock; null while connected. */
  readonly nextTry: number | null;
}

export const useEngine = create<EngineState>(() => ({
  connection: 'connecting',
  rooms: null,
  heard: 0,
  statusHeard: 0,
  nextTry: null,
}));

/** One room. Only rendered below the gate that waits for the first snapshot. */
export function useRoom<K extends RoomName>(name: K): Rooms[K] {
  return useEngine((state) => {
    if (state.rooms === null) throw new Error(`room ${name} was read before the first snapshot`);
    return state.rooms[name];
  });
}

export const useLost = (): boolean => useEngine((state) => state.connection === 'lost');

export type MetricsEvent =
  { readonly kind: 'reset' } | { readonly kind: 'news'; readonly news: MetricsNews };

const metricsListeners = new Set<(event: MetricsEvent) => void>();

/** New points of the live curves, or the word that a drawn curve is to be fetched anew. */
export function onMetrics(listener: (event: MetricsEvent) => void): () => void {
  metricsListeners.add(listener);
  return () => {
    metricsListeners.delete(listener);
  };
}

/** For the feed. */
export function tellMetrics(event: MetricsEvent): void {
  for (const listener of metricsListeners) listener(event);
}
