/** Disk use: the workspace by category, other files, and free space. */
import type { ReactElement } from 'react';
import type { DiskUse } from '../../../src-main/contract/index.ts';
import { useAnswer } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { age, bytes, plural, UNKNOWN } from '../../kit/format.ts';
import { useNowSeconds } from '../../kit/now.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import tableStyles from '../../kit/styles/tables.module.css';
import textStyles from '../../kit/styles/text.module.css';
import styles from './health.module.css';
import { useRefreshTimer } from './refresh-timer.ts';

type Part = DiskUse['parts'][number];

const names: Readonly<Record<Part['id'], string>> = {
  checkpoints: 'Checkpoints',
  versions: 'Versions',
  backups: 'Backups',
  bases: 'Base models',
  cache: 'Token caches',
  datasets: 'Datasets',
  runs: 'Runs, logs, journal',
  other: 'Other',
};
const shades = ['--n1', '--n2', '--n3', '--n4', '--n5'] as const;
const shadeOf = (index: number): string => `var(${shades[index] ?? '--line'})`;

function facts(use: DiskUse, all: number): string {
  const { free_bytes: free, total_bytes: total } = use;
  if (free === null || total === null) return `workspace ${bytes(all)}`;
  const others = Math.max(0, total - free - all);
  return `workspace ${bytes(all)}, other files ${bytes(others)}, ${bytes(free)} free of ${bytes(total)}`;
}

export function Disk(): ReactElement {
  const now = useNowSeconds();
  const turn = useRefreshTimer(60_000);
  const { answer } = useAnswer(`disk|${String(turn)}`, (engine) => engine.disk.use());
  const parts = [...(answer?.parts ?? [])].sort((a, b) => b.bytes - a.bytes);
  const all = parts.reduce((sum, part) => sum + part.bytes, 0);
  return (
    <section aria-labelledby="health-disk">
      <div className={classNames(layoutStyles.baseline, layoutStyles.spaceBetween)}>
        <h2 className={textStyles.label} id="health-disk">
          Disk
        </h2>
        {answer === null ? null : (
          <span className={classNames(textStyles.caption, textStyles.number)}>
            {facts(answer, all)}
          </span>
        )}
      </div>
      {answer === null ? null : (
        <>
          <div className={styles.diskBar} aria-hidden="true">
            {parts.map((part, index) =>
              part.bytes === 0 ? null : (
                <i
                  key={part.id}
                  style={{ flexGrow: part.bytes / 1e6, background: shadeOf(index) }}
                />
              ),
            )}
          </div>
          <table className={styles.disk}>
            <thead>
              <tr>
                <th>Category</th>
                <th className={tableStyles.numberCell}>Size</th>
                <th className={tableStyles.numberCell}>Files</th>
              </tr>
            </thead>
            <tbody>
              {parts.map((part, index) => (
                <tr key={part.id}>
                  <td>
                    <i
                      className={styles.swatch}
                      style={{ background: shadeOf(index) }}
                      aria-hidden="true"
                    />
                    {names[part.id]}
                  </td>
                  <td className={tableStyles.numberCell}>{bytes(part.bytes)}</td>
                  <td className={classNames(tableStyles.numberCell, textStyles.tertiary)}>
                    {plural(part.files, 'file')}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <p className={textStyles.caption}>
            Minimum free space {answer.floor_bytes === null ? UNKNOWN : bytes(answer.floor_bytes)};
            saving is paused below it. A version that shares its weights with a checkpoint is
            counted once, as a checkpoint. Measured {age(now - answer.t)}.
          </p>
        </>
      )}
    </section>
  );
}
