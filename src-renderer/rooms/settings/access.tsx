/** Access for browsers and scripts: address, public metrics, a one-time link, the access token. */
import { Button, Checkbox } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import { command, typed, useAnswer, useLost, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { duration } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import textStyles from '../../kit/styles/text.module.css';
import type { OpenScreen } from '../notices/index.ts';
import { Row, Section } from './row.tsx';
import { Sessions } from './sessions.tsx';
import styles from './settings.module.css';

function Copyable({
  text,
  label,
}: {
  readonly text: string;
  readonly label: string;
}): ReactElement {
  const [copied, setCopied] = useState(false);
  return (
    <div className={styles.copyable}>
      <code className={classNames(controlStyles.codeBlock, textStyles.mono)} aria-label={label}>
        {text}
      </code>
      <Button
        size="xs"
        onClick={() => {
          void navigator.clipboard.writeText(text).then(() => {
            setCopied(true);
          });
        }}
      >
        {copied ? 'Copied' : 'Copy'}
      </Button>
    </div>
  );
}

function OneTimeLink(): ReactElement {
  const lost = useLost();
  const now = useNowSeconds();
  const [created, setCreated] = useState<{
    readonly link: string;
    readonly expires: number;
  } | null>(null);
  const left = created === null ? 0 : created.expires - now;
  return (
    <>
      <Button
        size="sm"
        disabled={lost}
        onClick={() => {
          void command((engine) => engine.access.link()).then(setCreated);
        }}
      >
        Create a one-time link
      </Button>
      {created === null ? null : left > 0 ? (
        <>
          <Copyable text={created.link} label="One-time link" />
          <p className={classNames(textStyles.caption, textStyles.number)}>
            Signs in one browser, once. Expires in {duration(Math.floor(left)).replace('.0', '')}.
          </p>
        </>
      ) : (
        <p className={textStyles.caption}>The link has expired.</p>
      )}
    </>
  );
}

function Token(): ReactElement {
  const lost = useLost();
  const [token, setToken] = useState<string | null>(null);
  if (token !== null)
    return (
      <>
        <Copyable text={token} label="Token" />
        <Button
          size="xs"
          onClick={() => {
            setToken(null);
          }}
        >
          Hide
        </Button>
      </>
    );
  return (
    <Button
      size="sm"
      disabled={lost}
      onClick={() => {
        void command((engine) => engine.access.token()).then((answer) => {
          setToken(answer?.token ?? null);
        });
      }}
    >
      Show token
    </Button>
  );
}

export function Access({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const lost = useLost();
  const { values } = useRoom('config');
  const open = values.monitor.open_status;
  const { answer } = useAnswer(`access|${JSON.stringify(values.monitor)}`, (engine) =>
    engine.access.get(),
  );
  const memory = answer?.memory_port ?? null;
  return (
    <Section id="access" title="Browser and scripts">
      <Row
        name="Address"
        help={
          <>
            Reachable from this machine only. Port changes apply when the engine restarts:{' '}
            <button
              type="button"
              className={controlStyles.linkButton}
              onClick={() => {
                onOpen('config');
              }}
            >
              monitor.port and monitor.memory_port in Config
            </button>
            .
          </>
        }
      >
        <span className={textStyles.mono}>{answer?.address ?? ''}</span>
        <span className={textStyles.secondary}>
          {answer === null
            ? ''
            : memory === null
              ? 'Memory endpoint: off.'
              : `Memory endpoint on port ${String(memory)}.`}
        </span>
      </Row>
      <Row
        name="Public metrics"
        help="For scripts on this machine. Contains no prompts, responses or file names."
      >
        <Checkbox
          label="Status, memory and GPU metrics can be read without a token"
          checked={open}
          disabled={lost}
          onChange={(event) => {
            const value = event.currentTarget.checked;
            void command((engine) =>
              engine.config.set({ key: 'monitor.open_status', value, by: 'you (window)' }),
            );
          }}
        />
      </Row>
      <Row name="Another browser">
        <OneTimeLink />
      </Row>
      <Sessions own={answer?.session ?? null} />
      <Row
        name="Scripts"
        help={
          <>
            Send it as <span className={textStyles.mono}>Authorization: Bearer</span>; also{' '}
            <span className={textStyles.mono}>{typed('nightshift token')}</span>. Grants full
            access: keep it secret.
          </>
        }
      >
        {answer === null ? null : answer.session === null ? (
          <Token />
        ) : (
          <span className={textStyles.secondary}>
            Not shown in a browser. In a terminal: nightshift token
          </span>
        )}
      </Row>
    </Section>
  );
}
