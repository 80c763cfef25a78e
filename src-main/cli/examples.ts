/** Examples for the help of every command. A test parses each with the real program. */
import type { Command } from 'commander';

const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  serve: ['serve', 'serve --workspace ~/models/support --port 8090'],
  status: ['status', 'status --watch', 'status --json'],
  pause: ['pause'],
  resume: ['resume'],
  stop: ['stop', 'stop --now'],
  skip: ['skip'],
  'queue list': ['queue list', 'queue list --json'],
  'queue status': ['queue status'],
  'queue add': ['queue add requests.jsonl', 'queue add exports/ faq.csv --priority high'],
  'queue sample': ['queue sample'],
  'queue set-priority': ['queue set-priority faq.csv high'],
  'queue move': ['queue move faq.csv --before requests.jsonl', 'queue move 7f3a'],
  'queue hold': ['queue hold faq.csv', 'queue hold faq.csv --off'],
  'queue retry': ['queue retry faq.csv'],
  'queue remove': ['queue remove 7f3a'],
  'queue undo': ['queue undo faq.csv --plan', 'queue undo faq.csv --undone skip'],
  'queue show': ['queue show faq.csv', 'queue show faq.csv --rows', 'queue show 7f3a --answers'],
  'queue evaluations': ['queue evaluations faq.csv', 'queue evaluations faq.csv 800'],
  'queue accept': ['queue accept faq.csv', 'queue accept faq.csv --think strip'],
  'queue map': [
    'queue map faq.csv',
    'queue map faq.csv --question "Classify: {title} {body}" --answer label --preview',
    'queue map faq.csv --text body',
  ],
  'queue encoding': ['queue encoding faq.csv windows-1252'],
  'queue row': ['queue row faq.csv 7'],
  journal: ['journal', 'journal --limit 100'],
  'notices list': ['notices', 'notices list --all'],
  'notices dismiss': ['notices dismiss n-12', 'notices dismiss --all'],
  logs: ['logs', 'logs -f --source trainer'],
  token: ['token', 'token --json'],
  'sessions list': ['sessions', 'sessions list --json'],
  'sessions revoke': ['sessions revoke 7f3a', 'sessions revoke --all'],
  validate: ['validate faq.csv', 'validate --auto-adjust --confirm max_length'],
  'base list': ['base list'],
  'base add': ['base add smollm2', 'base add ~/models/my-model'],
  'base cancel': ['base cancel'],
  'base begin': ['base begin starter --plan'],
  'versions list': ['versions list'],
  'versions create': ['versions create --description "before the new prices"'],
  'versions show': ['versions show 3', 'versions show v003 --json'],
  'versions answers': ['versions answers 3', 'versions answers 2 3'],
  'versions compare': ['versions compare 2 3'],
  'versions pin': ['versions pin 3'],
  'versions unpin': ['versions unpin 3'],
  'versions verify': ['versions verify 3'],
  'versions restore': ['versions restore 3 --plan', 'versions restore 3 --confirm v003_faq'],
  'versions rollback': ['versions rollback --plan', 'versions rollback --confirm rollback'],
  'versions delete': ['versions delete 3 --confirm v003_faq'],
  'checkpoints list': ['checkpoints list'],
  'checkpoints verify': ['checkpoints verify', 'checkpoints verify --branch branch-2'],
  'checkpoints restore': [
    'checkpoints restore 800 --plan',
    'checkpoints restore 800 --confirm 800',
  ],
  'checkpoints cleanup': ['checkpoints cleanup --keep 3', 'checkpoints cleanup --keep 3 --execute'],
  chat: ['chat', 'chat 3 --message "What is 7 times 8?"', 'chat --models'],
  'backup list': ['backup list'],
  'backup create': [
    'backup create --reason "before the audit"',
    'backup create --of-version 3 --reason "delivered"',
  ],
  'backup verify': ['backup verify manual/20261130-120000'],
  'backup restore': ['backup restore manual/20261130-120000 --plan'],
  'backup extract': ['backup extract manual/20261130-120000 --to ~/old-model'],
  'backup cleanup': ['backup cleanup', 'backup cleanup --retention-days 30 --execute'],
  'config show': ['config show'],
  'config get': ['config get learning_rate'],
  'config set': [
    'config set keep_checkpoints 5',
    'config set max_length 1024 --confirm max_length',
  ],
  'config stage': ['config stage batch_size 16'],
  'config unstage': ['config unstage batch_size'],
  'config validate': ['config validate', 'config validate ~/config.json'],
  'config estimate': ['config estimate --batch-size 16 --dataset faq.csv'],
  health: ['health'],
  crashes: ['crashes', 'crashes --days 7'],
  disk: ['disk'],
  machine: ['machine'],
  previews: ['previews', 'previews --limit 20'],
  diagnostics: ['diagnostics', 'diagnostics --to report.tar.gz'],
  demo: ['demo', 'demo --model starter --no-keep'],
  drill: ['drill', 'drill --json'],
  completion: [
    'completion bash >> ~/.bashrc',
    'completion fish > ~/.config/fish/completions/nightshift.fish',
  ],
  link: ['link', 'link --folder ~/bin'],
  unlink: ['unlink'],
  help: ['help queue', 'help batch_size'],
};

/** Of the program itself. */
const FIRST_STEPS = ['base add smollm2', 'queue add requests.jsonl', 'status --watch', 'chat'];

const MAX_OF_GROUP = 4;

/** Without the shell's redirection. Pure. */
export const examplesOf = (path: string): readonly string[] => EXAMPLES[path] ?? [];

/** Adds the examples to the help of the command and of every command below it. */
export function addExamples(command: Command, parents: readonly string[] = []): void {
  const path = parents.join(' ');
  const examples =
    parents.length === 0
      ? FIRST_STEPS
      : (EXAMPLES[path] ?? groupExamples(command, path).slice(0, MAX_OF_GROUP));
  if (examples.length > 0)
    command.addHelpText(
      'after',
      `\nExamples:\n${examples.map((example) => `  nightshift ${example}`).join('\n')}`,
    );
  for (const child of command.commands) addExamples(child, [...parents, child.name()]);
}

/** The first example of each command of the group. */
const groupExamples = (group: Command, path: string): readonly string[] =>
  group.commands.flatMap((child) => (EXAMPLES[`${path} ${child.name()}`] ?? []).slice(0, 1));
