/** Two versions side by side: metrics, datasets in between, settings that differ. */
import { NativeSelect } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { Version } from '../../../../src-main/contract/index.ts';
import { classNames } from '../../../kit/class-names.ts';
import { Dialog } from '../../../kit/dialog.tsx';
import { plural } from '../../../kit/format.ts';
import tableStyles from '../../../kit/styles/tables.module.css';
import textStyles from '../../../kit/styles/text.module.css';
import styles from './compare.module.css';
import { ComparedAnswers } from '../../answers/index.ts';
import { datasetsBetween, metricRows, settingsDiffering } from './compare.ts';

export function CompareDialog({
  versions,
  first,
  second,
  onClose,
}: {
  readonly versions: readonly Version[];
  readonly first: Version;
  readonly second: Version;
  readonly onClose: () => void;
}): ReactElement {
  const [names, setNames] = useState([first.name, second.name] as const);
  const [a, b] = names.map((name) => versions.find((version) => version.name === name));
  const options = versions.map((version) => version.name);
  return (
    <Dialog onClose={onClose} title="Compare two versions" size={960}>
      <div className={styles.twoColumns}>
        <NativeSelect
          label="First"
          data={options}
          value={names[0]}
          onChange={(event) => {
            setNames([event.currentTarget.value, names[1]]);
          }}
        />
        <NativeSelect
          label="Second"
          data={options}
          value={names[1]}
          onChange={(event) => {
            setNames([names[0], event.currentTarget.value]);
          }}
        />
      </div>
      {a === undefined || b === undefined ? null : <Compared versions={versions} a={a} b={b} />}
    </Dialog>
  );
}

function Compared({
  versions,
  a,
  b,
}: {
  readonly versions: readonly Version[];
  readonly a: Version;
  readonly b: Version;
}): ReactElement {
  const between = datasetsBetween(versions, a, b);
  const settings = settingsDiffering(a, b);
  return (
    <div className={styles.comparison}>
      <table aria-label="Metrics">
        <thead>
          <tr>
            <th>Metric</th>
            <th className={tableStyles.numberCell}>{a.name}</th>
            <th className={tableStyles.numberCell}>{b.name}</th>
            <th className={tableStyles.numberCell}>Change</th>
          </tr>
        </thead>
        <tbody>
          {metricRows(a, b).map((row) => (
            <tr key={row.name}>
              <td>{row.name}</td>
              <td className={tableStyles.numberCell}>{row.a}</td>
              <td className={tableStyles.numberCell}>{row.b}</td>
              <td className={tableStyles.numberCell}>{row.change ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h3 className={textStyles.label}>Answers</h3>
      <ComparedAnswers a={a.name} b={b.name} />
      <h3 className={textStyles.label}>Datasets in between</h3>
      <p className={classNames(textStyles.secondary, styles.wrap)}>
        {between.length === 0
          ? 'None.'
          : `${plural(between.length, 'dataset')}: ${between.join(', ')}.`}
      </p>
      <h3 className={textStyles.label}>Settings that differ</h3>
      {settings === null ? (
        <p className={textStyles.secondary}>One of these versions has no recorded settings.</p>
      ) : settings.length === 0 ? (
        <p className={textStyles.secondary}>None.</p>
      ) : (
        <table className={textStyles.mono} aria-label="Settings that differ">
          <tbody>
            {settings.map((setting) => (
              <tr key={setting.key}>
                <th scope="row">{setting.key}</th>
                <td>{setting.a}</td>
                <td>{setting.b}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}
