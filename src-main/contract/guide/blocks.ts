/** The parts of a guide topic. Pure. */
export type GuideBlock =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  /** `title`: a file name, or what the example shows. */
  | { readonly kind: 'code'; readonly title: string | null; readonly code: string };

export interface GuideTopic {
  readonly id: string;
  readonly title: string;
  /** What the topic answers, in one or two sentences. */
  readonly summary: string;
  readonly blocks: readonly GuideBlock[];
}

export const text = (value: string): GuideBlock => ({ kind: 'text', text: value });
export const list = (...items: readonly string[]): GuideBlock => ({ kind: 'list', items });
export const code = (title: string | null, ...lines: readonly string[]): GuideBlock => ({
  kind: 'code',
  title,
  code: lines.join('\n'),
});
