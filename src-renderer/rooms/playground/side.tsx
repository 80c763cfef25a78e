/** One conversation: the model and what was said. */
import { NativeSelect } from '@mantine/core';
import { useEffect, useRef, type ReactElement } from 'react';
import type { PlaygroundModel } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import textStyles from '../../kit/styles/text.module.css';
import { TurnView } from './answer.tsx';
import { chooseModel, isWriting, type Side, usePlayground } from './playground-store.ts';
import styles from './playground.module.css';

function labelOf({ kind, label, step, branch }: PlaygroundModel): string {
  if (kind === 'base') return `${label} (base model)`;
  return `${label}, step ${count(step ?? 0)} of ${branch ?? ''}`;
}

export function SideView({
  side,
  models,
  model,
}: {
  readonly side: Side;
  readonly models: readonly PlaygroundModel[];
  readonly model: string;
}): ReactElement {
  const conversation = usePlayground((state) => state.sides[side]);
  const isShown = usePlayground((state) => state.shown === side);
  const raw = usePlayground((state) => state.settings.raw);
  const name = side === 0 ? 'First model' : 'Second model';
  const box = useRef<HTMLDivElement>(null);
  const { turns } = conversation;
  const last = turns.at(-1);
  useEffect(() => {
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [turns.length, last?.answer?.tokens, last?.answer?.state, last?.refused]);
  return (
    <section
      className={classNames(styles.side, isShown && styles.shown)}
      aria-label={name}
      aria-busy={isWriting(conversation)}
    >
      <NativeSelect
        aria-label={name}
        data={models.map((entry) => ({ value: entry.id, label: labelOf(entry) }))}
        value={model}
        onChange={(event) => {
          chooseModel(side, event.currentTarget.value);
        }}
      />
      <div
        className={styles.transcript}
        ref={box}
        tabIndex={0}
        role="log"
        aria-label={`${name}: conversation`}
      >
        {turns.length === 0 ? (
          <p className={textStyles.secondary}>Nothing asked yet.</p>
        ) : (
          turns.map((turn, index) => <TurnView key={index} turn={turn} raw={raw} />)
        )}
      </div>
    </section>
  );
}
