/** Three gauges: GPU, VRAM and disk; without a GPU, CPU and memory instead. */
import { Tooltip } from '@mantine/core';
import type { ReactElement } from 'react';
import type { Machine, TrainingStatus } from '../../src-main/contract/index.ts';
import { useRoom } from '../engine/index.ts';
import { classNames } from '../kit/class-names.ts';
import { age, gigabytes, memory, percent, UNKNOWN } from '../kit/format.ts';
import { useNowSeconds } from '../kit/now.ts';
import controlStyles from '../kit/styles/controls.module.css';
import textStyles from '../kit/styles/text.module.css';
import styles from './header.module.css';

interface GaugeFacts {
  readonly label: string;
  readonly value: string;
  /** 0..1, null when unknown. */
  readonly fraction: number | null;
  /** Position of a limit on the bar, 0..1. */
  readonly tick: number | null;
  readonly past: boolean;
  readonly more: string;
}

const ratio = (part: number | null, whole: number | null): number | null =>
  part === null || whole === null || whole <= 0 ? null : Math.min(1, Math.max(0, part / whole));

export function gaugesOf(
  status: TrainingStatus,
  machine: Machine,
  now: number,
): readonly GaugeFacts[] {
  const read = `read ${age(now - machine.t)}`;
  const { gpu } = status;
  const disk: GaugeFacts = {
    label: 'Disk free',
    value: machine.disk_free_gb === null ? UNKNOWN : gigabytes(machine.disk_free_gb),
    fraction: ratio(machine.disk_free_gb, machine.disk_total_gb),
    tick: ratio(machine.disk_floor_gb, machine.disk_total_gb),
    past:
      machine.disk_free_gb !== null &&
      machine.disk_floor_gb !== null &&
      machine.disk_free_gb < machine.disk_floor_gb,
    more: [
      machine.disk_total_gb === null ? null : `of ${gigabytes(machine.disk_total_gb)}`,
      machine.disk_floor_gb === null ? null : `minimum ${gigabytes(machine.disk_floor_gb)}`,
      read,
    ]
      .filter((part) => part !== null)
      .join(', '),
  };
  if (gpu === null) {
    const used = ratio(machine.memory_used_mb, machine.memory_total_mb);
    return [
      {
        label: 'CPU',
        value: machine.cpu_percent === null ? UNKNOWN : percent(machine.cpu_percent, 0),
        fraction: ratio(machine.cpu_percent, 100),
        tick: null,
        past: false,
        more: `all cores, ${read}`,
      },
      {
        label: 'Memory',
        value: memory(machine.memory_used_mb),
        fraction: used,
        tick: null,
        past: used !== null && used > 0.95,
        more: `of ${memory(machine.memory_total_mb)}, ${read}`,
      },
      disk,
    ];
  }
  const vram = ratio(gpu.memory_used_mb, gpu.memory_total_mb);
  const heat = [
    gpu.temperature === null ? null : `${gpu.temperature.toFixed(0)}\u00a0°C`,
    gpu.power === null ? null : `${gpu.power.toFixed(0)}\u00a0W`,
    `read ${age(now - status.updated_at)}`,
  ].filter((part) => part !== null);
  return [
    {
      label: 'GPU',
      value: gpu.utilization === null ? UNKNOWN : percent(gpu.utilization, 0),
      fraction: ratio(gpu.utilization, 100),
      tick: null,
      past: false,
      more: `${gpu.name}, ${heat.join(', ')}`,
    },
    {
      label: 'VRAM',
      value: gpu.memory_used_mb === null ? UNKNOWN : memory(gpu.memory_used_mb),
      fraction: vram,
      tick: null,
      past: vram !== null && vram > 0.98,
      more: gpu.memory_total_mb === null ? 'total unknown' : `of ${memory(gpu.memory_total_mb)}`,
    },
    disk,
  ];
}

export function Gauges(): ReactElement {
  const status = useRoom('status');
  const machine = useRoom('machine');
  const now = useNowSeconds();
  return (
    <>
      {gaugesOf(status, machine, now).map((gauge) => (
        <Tooltip key={gauge.label} label={gauge.more}>
          <div className={classNames(styles.cell, styles.gauge, gauge.past && styles.pastLimit)}>
            <span className={styles.label}>{gauge.label}</span>
            <span className={classNames(styles.value, textStyles.number)}>{gauge.value}</span>
            <div
              className={controlStyles.progressBar}
              role="meter"
              aria-label={gauge.label}
              aria-valuemin={0}
              aria-valuemax={100}
              aria-valuenow={Math.round((gauge.fraction ?? 0) * 100)}
              aria-valuetext={`${gauge.value} ${gauge.more}`}
            >
              <i style={{ width: `${String((gauge.fraction ?? 0) * 100)}%` }} />
              {gauge.tick === null ? null : <u style={{ left: `${String(gauge.tick * 100)}%` }} />}
            </div>
          </div>
        </Tooltip>
      ))}
    </>
  );
}
