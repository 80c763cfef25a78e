/** First run: the first dataset. */
import { Button } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Setup } from '../../../src-main/contract/index.ts';
import { command, useLost, useRoom } from '../../engine/index.ts';
import { useHost } from '../../host/index.ts';
import { classNames } from '../../kit/class-names.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { addFiles, useUploads } from '../data/index.ts';
import { Row, type Stage } from './row.tsx';
import styles from './setup.module.css';

export function DatasetRow({ setup }: { readonly setup: Setup }): ReactElement {
  const host = useHost();
  const lost = useLost();
  const datasets = useRoom('datasets');
  const uploads = useUploads((state) => state.uploads);
  const stage: Stage = setup.chosen === null && datasets.length === 0 ? 'later' : 'now';
  const names = [
    ...uploads.map((upload) => upload.name),
    ...datasets.map((dataset) => dataset.name),
  ];
  return (
    <Row stage={datasets.length > 0 ? 'done' : stage} number={4} title="First dataset" aside={null}>
      {names.length > 0 ? (
        <p className={textStyles.secondary}>
          {names.join(', ')}. Validation runs while the model is prepared.
        </p>
      ) : (
        <>
          <p className={textStyles.secondary}>
            Drop a .jsonl file anywhere in this window, or use the sample: smart-home commands with
            JSON responses.
          </p>
          <div className={classNames(layoutStyles.row, styles.actions)}>
            <Button
              size="md"
              variant={stage === 'now' ? 'filled' : 'default'}
              disabled={lost}
              onClick={() => {
                void command((engine) => engine.setup.sample({}));
              }}
            >
              Use the sample
            </Button>
            <Button
              size="md"
              disabled={lost}
              onClick={() => {
                void host.chooseFiles().then((files) => {
                  addFiles(files, 'normal');
                });
              }}
            >
              Choose files
            </Button>
          </div>
        </>
      )}
    </Row>
  );
}
