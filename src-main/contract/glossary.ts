/**
 * Terms of the product, for the Help screen, `nightshift help` and docs/glossary.md, which is
 * generated from here. Pure.
 */

export interface GlossaryEntry {
  readonly term: string;
  readonly meaning: string;
}

/** At most 25 entries, one sentence each. */
export const GLOSSARY: readonly GlossaryEntry[] = [
  { term: 'workspace', meaning: 'The folder that holds the queue, the models and all settings.' },
  {
    term: 'engine',
    meaning: 'The process that owns a workspace: it runs the queue and supervises the trainer.',
  },
  { term: 'trainer', meaning: 'The Python process that trains.' },
  {
    term: 'worker',
    meaning: 'A Python process for anything else, such as validating an uploaded file.',
  },
  {
    term: 'dataset',
    meaning: 'One file in the queue, with its validation report and the state of each of its rows.',
  },
  {
    term: 'verdict',
    meaning: 'The result of validating a dataset: ready, needs a decision, or refused.',
  },
  {
    term: 'pass',
    meaning:
      'The training of one dataset from start to end, across restarts, with a fixed configuration.',
  },
  { term: 'run', meaning: 'The lifetime of one trainer process; a pass can take several runs.' },
  { term: 'step', meaning: 'One optimizer step on one batch of examples.' },
  {
    term: 'micro-batch',
    meaning: 'The part of a batch that is computed at once, limited by memory.',
  },
  {
    term: 'cursor',
    meaning: 'The position in a dataset from which an interrupted pass continues.',
  },
  { term: 'ledger', meaning: 'The record of which rows each step trained on.' },
  { term: 'quarantined', meaning: 'Rows left out of training because they made steps fail.' },
  {
    term: 'held out',
    meaning: 'Rows that are never trained on, so that they can measure the loss.',
  },
  {
    term: 'fixed validation set',
    meaning: 'Held-out rows that stay the same for the whole lineage.',
  },
  { term: 'dataset validation rows', meaning: 'Rows held out of one dataset.' },
  {
    term: 'gap',
    meaning: 'Validation loss minus training loss (a moving average) of the same dataset.',
  },
  {
    term: 'checkpoint',
    meaning: 'A saved state that training resumes from: weights, optimizer state and cursor.',
  },
  { term: 'version', meaning: 'A named copy of the weights that is kept until you delete it.' },
  { term: 'backup', meaning: 'An independent, verified copy of a checkpoint or version.' },
  {
    term: 'lineage',
    meaning: 'The history of one model that is trained on dataset after dataset.',
  },
  { term: 'branch', meaning: 'A part of a lineage; a restore starts a new one.' },
  { term: 'journal', meaning: 'The log of what the engine decided and why.' },
  { term: 'notice', meaning: 'A message in the app about something that may need you.' },
  {
    term: 'refusal',
    meaning: 'A command that was not carried out, with the reason and what to do instead.',
  },
];

/** The text of docs/glossary.md. */
export function glossaryMarkdown(): string {
  const lines = GLOSSARY.map(({ term, meaning }) => `- **${term}**: ${meaning}`);
  return `# Glossary

The terms that Nightshift defines; for everything else it uses the field's. Generated from
\`src-main/contract/glossary.ts\` by \`scripts/write-docs.mjs\`.

${lines.join('\n')}
`;
}
