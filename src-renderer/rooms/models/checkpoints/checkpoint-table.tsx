/** Checkpoints per branch, with verification and clean-up. */
import { Button } from '@mantine/core';
import { IconShieldCheck, IconTrash } from '@tabler/icons-react';
import type { ReactElement } from 'react';
import type { CheckpointCheck, CheckpointFacts } from '../../../../src-main/contract/index.ts';
import { useLost, useRoom } from '../../../engine/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { bytes, count, plural } from '../../../kit/format.ts';
import { Glyph } from '../../../kit/marks.tsx';
import { useNowSeconds } from '../../../kit/now.ts';
import controlStyles from '../../../kit/styles/controls.module.css';
import layoutStyles from '../../../kit/styles/layout.module.css';
import tableStyles from '../../../kit/styles/tables.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import { listNavigation } from '../list-navigation.ts';
import { choose } from '../models-store.ts';
import listStyles from '../point-list.module.css';
import {
  ClippedCell,
  DialogButton,
  ListHeading,
  PointRow,
  Problem,
  TimeCell,
} from '../point-table.tsx';
import { checkpointKey, pointText } from '../saved-models.ts';
import verificationStyles from '../verification.module.css';
import { useVerification, verifyBranch } from '../verification.ts';

/** `end of faq.jsonl`, `in gsm8k_train.jsonl` */
export const placeText = (checkpoint: CheckpointFacts): string =>
  checkpoint.dataset === null
    ? 'dataset unknown'
    : `${checkpoint.complete ? 'end of' : 'in'} ${checkpoint.dataset.name}`;

export function CheckpointTable({
  chosen,
  onOpen,
}: {
  readonly chosen: string | null;
  readonly onOpen: () => void;
}): ReactElement {
  const lineage = useRoom('lineage');
  const runs = useRoom('status').trainer.alive;
  const { checkpoints } = lineage;
  const groups = [...lineage.branches]
    .reverse()
    .map((branch) => ({
      branch,
      own: checkpoints.filter((checkpoint) => checkpoint.branch === branch.name),
    }))
    .filter((group) => group.own.length > 0);
  const keys = groups.flatMap((group) => group.own.map(checkpointKey));
  return (
    <section
      className={listStyles.list}
      aria-label="Checkpoints"
      tabIndex={0}
      onKeyDown={listNavigation(keys, chosen, choose, onOpen)}
    >
      <ListHeading
        title="Checkpoints"
        facts={
          checkpoints.length === 0
            ? 'none'
            : `${plural(checkpoints.length, 'checkpoint')}, ${bytes(checkpoints.reduce((sum, checkpoint) => sum + checkpoint.bytes, 0))}`
        }
      >
        {runs && checkpoints.length > 0 ? (
          <span className={textStyles.caption} id="cleanup-reason">
            can’t clean up while training runs
          </span>
        ) : null}
        <DialogButton
          dialog={{ kind: 'clean_checkpoints' }}
          icon={<IconTrash aria-hidden="true" />}
          disabled={runs || checkpoints.length === 0}
          label="Clean up checkpoints"
          describedBy={runs ? 'cleanup-reason' : undefined}
        >
          Clean up
        </DialogButton>
      </ListHeading>
      {groups.length === 0 ? (
        <p className={classNames(textStyles.secondary, listStyles.empty)}>
          No checkpoints yet. The first one is saved during training.
        </p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Checkpoint</th>
              <th className={listStyles.withGap}>Saved</th>
              <th>Position</th>
              <th>Status</th>
              <th>Files</th>
              <th className={tableStyles.numberCell}>Size</th>
            </tr>
          </thead>
          {groups.map(({ branch, own }) => (
            <Group
              key={branch.name}
              name={branch.name}
              why={
                branch.parent === null
                  ? branch.why
                  : `${branch.why} Branched from ${branch.parent.branch} at step ${count(branch.parent.step)}.`
              }
              isHead={branch.name === lineage.head}
              own={own}
              chosen={chosen}
            />
          ))}
        </table>
      )}
    </section>
  );
}

function Group({
  name,
  why,
  isHead,
  own,
  chosen,
}: {
  readonly name: string;
  readonly why: string;
  readonly isHead: boolean;
  readonly own: readonly CheckpointFacts[];
  readonly chosen: string | null;
}): ReactElement {
  const now = useNowSeconds();
  const lost = useLost();
  const checked = useVerification((state) => state.branches[name]);
  return (
    <tbody>
      <tr className={listStyles.branch}>
        <th scope="rowgroup" colSpan={6}>
          <div className={classNames(layoutStyles.row, listStyles.iconRow)}>
            <span className={textStyles.strong}>{name}</span>
            {isHead ? (
              <span className={classNames(controlStyles.chip, controlStyles.accentChip)}>
                active
              </span>
            ) : null}
            <span
              className={classNames(textStyles.caption, textStyles.ellipsis, layoutStyles.grow)}
              title={why}
            >
              {why}
            </span>
            <Button
              size="xs"
              variant="subtle"
              disabled={lost || checked === 'busy'}
              aria-label={`Verify ${name}`}
              leftSection={<IconShieldCheck aria-hidden="true" />}
              onClick={() => {
                void verifyBranch(name);
              }}
            >
              {checked === 'busy' ? 'Verifying' : 'Verify'}
            </Button>
          </div>
          {checked === undefined || checked === 'busy' ? null : <Checked check={checked} />}
        </th>
      </tr>
      {own.map((checkpoint) => (
        <PointRow
          key={checkpointKey(checkpoint)}
          id={checkpointKey(checkpoint)}
          chosen={chosen}
          name={
            <>
              <span aria-hidden="true">{count(checkpoint.step)}</span>
              <span className={textStyles.visuallyHidden}>{pointText(checkpoint)}</span>
            </>
          }
        >
          <TimeCell t={checkpoint.created} now={now} />
          <ClippedCell text={placeText(checkpoint)} />
          <td className={checkpoint.in_ancestry ? undefined : textStyles.tertiary}>
            {checkpoint.in_ancestry ? 'active' : 'abandoned branch'}
          </td>
          <td className={listStyles.clipped}>
            {checkpoint.problem === null ? (
              <span className={textStyles.secondary}>size OK</span>
            ) : (
              <Problem title={checkpoint.problem}>{checkpoint.problem}</Problem>
            )}
          </td>
          <td className={tableStyles.numberCell}>{bytes(checkpoint.bytes)}</td>
        </PointRow>
      ))}
    </tbody>
  );
}

function Checked({ check }: { readonly check: CheckpointCheck }): ReactElement {
  const isGood = check.resumes !== null && check.mismatch === null;
  return (
    <p
      role="status"
      className={classNames(verificationStyles.result, !isGood && textStyles.failure)}
    >
      <span className={isGood ? textStyles.success : textStyles.failure}>
        <Glyph name={isGood ? 'done' : 'failed'} />
      </span>
      <span>
        {check.text}
        {check.mismatch === null ? '' : `. Training can’t resume from it: ${check.mismatch}`}
      </span>
    </p>
  );
}
