/** Texts of the lineage chart's marks, for the tooltip and for screen readers. */
import { count, loss, plural } from '../../../kit/format.ts';
import type { SavedModels } from '../saved-models.ts';
import type { LineagePlot, PlotMark } from './lineage-plot.ts';

export function describeMark(mark: PlotMark, saved: SavedModels): string {
  const name =
    mark.kind === 'version'
      ? mark.key.replace('version ', '')
      : mark.kind === 'backup'
        ? `backup ${mark.key.replace('backup ', '')}`
        : 'checkpoint';
  const dataset = saved.checkpoints.find(
    (checkpoint) => checkpoint.branch === mark.branch && checkpoint.step === mark.step,
  )?.dataset;
  return [
    `${name}, step ${count(mark.step)} of ${mark.branch}`,
    mark.y === null ? null : `validation ${loss(mark.y)}`,
    dataset == null ? null : dataset.name,
    mark.isActive ? null : 'abandoned branch',
  ]
    .filter((part) => part !== null)
    .join(', ');
}

/** `Chart: 2 branches, 14 saved points. v001_a at step 10 with 2.41, v002_b at step 20 with 2.36` */
export function describeChart(plot: LineagePlot, saved: SavedModels, branches: number): string {
  const versions = plot.marks
    .filter((mark) => mark.kind === 'version')
    .map((mark) => {
      const version = saved.versions.find(
        (other) => other.step === mark.step && other.branch === mark.branch,
      );
      const name = mark.key.replace('version ', '');
      return version?.validation_loss == null
        ? `${name} at step ${count(mark.step)}`
        : `${name} at step ${count(mark.step)} with ${loss(version.validation_loss)}`;
    })
    .join(', ');
  return `Chart: ${plural(branches, 'branch', 'branches')}, ${plural(plot.marks.length, 'saved point')}. ${versions}`;
}
