/** Fields of the file that are not trained, with how many rows have them. */
import type { ReactElement } from 'react';
import type { DatasetReport } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count } from '../../kit/format.ts';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './report.module.css';

export function UnusedFields({ report }: { readonly report: DatasetReport }): ReactElement | null {
  if (report.unused_fields.length === 0) return null;
  return (
    <div className={styles.duplicates}>
      <table aria-label="Unused fields">
        <thead>
          <tr>
            <th>Unused field</th>
            <th className={tableStyles.numberCell}>Rows</th>
            <th>Note</th>
          </tr>
        </thead>
        <tbody>
          {report.unused_fields.map((field) => (
            <tr key={field.name}>
              <td className={classNames(textStyles.strong, textStyles.mono)}>{field.name}</td>
              <td className={tableStyles.numberCell}>{count(field.rows)}</td>
              <td className={textStyles.secondary}>
                {field.needed > 0 ? 'the answer may depend on it' : ''}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
