/** A version: its figures, its datasets, and restore, verify, pin, delete. */
import { Button } from '@mantine/core';
import {
  IconListCheck,
  IconMessage,
  IconPin,
  IconPinnedOff,
  IconShieldCheck,
  IconTrash,
} from '@tabler/icons-react';
import type { ReactElement } from 'react';
import {
  VALIDATION_DATASET,
  VALIDATION_FIXED,
  type Version,
} from '../../../../src-main/contract/index.ts';
import { command, useLost, useRoom } from '../../../engine/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { bytes, count, loss, plural, UNKNOWN } from '../../../kit/format.ts';
import { Glyph } from '../../../kit/marks.tsx';
import layoutStyles from '../../../kit/styles/layout.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import { UndoDatasetButton } from '../../../kit/undo-dataset-button.tsx';
import { tryModel } from '../../playground/index.ts';
import { FolderActions } from '../folder-actions.tsx';
import { openDialog } from '../models-store.ts';
import detailStyles from '../point-details.module.css';
import { PointFacts, RestoreButton } from '../point-facts.tsx';
import verificationStyles from '../verification.module.css';
import { useVerification, verifyVersion } from '../verification.ts';
import { measuredWhere } from './compare.ts';

export function VersionDetails({ version }: { readonly version: Version }): ReactElement {
  const lost = useLost();
  const branches = useRoom('lineage').branches;
  const checked = useVerification((state) => state.versions[version.name]);
  const isLeft = !branches.some((branch) => branch.name === version.branch);
  return (
    <aside className={detailStyles.details} aria-label={`Details of ${version.name}`}>
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h2 className={classNames(textStyles.title, textStyles.ellipsis)} title={version.name}>
          {version.name}
        </h2>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {bytes(version.bytes)}
        </span>
      </div>
      <p className={textStyles.secondary}>{version.description}</p>
      <PointFacts
        facts={[
          ['Step', count(version.step)],
          ['Branch', isLeft ? `${version.branch} (earlier lineage)` : version.branch],
          ['Parent', version.parent ?? 'base model'],
          [
            VALIDATION_FIXED,
            version.validation_loss === null
              ? UNKNOWN
              : `${loss(version.validation_loss)}, ${measuredWhere(version)}`,
          ],
          [
            VALIDATION_DATASET,
            version.validation_dataset == null ? 'not measured' : loss(version.validation_dataset),
          ],
          ['Training loss', version.training_loss === null ? UNKNOWN : loss(version.training_loss)],
          [
            'Exact match',
            version.exact_match === null
              ? UNKNOWN
              : `${count(version.exact_match.k)} of ${count(version.exact_match.n)}`,
          ],
          ['Created', version.how],
        ]}
      />
      <Datasets version={version} />
      <FolderActions folder={version.folder} />
      <div className={classNames(layoutStyles.row, detailStyles.actions)}>
        <TryButton name={version.name} />
        <Button
          disabled={lost}
          leftSection={<IconListCheck aria-hidden="true" />}
          onClick={() => {
            openDialog({ kind: 'answers', version: version.name });
          }}
        >
          Answers
        </Button>
        <RestoreButton chosen={{ kind: 'version', version }} />
        <Button
          disabled={lost || checked === 'busy'}
          leftSection={<IconShieldCheck aria-hidden="true" />}
          onClick={() => {
            void verifyVersion(version.name);
          }}
        >
          {checked === 'busy' ? 'Verifying' : 'Verify now'}
        </Button>
        <Button
          disabled={lost}
          leftSection={
            version.pinned ? <IconPinnedOff aria-hidden="true" /> : <IconPin aria-hidden="true" />
          }
          onClick={() => {
            void command((engine) =>
              engine.versions.pin({ name: version.name, pinned: !version.pinned }),
            );
          }}
        >
          {version.pinned ? 'Unpin' : 'Pin'}
        </Button>
        <Button
          disabled={lost || version.pinned}
          title={version.pinned ? 'Unpin the version to delete it' : undefined}
          leftSection={<IconTrash aria-hidden="true" />}
          onClick={() => {
            openDialog({ kind: 'delete', version: version.name });
          }}
        >
          Delete
        </Button>
      </div>
      {checked === undefined || checked === 'busy' ? null : (
        <p
          role="status"
          className={
            checked.ok
              ? classNames(verificationStyles.result, verificationStyles.verified)
              : classNames(verificationStyles.result, textStyles.failure)
          }
        >
          <Glyph name={checked.ok ? 'done' : 'failed'} />
          <span>
            {checked.ok
              ? `${plural(checked.files, 'file')}, ${bytes(checked.bytes)}: checksum OK`
              : `Damaged: ${checked.problem ?? ''}`}
          </span>
        </p>
      )}
    </aside>
  );
}

/** A version is for using: this is the first of its actions. */
function TryButton({ name }: { readonly name: string }): ReactElement {
  return (
    <Button
      component="a"
      href="#/playground"
      variant="filled"
      leftSection={<IconMessage aria-hidden="true" />}
      onClick={() => {
        tryModel(name);
      }}
    >
      Try it
    </Button>
  );
}

function Datasets({ version }: { readonly version: Version }): ReactElement {
  const lost = useLost();
  return (
    <div className={detailStyles.datasets}>
      <h3 className={textStyles.label}>
        Datasets added since {version.parent ?? 'the base model'}
      </h3>
      {version.datasets.length === 0 ? <p className={textStyles.secondary}>None.</p> : null}
      <ul>
        {version.datasets.map((dataset) => (
          <li key={dataset.id} className={layoutStyles.row}>
            <span
              className={classNames(textStyles.ellipsis, layoutStyles.grow)}
              title={dataset.name}
            >
              {dataset.name}
            </span>
            <UndoDatasetButton
              name={dataset.name}
              disabled={lost}
              onClick={() => {
                openDialog({
                  kind: 'restore',
                  source: { kind: 'undo_dataset', dataset: dataset.id },
                });
              }}
            />
          </li>
        ))}
      </ul>
    </div>
  );
}
