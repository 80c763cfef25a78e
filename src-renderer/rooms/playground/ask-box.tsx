/** A box to ask one model something where another screen shows it; the conversation goes on in the Playground. */
import { Button, TextInput } from '@mantine/core';
import { IconSend } from '@tabler/icons-react';
import { useState, type ReactElement } from 'react';
import { useLost } from '../../engine/index.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { TurnView } from './answer.tsx';
import { askOne, isWriting, tryModel, usePlayground } from './playground-store.ts';
import styles from './playground.module.css';

export function AskBox({
  model,
  placeholder,
}: {
  readonly model: string;
  readonly placeholder: string;
}): ReactElement {
  const lost = useLost();
  const [text, setText] = useState('');
  const conversation = usePlayground((state) => state.sides[0]);
  const isOwn = conversation.model === model;
  const writing = isWriting(conversation);
  const last = isOwn ? conversation.turns.at(-1) : undefined;
  return (
    <div className={styles.askBox}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() === '' || writing) return;
          askOne(text.trim(), model);
          setText('');
        }}
      >
        <TextInput
          aria-label={`Ask ${model}`}
          placeholder={placeholder}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
          }}
        />
        <Button
          type="submit"
          variant="filled"
          disabled={lost || writing || text.trim() === ''}
          leftSection={<IconSend aria-hidden="true" />}
        >
          Ask
        </Button>
        <a
          className={controlStyles.linkButton}
          href="#/playground"
          onClick={() => {
            tryModel(model);
          }}
        >
          Open in Playground
        </a>
      </form>
      {last === undefined ? (
        <p className={textStyles.caption}>
          The first answer takes longer: the model is loaded for it.
        </p>
      ) : (
        <TurnView turn={last} raw={false} />
      )}
    </div>
  );
}
