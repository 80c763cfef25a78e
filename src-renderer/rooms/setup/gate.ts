/** Whether the first-run page is shown. */
import { create } from 'zustand';
import type { Rooms } from '../../../src-main/contract/index.ts';
import { useEngine } from '../../engine/index.ts';

const useGate = create<{ readonly left: boolean }>(() => ({ left: false }));

/** Until a base model and a dataset exist; a workspace that has trained before skips it. Pure. */
export function isFirstRun(
  rooms: Pick<Rooms, 'setup' | 'datasets' | 'versions' | 'status'>,
): boolean {
  const trained = rooms.versions.length > 0 || (rooms.status.current_step ?? 0) > 0;
  if (trained) return false;
  const making = rooms.setup.bases.some((base) => base.state === 'making');
  return rooms.setup.chosen === null || making || rooms.datasets.length === 0;
}

export function leaveFirstRun(screen: string): void {
  location.hash = `#/${screen}`;
  useGate.setState({ left: true });
}

export function useFirstRun(): boolean {
  const left = useGate((state) => state.left);
  const first = useEngine((state) => state.rooms !== null && isFirstRun(state.rooms));
  return first && !left;
}
