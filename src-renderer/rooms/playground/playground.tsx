/** The Playground screen: ask one model, or two side by side. */
import { Button, Checkbox, SegmentedControl, Textarea } from '@mantine/core';
import { IconEraser, IconPlayerStop, IconSend } from '@tabler/icons-react';
import { useState, type ReactElement } from 'react';
import type { PlaygroundModel } from '../../../src-main/contract/index.ts';
import { useAnswer, useLost, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { plural } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Notices, type OpenScreen } from '../notices/index.ts';
import {
  askAll,
  isWriting,
  openSides,
  startAgain,
  stopAll,
  usePlayground,
} from './playground-store.ts';
import styles from './playground.module.css';
import { SettingsPanel } from './settings-panel.tsx';
import { SideView } from './side.tsx';

/** Asked again when a version, a base model or a checkpoint comes or goes. */
function useModels(): readonly PlaygroundModel[] | null {
  const versions = useRoom('versions');
  const step = useRoom('status').last_checkpoint_step;
  const bases = useRoom('setup').bases.filter((base) => base.state === 'ready').length;
  const key = `models|${versions.map(({ name }) => name).join()}|${String(step)}|${String(bases)}`;
  return useAnswer(key, (engine) => engine.playground.models()).answer;
}

export function PlaygroundScreen({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const models = useModels();
  const isCompared = usePlayground((state) => state.isCompared);
  const hasTurns = usePlayground((state) => state.sides.some(({ turns }) => turns.length > 0));
  return (
    <>
      <div className={layoutStyles.screenBar}>
        <h1 className={textStyles.title}>Playground</h1>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {models === null ? '' : plural(models.length, 'model')}
        </span>
        <span className={layoutStyles.spacer} />
        <Checkbox
          label="Compare two models"
          checked={isCompared}
          onChange={(event) => {
            usePlayground.setState({ isCompared: event.currentTarget.checked, shown: 0 });
          }}
        />
        <Button
          disabled={!hasTurns}
          leftSection={<IconEraser aria-hidden="true" />}
          onClick={startAgain}
        >
          New conversation
        </Button>
      </div>
      <Notices onOpen={onOpen} />
      {models === null ? (
        <div className={layoutStyles.screenBody} />
      ) : models.length === 0 ? (
        <div className={classNames(layoutStyles.screenBody, layoutStyles.noMatches)}>
          <p className={textStyles.secondary}>
            There is no model to ask yet. Choose a base model in Config.
          </p>
        </div>
      ) : (
        <Conversations models={models} />
      )}
    </>
  );
}

/** A side that chose nothing, or a model that is gone, shows the newest; the second one the next. */
function useChosen(models: readonly PlaygroundModel[]): readonly [string, string] {
  const [first, second] = usePlayground((state) => state.sides);
  const known = (id: string | null, otherwise: number): string =>
    models.find((model) => model.id === id)?.id ?? (models[otherwise] ?? models[0])?.id ?? '';
  return [known(first.model, 0), known(second.model, 1)];
}

function Conversations({ models }: { readonly models: readonly PlaygroundModel[] }): ReactElement {
  const chosen = useChosen(models);
  const { isCompared, shown } = usePlayground();
  return (
    <div className={classNames(layoutStyles.screenBody, styles.screen)}>
      {isCompared ? (
        <SegmentedControl
          className={styles.sideTabs}
          aria-label="Shown model"
          data={[
            { value: '0', label: 'First model' },
            { value: '1', label: 'Second model' },
          ]}
          value={String(shown)}
          onChange={(value) => {
            usePlayground.setState({ shown: value === '1' ? 1 : 0 });
          }}
        />
      ) : null}
      <div className={classNames(styles.sides, isCompared && styles.compared)}>
        {openSides().map((side) => (
          <SideView key={side} side={side} models={models} model={chosen[side]} />
        ))}
      </div>
      <Composer chosen={chosen} />
      <SettingsPanel />
    </div>
  );
}

function Composer({ chosen }: { readonly chosen: readonly [string, string] }): ReactElement {
  const lost = useLost();
  const [text, setText] = useState('');
  const writing = usePlayground(({ sides, isCompared }) =>
    sides.slice(0, isCompared ? 2 : 1).some(isWriting),
  );
  const isReady = !lost && !writing && text.trim() !== '';
  const send = (): void => {
    if (!isReady) return;
    askAll(text.trim(), chosen);
    setText('');
  };
  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <Textarea
        aria-label="Question"
        placeholder="Ask something. Enter sends, Shift+Enter begins a new line."
        autosize
        minRows={1}
        maxRows={8}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          send();
        }}
      />
      {writing ? (
        <Button
          size="md"
          disabled={lost}
          leftSection={<IconPlayerStop aria-hidden="true" />}
          onClick={() => void stopAll()}
        >
          Stop answer
        </Button>
      ) : (
        <Button
          size="md"
          variant="filled"
          type="submit"
          disabled={!isReady}
          leftSection={<IconSend aria-hidden="true" />}
        >
          Ask
        </Button>
      )}
    </form>
  );
}
