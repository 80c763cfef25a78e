/** Data formats of the guide; a test validates every example as a file. Pure. */
import { code, type GuideTopic, list, text } from './blocks.ts';

/** Files that are validated as they stand; `decides`: one that needs a decision. */
export interface FormatExample {
  readonly file: string;
  readonly lines: readonly string[];
  readonly decides?: true;
}

const EXAMPLES = {
  messages: {
    file: 'messages.jsonl',
    lines: [
      '{"messages": [{"role": "system", "content": "Answer in one word."}, {"role": "user", "content": "Capital of France?"}, {"role": "assistant", "content": "Paris"}]}',
    ],
  },
  conversations: {
    file: 'sharegpt.jsonl',
    lines: [
      '{"conversations": [{"from": "human", "value": "Capital of Italy?"}, {"from": "gpt", "value": "Rome"}]}',
    ],
  },
  instruction: {
    file: 'alpaca.json',
    lines: [
      '[{"instruction": "Translate to German.", "input": "good night", "output": "gute Nacht"}]',
    ],
  },
  pairs: {
    file: 'pairs.jsonl',
    lines: ['{"question": "Is my card active?", "answer": "activate_my_card"}'],
  },
  completion: {
    file: 'completion.jsonl',
    lines: ['{"prompt": "2 + 2 =", "completion": "4"}'],
  },
  raw: {
    file: 'book.jsonl',
    lines: ['{"text": "It was a dark and stormy night; the rain fell in torrents."}'],
  },
  table: {
    file: 'tickets.csv',
    lines: ['title,body,label', 'Card lost,I left it in a taxi,lost_card'],
    decides: true,
  },
} as const satisfies Record<string, FormatExample>;

export const FORMAT_EXAMPLES: readonly FormatExample[] = Object.values(EXAMPLES);

const example = ({ file, lines }: FormatExample) => code(file, ...lines);

export const dataFormats: readonly GuideTopic[] = [
  {
    id: 'data-formats',
    title: 'Data formats',
    summary:
      'Which files Nightshift reads, with an example of each. The format is recognized by the field names; nothing needs to be configured.',
    blocks: [
      text(
        'File types: .jsonl, .ndjson, .json, .csv, .tsv and .txt, each also packed as .gz or .zst, and .parquet. Text is UTF-8; another encoding is recognized and offered with a preview.',
      ),
      text('Chat messages. The loss counts only the assistant messages.'),
      example(EXAMPLES.messages),
      text('ShareGPT conversations.'),
      example(EXAMPLES.conversations),
      text('Alpaca instructions; input is optional and is added to the instruction.'),
      example(EXAMPLES.instruction),
      text('A question and its answer; prompt and response work in the same way.'),
      example(EXAMPLES.pairs),
      text('A prompt and its completion.'),
      example(EXAMPLES.completion),
      text('Raw text. Every token counts in the loss.'),
      example(EXAMPLES.raw),
      text(
        'Any other table. Its columns are mapped once; files with the same columns reuse the mapping.',
      ),
      example(EXAMPLES.table),
      code(
        null,
        'nightshift queue map tickets --question "Classify: {title} {body}" --answer label',
      ),
    ],
  },
  {
    id: 'data-rules',
    title: 'What happens to the rows of a file',
    summary:
      'Every row is trained, held out for validation, or rejected with its number and the reason. Nothing is left out silently.',
    blocks: [
      list(
        'Marks that exclude a row or a message from training are honored, such as weight: 0, train: false or label: false.',
        'Rows with images, audio, video or tool calls are rejected: they can’t be learned from text.',
        'Fields that the format leaves out are listed with counts. If answers may depend on them, the file waits for your decision.',
        'Think blocks, preference data (chosen and rejected), rows longer than max_length and files that were trained before are decisions: the file waits, and the queue continues with the next one.',
        'Identical rows are trained once. 2 % of the rows, at least 20 where there are enough, are held out to measure the validation loss of the dataset.',
      ),
      text('To see the state and the reason of every row, open the file in Data, or:'),
      code(null, 'nightshift queue show ID --rows', 'nightshift queue row ID 7'),
      text('To answer what a file asks:'),
      code(null, 'nightshift queue accept ID', 'nightshift queue encoding ID windows-1252'),
    ],
  },
];
