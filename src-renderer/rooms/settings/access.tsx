/** The ways in: addresses, the open figures, a one-time link for a browser, the token for scripts. */
import { Button, Checkbox } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import { command, useAnswer, useLost, useRoom } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { duration } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import textStyles from '../../kit/styles/text.module.css';
import type { OpenScreen } from '../notices/index.ts';
import { Row, Section } from './row.tsx';

function Copyable({
  text,
  label,
}: {
  readonly text: string;
  readonly label: string;
}): ReactElement {
  const [copied, setCopied] = useState(false);
  return (
    <div className="scopy">
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

function Link(): ReactElement {
  const lost = useLost();
  const now = useNowSeconds();
  const [made, setMade] = useState<{ readonly link: string; readonly expires: number } | null>(
    null,
  );
  const left = made === null ? 0 : made.expires - now;
  return (
    <>
      <Button
        size="sm"
        disabled={lost}
        onClick={() => {
          void command((engine) => engine.access.link()).then(setMade);
        }}
      >
        Make a one-time link
      </Button>
      {made === null ? null : left > 0 ? (
        <>
          <Copyable text={made.link} label="One-time link" />
          <p className={classNames(textStyles.caption, textStyles.number)}>
            Signs one browser in, once, within {duration(Math.floor(left)).replace('.0', '')}.
          </p>
        </>
      ) : (
        <p className={textStyles.caption}>The link is too old now.</p>
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
      Show the token
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
            On this machine only. The ports are read when the engine starts:{' '}
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
              ? 'The memory port is off.'
              : `Memory figures on port ${String(memory)}.`}
        </span>
      </Row>
      <Row
        name="Open figures"
        help="Numbers and states for scripts, on this machine, without prompts, answers or names of files."
      >
        <Checkbox
          label="Status, memory and GPU figures are readable without a token"
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
        <Link />
      </Row>
      <Row
        name="Scripts"
        help={
          <>
            As <span className={textStyles.mono}>Authorization: Bearer</span>; also{' '}
            <span className={textStyles.mono}>nightshift token</span>. Whoever has it may do
            everything.
          </>
        }
      >
        <Token />
      </Row>
    </Section>
  );
}
