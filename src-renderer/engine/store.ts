/** The mirror of the engine's rooms. Only the feed writes to it. */
import { create } from 'zustand';
import { asTyped, COMMAND_NAME, type RoomName, type Rooms } from '../../src-main/contract/index.ts';

export type Connection = 'connecting' | 'live' | 'lost';

export interface EngineState {
  readonly connection: Connection;
  readonly rooms: Rooms | null;
  /** Time of the last message from the engine, milliseconds of this page's clock. */
  readonly heard: number;
  /** Time of the last status, same clock; ages measured by the engine are extended from here. */
  readonly statusHeard: number;
  /** Time of the next connection attempt, same clock; null while connected. */
  readonly nextTry: number | null;
}

export const useEngine = create<EngineState>(() => ({
  connection: 'connecting',
  rooms: null,
  heard: 0,
  statusHeard: 0,
  nextTry: null,
}));

/** One room. Use only in components that render after the first snapshot. */
export function useRoom<K extends RoomName>(name: K): Rooms[K] {
  return useEngine((state) => {
    if (state.rooms === null) throw new Error(`room ${name} was read before the first snapshot`);
    return state.rooms[name];
  });
}

/** A text with its commands as the user can type them: `nightshift …` until it is linked. */
export const typed = (text: string): string =>
  asTyped(text, useEngine.getState().rooms?.engine.command ?? COMMAND_NAME);

export const useLost = (): boolean => useEngine((state) => state.connection === 'lost');
