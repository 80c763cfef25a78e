/** Browsers that are signed in, each with a button that signs it out. */
import { Button } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import { shown } from '../../../src-main/contract/index.ts';
import { command, useAnswer, useLost } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { clock } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import textStyles from '../../kit/styles/text.module.css';
import { Row } from './row.tsx';
import styles from './settings.module.css';

export function Sessions({ own }: { readonly own: string | null }): ReactElement {
  const lost = useLost();
  const now = useNowSeconds();
  const [revoked, setRevoked] = useState(0);
  const { answer } = useAnswer(`sessions|${revoked}`, (engine) => engine.access.sessions());
  return (
    <Row
      name="Signed-in browsers"
      help="A browser stays signed in for 30 days after its last use. Signing out closes its pages."
    >
      {answer?.length === 0 ? <span className={textStyles.secondary}>None</span> : null}
      {answer?.map(({ id, browser, used }) => (
        <div key={id} className={styles.session}>
          <span>
            {shown(browser)}
            <span className={classNames(textStyles.caption, textStyles.number)}>
              {id === own ? ' This browser, last' : ' Last'} used {clock(used, now)}
            </span>
          </span>
          <Button
            size="xs"
            disabled={lost}
            aria-label={`Sign out ${shown(browser)}`}
            onClick={() => {
              void command((engine) => engine.access.revoke({ id })).then(() => {
                setRevoked((count) => count + 1);
              });
            }}
          >
            Sign out
          </Button>
        </div>
      ))}
    </Row>
  );
}
