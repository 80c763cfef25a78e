/** `nightshift versions answers`, `nightshift queue evaluations`: the answers behind an exact match. */
import { type Argument, type Command, Option } from 'commander';
import {
  evaluationSummary,
  type EvaluationSummary,
  type VersionAnswers,
} from '../contract/index.ts';
import { listVersions, readVersionAnswers } from '../formats/index.ts';
import { comparedText, evaluationsText, evaluationText } from './answers.ts';
import { engineOf, withEngine } from './connection.ts';
import { branchName, datasetId, existingVersion, VERSION_HELP } from './find.ts';
import { wholeNumber } from './numbers.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

export function addVersionAnswers(versions: Command, run: Run): void {
  versions
    .command('answers')
    .argument('<version>', VERSION_HELP)
    .argument('[other]', 'a second version, to compare with')
    .description(
      'List what a version answered, wrong answers first, or two versions side by side; works without an engine',
    )
    .action((name: string, other?: string) =>
      run((session) => versionAnswers(session, other === undefined ? [name] : [name, other])),
    );
}

interface EvaluationOptions {
  readonly branch?: string;
  readonly when?: EvaluationSummary['when'];
}

export function addEvaluations(queue: Command, dataset: Argument, run: Run): void {
  queue
    .command('evaluations')
    .addArgument(dataset)
    .argument(
      '[step]',
      'list the answers of the evaluation at this step',
      wholeNumber(0, 2 ** 31 - 1),
    )
    .option('--branch <branch>', 'branch of the step, if several have an evaluation there')
    .addOption(
      new Option('--when <when>', 'which evaluation of the step, if there are several').choices(
        evaluationSummary.shape.when.options,
      ),
    )
    .description('List the evaluations of a dataset, or the answers of one, wrong ones first')
    .action((name: string, step: number | undefined, options: EvaluationOptions) =>
      run((session) =>
        withEngine(session, async (client) => {
          const id = await datasetId(client, name);
          if (step === undefined) {
            const evaluations = await client.datasets.evaluations({ id });
            show(session, evaluations, () => evaluationsText(evaluations));
          } else {
            const branch =
              options.branch === undefined
                ? {}
                : { branch: await branchName(session, options.branch) };
            const evaluation = await client.datasets.evaluation({
              ...{ id, step, ...branch },
              ...(options.when === undefined ? {} : { when: options.when }),
            });
            show(session, evaluation, () => evaluationText(evaluation));
          }
          return exitCode.ok;
        }),
      ),
    );
}

async function versionAnswers(session: Session, names: readonly string[]): Promise<ExitCode> {
  const isRunning = (await engineOf(session)) !== null;
  const files = isRunning ? [] : await listVersions(session.paths);
  const known: readonly { readonly name: string }[] = isRunning
    ? await withEngine(session, (client) => client.versions.list())
    : files;
  const found: VersionAnswers[] = [];
  for (const given of names) {
    const { name } = existingVersion(known, given);
    const file = files.find((version) => version.name === name);
    found.push(
      file === undefined
        ? await withEngine(session, (client) => client.versions.answers({ name }))
        : await readVersionAnswers(session.paths, file),
    );
  }
  const [a, b] = found;
  show(session, b === undefined ? a : { a, b }, () => text(found));
  return exitCode.ok;
}

function text(found: readonly VersionAnswers[]): string {
  const missing = found.filter(({ evaluation }) => evaluation === null);
  if (missing.length > 0)
    return missing.map((answers) => `${answers.version}: ${answers.missing ?? ''}`).join('\n');
  const [a, b] = found;
  if (a?.evaluation == null) return '';
  return b?.evaluation == null
    ? `${a.version}: ${evaluationText(a.evaluation)}`
    : comparedText([a.version, b.version], a.evaluation, b.evaluation);
}
