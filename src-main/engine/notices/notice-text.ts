/** What every notice is made of. */
import type { Notice } from '../../contract/index.ts';

export type NoticeText = Pick<Notice, 'kind' | 'tone' | 'title' | 'body' | 'opens'>;

/** With a capital first and a full stop. */
export function sentence(text: string): string {
  const plain = text.replace(/\.$/, '');
  return `${plain.charAt(0).toUpperCase()}${plain.slice(1)}.`;
}
