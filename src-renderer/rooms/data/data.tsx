/** The data screen: files on the left, the selected file's report on the right. */
import { Button } from '@mantine/core';
import { IconFileImport, IconFolder } from '@tabler/icons-react';
import { useMemo, type ReactElement } from 'react';
import type { DatasetSummary } from '../../../src-main/contract/index.ts';
import { useLost, useRoom } from '../../engine/index.ts';
import { useHost, type Chosen } from '../../host/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, plural } from '../../kit/format.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Notices, type OpenScreen } from '../notices/index.ts';
import styles from './data.module.css';
import { FileList } from './file-list.tsx';
import reportStyles from './report.module.css';
import { Report } from './report.tsx';
import { addFiles, useUploads } from './uploads.ts';

const isOpen = (dataset: DatasetSummary): boolean =>
  dataset.place === 'inbox' || dataset.place === 'queue' || dataset.place === 'processing';

export function DataScreen({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const host = useHost();
  const lost = useLost();
  const datasets = useRoom('datasets');
  const wanted = useUploads((state) => state.selected);
  const current = useMemo(
    () =>
      datasets
        .filter(isOpen)
        .sort(
          (a, b) =>
            Number(b.verdict === 'needs_decision') - Number(a.verdict === 'needs_decision') ||
            b.added - a.added,
        ),
    [datasets],
  );
  const earlier = useMemo(
    () =>
      datasets
        .filter((dataset) => !isOpen(dataset))
        .sort((a, b) => (b.finished ?? b.added) - (a.finished ?? a.added)),
    [datasets],
  );
  // Before the first choice, the top of the list is open: a file that needs a decision, or the
  // newest.
  const chosen = wanted === undefined ? (current[0]?.id ?? null) : wanted;
  const decide = datasets.filter((dataset) => dataset.verdict === 'needs_decision').length;
  const selected = datasets.find((dataset) => dataset.id === chosen) ?? null;
  const choose = (files: Promise<Chosen>): void => {
    void files.then((answer) => {
      addFiles(answer, 'normal');
    });
  };
  return (
    <>
      <div className={layoutStyles.screenBar}>
        <h1 className={textStyles.title}>Data</h1>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {plural(current.length, 'file')}
          {decide === 0
            ? ''
            : `, ${count(decide)} ${decide === 1 ? 'needs' : 'need'} your decision`}
        </span>
        <span className={layoutStyles.spacer} />
        <Button
          size="xs"
          disabled={lost}
          leftSection={<IconFileImport aria-hidden="true" />}
          onClick={() => {
            choose(host.chooseFiles());
          }}
        >
          Choose files
        </Button>
        <Button
          size="xs"
          disabled={lost}
          leftSection={<IconFolder aria-hidden="true" />}
          onClick={() => {
            choose(host.chooseFolder());
          }}
        >
          Choose folder
        </Button>
      </div>
      <Notices onOpen={onOpen} />
      <div className={classNames(layoutStyles.screenBody, styles.screen)}>
        <FileList current={current} earlier={earlier} selected={chosen} />
        {selected === null ? (
          <section
            className={classNames(reportStyles.report, reportStyles.empty)}
            aria-label="Report"
          >
            <p className={textStyles.secondary}>
              {datasets.length === 0
                ? 'Each file gets a report here: rows, lengths, and rejected rows with the reason.'
                : 'Select a file to see its report.'}
            </p>
          </section>
        ) : (
          <Report key={selected.id} summary={selected} />
        )}
      </div>
    </>
  );
}
