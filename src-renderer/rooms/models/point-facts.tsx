/** Parts that the details of every kind of point share: a list of facts and the Restore button. */
import { Button } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import type { ReactElement, ReactNode } from 'react';
import { useLost, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import textStyles from '../../kit/styles/text.module.css';
import { openDialog } from './models-store.ts';
import detailStyles from './point-details.module.css';
import { restorableOf, type Chosen } from './saved-models.ts';

type Fact = readonly [string, ReactNode];

export function PointFacts({ facts }: { readonly facts: readonly Fact[] }): ReactElement {
  return <FactList className={classNames(detailStyles.facts, textStyles.number)} facts={facts} />;
}

export function FactList({
  className,
  facts,
}: {
  readonly className: string | undefined;
  readonly facts: readonly Fact[];
}): ReactElement {
  return (
    <dl className={className}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function RestoreButton({ chosen }: { readonly chosen: Chosen }): ReactElement {
  const lost = useLost();
  const isBusy = useRoom('lineage').restore?.state === 'running';
  const can = restorableOf(chosen);
  return (
    <Button
      variant={chosen.kind === 'version' ? 'default' : 'filled'}
      disabled={lost || isBusy || can.kind === 'cannot'}
      title={can.kind === 'cannot' ? can.why : isBusy ? 'A restore is already running' : undefined}
      leftSection={<IconHistory aria-hidden="true" />}
      onClick={() => {
        if (can.kind === 'can') openDialog({ kind: 'restore', source: can.source });
      }}
    >
      Restore
    </Button>
  );
}
