/** `nightshift versions show | compare` */
import { VALIDATION_DATASET, VALIDATION_FIXED, type Version } from '../contract/index.ts';
import { engineOf, withEngine } from './connection.ts';
import { existingVersion } from './find.ts';
import { bytes, columns, count, dateTime, decimal, table, withWeights } from './format.ts';
import { versionsFromFiles } from './offline/workspace-files.ts';
import { exitCode, show, type ExitCode, type Session } from './session.ts';

export async function allVersions(session: Session): Promise<readonly Version[]> {
  return (await engineOf(session)) === null
    ? versionsFromFiles(session)
    : withEngine(session, (client) => client.versions.list());
}

/** The step of the last evaluation, which may be earlier than the step of the version. */
export const evaluatedAt = (version: Version): string =>
  version.evaluated_step === null
    ? ''
    : `${count(version.evaluated_step)}${withWeights(version.evaluated_precision)}`;

export const match = (version: Version): string =>
  version.exact_match === null
    ? ''
    : `${count(version.exact_match.k)} of ${count(version.exact_match.n)}`;

export async function showVersion(session: Session, typed: string): Promise<ExitCode> {
  const version = existingVersion(await allVersions(session), typed);
  show(session, version, () =>
    columns(
      [
        ['name', version.pinned ? `${version.name} (pinned)` : version.name],
        ['description', version.description],
        ['created', `${dateTime(version.created)}, ${version.how}`],
        ['step', `${count(version.step)} of ${version.branch}`],
        ['parent', version.parent ?? ''],
        ['trained on', version.datasets.map(({ name }) => name).join(', ')],
        [VALIDATION_FIXED, decimal(version.validation_loss)],
        [VALIDATION_DATASET, decimal(version.validation_dataset ?? null)],
        ['gap', decimal(version.gap)],
        ['exact match', match(version)],
        ['evaluated at step', evaluatedAt(version)],
        ['size', bytes(version.bytes)],
        ['folder', version.folder],
      ].filter(([, value]) => value !== ''),
    ),
  );
  return exitCode.ok;
}

export async function compare(session: Session, a: string, b: string): Promise<ExitCode> {
  const versions = await allVersions(session);
  const first = existingVersion(versions, a);
  const second = existingVersion(versions, b);
  const settings = differingSettings(first, second);
  show(session, { a: first, b: second, settings }, () =>
    table(
      ['', first.name, second.name],
      [
        ['step', count(first.step), count(second.step)],
        [VALIDATION_FIXED, decimal(first.validation_loss), decimal(second.validation_loss)],
        [
          VALIDATION_DATASET,
          decimal(first.validation_dataset ?? null),
          decimal(second.validation_dataset ?? null),
        ],
        ['evaluated at step', evaluatedAt(first), evaluatedAt(second)],
        ['gap', decimal(first.gap), decimal(second.gap)],
        ['exact match', match(first), match(second)],
        ['created', dateTime(first.created), dateTime(second.created)],
        ...settings.map((setting) => [
          setting.key,
          JSON.stringify(setting.a),
          JSON.stringify(setting.b),
        ]),
      ],
    ),
  );
  return exitCode.ok;
}

function differingSettings(
  a: Version,
  b: Version,
): readonly { readonly key: string; readonly a: unknown; readonly b: unknown }[] {
  const keys = [...new Set([...Object.keys(a.config ?? {}), ...Object.keys(b.config ?? {})])];
  return keys
    .map((key) => ({ key, a: a.config?.[key] ?? null, b: b.config?.[key] ?? null }))
    .filter((setting) => JSON.stringify(setting.a) !== JSON.stringify(setting.b));
}
