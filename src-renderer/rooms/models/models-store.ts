/** What the models screen shows: what is chosen and which dialog is open. Other screens and the palette open dialogs through it. */
import { create } from 'zustand';
import type { RestorePlan, RestoreSource } from '../../../src-main/contract/index.ts';

export type ModelsDialog =
  | { readonly kind: 'create' }
  | { readonly kind: 'compare' }
  | { readonly kind: 'delete'; readonly version: string }
  | { readonly kind: 'restore'; readonly source: RestoreSource }
  | { readonly kind: 'back_up' }
  | { readonly kind: 'extract'; readonly backup: string }
  | { readonly kind: 'clean_backups' }
  | { readonly kind: 'clean_checkpoints' }
  | { readonly kind: 'table' };

export interface ModelsState {
  /** The key of a point; null: the newest version. */
  readonly chosen: string | null;
  readonly dialog: ModelsDialog | null;
  /** The plan that the open restore dialog shows: its part of the plot is lit. */
  readonly plan: RestorePlan | null;
}

export const useModels = create<ModelsState>(() => ({ chosen: null, dialog: null, plan: null }));

export const choose = (chosen: string): void => {
  useModels.setState({ chosen });
};
export const openDialog = (dialog: ModelsDialog): void => {
  useModels.setState({ dialog, plan: null });
};
export const closeDialog = (): void => {
  useModels.setState({ dialog: null, plan: null });
};
