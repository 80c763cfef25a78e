/** The selection and the open dialog of the Models screen. The palette and other screens open dialogs through it. */
import { create } from 'zustand';
import type { RestorePlan, RestoreSource } from '../../../src-main/contract/index.ts';

export type ModelsDialog =
  | { readonly kind: 'create' }
  | { readonly kind: 'compare' }
  | { readonly kind: 'answers'; readonly version: string }
  | { readonly kind: 'delete'; readonly version: string }
  | { readonly kind: 'restore'; readonly source: RestoreSource }
  | { readonly kind: 'back_up' }
  | { readonly kind: 'extract'; readonly backup: string }
  | { readonly kind: 'clean_backups' }
  | { readonly kind: 'clean_checkpoints' }
  | { readonly kind: 'table' };

export interface ModelsState {
  /** Key of the selected point; null selects the newest version. */
  readonly chosen: string | null;
  readonly dialog: ModelsDialog | null;
  /** The plan in the open restore dialog; the chart highlights the steps that it discards. */
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
