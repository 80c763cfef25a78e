/** `nightshift versions answers`, `nightshift queue evaluations`: the answers behind an exact match. */
import { type Argument, type Command, InvalidArgumentError } from 'commander';
import type { VersionAnswers } from '../contract/index.ts';
import { listVersions, readVersionAnswers } from '../formats/index.ts';
import { comparedText, evaluationsText, evaluationText } from './answers.ts';
import { engineOf, withEngine } from './connection.ts';
import { datasetId, existingVersion } from './find.ts';
import type { Run } from './program.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

export function addVersionAnswers(versions: Command, run: Run): void {
  versions
    .command('answers')
    .argument('<version>', 'name, number or the beginning of the name')
    .argument('[other]', 'a second version, to compare with')
    .description(
      'List what a version answered, wrong answers first, or two versions side by side; works without an engine',
    )
    .action((name: string, other?: string) =>
      run((session) => versionAnswers(session, other === undefined ? [name] : [name, other])),
    );
}

function step(value: string): number {
  if (!/^\d+$/.test(value)) throw new InvalidArgumentError('A step is a whole number.');
  return Number(value);
}

export function addEvaluations(queue: Command, dataset: Argument, run: Run): void {
  queue
    .command('evaluations')
    .addArgument(dataset)
    .argument('[step]', 'list the answers of the evaluation at this step', step)
    .description('List the evaluations of a dataset, or the answers of one, wrong ones first')
    .action((name: string, at?: number) =>
      run((session) =>
        withEngine(session, async (client) => {
          const id = await datasetId(client, name);
          if (at === undefined) {
            const evaluations = await client.datasets.evaluations({ id });
            show(session, evaluations, () => evaluationsText(evaluations));
          } else {
            const evaluation = await client.datasets.evaluation({ id, step: at });
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
