/**
 * The user guide: the group Guide of the Help screen, `nightshift help`, and docs/guide.md. Pure.
 */
import type { GuideBlock, GuideTopic } from './blocks.ts';
import { dataFormats } from './data-formats.ts';
import { safety } from './safety.ts';
import { training } from './training.ts';
import { using } from './using.ts';

export type { GuideBlock, GuideTopic } from './blocks.ts';
export { FORMAT_EXAMPLES } from './data-formats.ts';

const [firstSteps, ...moreTraining] = training;

export const GUIDE: readonly GuideTopic[] = [
  ...(firstSteps === undefined ? [] : [firstSteps]),
  ...dataFormats,
  ...moreTraining,
  ...safety,
  ...using,
];

const LANGUAGES: Readonly<Record<string, string>> = {
  csv: 'csv',
  json: 'json',
  jsonl: 'json',
  py: 'python',
};

const languageOf = (title: string | null): string =>
  LANGUAGES[title?.split('.').at(-1) ?? ''] ?? '';

function blockMarkdown(block: GuideBlock): string {
  if (block.kind === 'text') return block.text;
  if (block.kind === 'list') return block.items.map((item) => `- ${item}`).join('\n');
  const title = block.title === null ? '' : `\`${block.title}\`\n\n`;
  return `${title}\`\`\`${languageOf(block.title)}\n${block.code}\n\`\`\``;
}

/** The text of docs/guide.md. */
export function guideMarkdown(): string {
  const topics = GUIDE.map(({ title, summary, blocks }) =>
    [`## ${title}`, summary, ...blocks.map(blockMarkdown)].join('\n\n'),
  );
  return `# User guide

The same texts are in the app under Help, and in a terminal: \`nightshift help data-formats\`.
Generated from \`src-main/contract/guide/\` by \`scripts/write-docs.mjs\`. Terms:
[glossary.md](glossary.md).

${topics.join('\n\n')}
`;
}
