/** What every notice is made of. */
import type { Notice } from '../../contract/index.ts';

export type NoticeText = Pick<Notice, 'kind' | 'tone' | 'title' | 'body' | 'opens' | 'condition'>;

/** Conditions that end without the user dismissing their notice. */
export const CONDITIONS = {
  lowDisk: 'disk.low',
  unsaved: 'disk.unsaved',
  config: 'config.problem',
  drift: 'config.drift',
  base: 'base.missing',
  notReady: 'training.not_ready',
  hang: 'training.hang',
} as const;

/** While the dataset lies in failed/, while its file is refused, and while it needs a decision. */
export const failedCondition = (id: string): string => `failed:${id}`;
export const refusedCondition = (id: string): string => `refused:${id}`;
export const decisionCondition = (id: string): string => `decision:${id}`;

export const isAboutDataset = (condition: string): boolean =>
  /^(failed|refused|decision):/.test(condition);

/** With a capital first and a full stop. */
export function sentence(text: string): string {
  const plain = text.replace(/\.$/, '');
  return `${plain.charAt(0).toUpperCase()}${plain.slice(1)}.`;
}
