import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src-main/kit/clock.ts';
import {
  createLoad,
  createMachine,
  diskSpace,
  gpuOf,
  hasFastBf16,
  type Machine,
  memoryFrom,
  parseGpuLine,
  processorName,
} from '../../src-main/machine/index.ts';

let folder = '';
let machine: Machine | null = null;
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'nightshift-machine-'));
});
afterEach(() => {
  machine?.close();
  machine = null;
  rmSync(folder, { recursive: true, force: true });
});

/** A program that answers like the driver's tool. */
function fakeNvidiaSmi(script: string): string {
  const file = path.join(folder, 'nvidia-smi');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

const H200 =
  'GPU-5d0c0bd2-4d0a-5e6b-9c52-0e3a7c3f6f11, 0, NVIDIA H200, 87, 17000, 143771, 61, 512.34, 550.127.05';
const LAPTOP =
  'GPU-1b724e78-eef5-4163-d43c-e4da15d41176, 1, NVIDIA GeForce RTX 4070 Laptop GPU, 3, 512, 8188, 44, [N/A], 566.36';

describe('a line of nvidia-smi', () => {
  test('becomes numbers; what the GPU does not measure is null', () => {
    expect(parseGpuLine(LAPTOP)).toEqual({
      uuid: 'GPU-1b724e78-eef5-4163-d43c-e4da15d41176',
      index: 1,
      name: 'NVIDIA GeForce RTX 4070 Laptop GPU',
      utilization: 3,
      memoryUsedMb: 512,
      memoryTotalMb: 8188,
      temperature: 44,
      power: null,
      driver: '566.36',
      capability: null,
    });
    expect(parseGpuLine(`${LAPTOP}, 8.9`)?.capability).toBe(8.9);
    expect(parseGpuLine(`${LAPTOP}, [N/A]`)?.capability).toBeNull();
    expect(
      parseGpuLine(
        'GPU-1, 0, Tesla K80, [Not Supported], [Unknown Error], 11441, , N/A, [Insufficient Permissions]',
      ),
    ).toMatchObject({
      utilization: null,
      memoryUsedMb: null,
      memoryTotalMb: 11441,
      temperature: null,
      power: null,
      driver: null,
    });
  });

  test.each([
    ['a message', 'No devices were found'],
    [
      'the message of a driver that fails',
      "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.",
    ],
    ['a cut line', H200.slice(0, 70)],
    ['a line that starts in the middle', H200.slice(10)],
    ['a header', 'uuid, index, name, utilization.gpu [%], a, b, c, d, driver_version'],
    ['nothing', ''],
  ])('%s is no GPU', (_name, line) => {
    expect(parseGpuLine(line)).toBeNull();
  });

  test('the GPU in use is the one that the device names', () => {
    const gpus = [parseGpuLine(H200)!, parseGpuLine(LAPTOP)!];
    expect(gpuOf(gpus, 'cuda:1')?.index).toBe(1);
    expect(gpuOf(gpus, 'GPU-1b724e78-eef5-4163-d43c-e4da15d41176')?.index).toBe(1);
    expect(gpuOf(gpus, 'cpu')?.index).toBe(0);
    expect(gpuOf(gpus, null)?.index).toBe(0);
    expect(gpuOf([], 'cuda:0')).toBeNull();
    // Never another GPU's readings in place of one that doesn't answer.
    expect(gpuOf([gpus[1]!], 'cuda:0')).toBeNull();
    expect(gpuOf([gpus[1]!], 'cuda:1')?.index).toBe(1);
    // CUDA_VISIBLE_DEVICES renumbers the GPUs for the trainer.
    expect(gpuOf(gpus, 'cuda:0', '1')?.index).toBe(1);
    expect(gpuOf(gpus, 'cuda:1', 'GPU-1b724e78,0')?.index).toBe(0);
    expect(gpuOf(gpus, 'cuda:1', '1')).toBeNull();
    expect(gpuOf(gpus, null, '1')?.index).toBe(1);
  });
});

describe('the reader of the GPUs', () => {
  test('reports every GPU by index, from lines that arrive in pieces', async () => {
    const nvidiaSmi = fakeNvidiaSmi(
      `echo "$@" > ${folder}/arguments; echo '${LAPTOP}'; printf '%s' '${H200.slice(0, 40)}'; sleep 0.1; echo '${H200.slice(40)}'; exec sleep 60`,
    );
    machine = createMachine({ nvidiaSmi, driverFiles: [] });
    await expect.poll(() => machine?.gpus().map(({ index }) => index)).toEqual([0, 1]);
    expect((await machine.facts()).hasGpu).toBe(true);
    expect(readFileSync(`${folder}/arguments`, 'utf8').trim()).toBe(
      '--query-gpu=uuid,index,name,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw,driver_version,compute_cap --format=csv,noheader,nounits -l 2',
    );
  });

  test('an older driver, whose tool does not know the compute capability, is asked without it', async () => {
    const nvidiaSmi = fakeNvidiaSmi(
      `case "$1" in *compute_cap*) echo 'Field "compute_cap" is not a valid field to query.'; exit 2;; esac; echo '${H200}'; exec sleep 60`,
    );
    machine = createMachine({ nvidiaSmi, driverFiles: [] });
    expect(await machine.knownGpus()).toMatchObject([{ name: 'NVIDIA H200', capability: null }]);
    expect((await machine.facts()).gpus).toHaveLength(1);
  });

  test('a tool that exits is started again, with growing waits', async () => {
    const waits: number[] = [];
    const clock: Clock = {
      ...systemClock,
      after(seconds, f) {
        waits.push(seconds);
        // The first is the limit for the first report; each other one is a restart.
        return waits.length === 1 ? () => undefined : systemClock.after(0, f);
      },
    };
    machine = createMachine({ clock, nvidiaSmi: fakeNvidiaSmi('exit 9'), driverFiles: [] });
    await expect.poll(() => waits.slice(1, 7)).toEqual([5, 10, 20, 40, 60, 60]);
  });

  test('a tool that does not exist is not started again', async () => {
    const waits: number[] = [];
    const clock: Clock = {
      ...systemClock,
      after(seconds) {
        waits.push(seconds);
        return () => undefined;
      },
    };
    machine = createMachine({ clock, nvidiaSmi: path.join(folder, 'missing'), driverFiles: [] });
    await machine.knownGpus();
    await new Promise((resolve) => setImmediate(resolve));
    expect(waits).toHaveLength(1);
  });

  test('a reading that is too old is no longer shown', async () => {
    let now = 0;
    const clock: Clock = { ...systemClock, monotonic: () => now };
    const nvidiaSmi = fakeNvidiaSmi(`echo '${H200}'; exec sleep 60`);
    machine = createMachine({ clock, nvidiaSmi, driverFiles: [] });
    expect(await machine.knownGpus()).toHaveLength(1);
    now = 11;
    expect(machine.gpus()).toEqual([]);
  });

  test('without the tool there is no GPU; with a driver that does not answer it is unknown', async () => {
    const nvidiaSmi = path.join(folder, 'missing');
    machine = createMachine({ nvidiaSmi, driverFiles: [path.join(folder, 'nvidiactl')] });
    expect(await machine.knownGpus()).toEqual([]);
    expect((await machine.facts()).hasGpu).toBe(false);
    machine.close();
    writeFileSync(path.join(folder, 'nvidiactl'), '');
    machine = createMachine({ nvidiaSmi, driverFiles: [path.join(folder, 'nvidiactl')] });
    expect(await machine.knownGpus()).toBeNull();
    expect((await machine.facts()).hasGpu).toBe(true);
  });
});

// In the shape that systeminformation 5.33 returns on each system, without the fields that aren't read.
describe.each([
  {
    system: 'Linux',
    cpu: { manufacturer: 'AMD', brand: 'EPYC', flags: 'fpu avx512vl xsaves avx512_bf16 clzero' },
    processor: 'AMD EPYC',
    fast: true,
    // 24,105 MiB of which the file cache holds 5,414: that counts as free.
    mem: { total: 25_276_502_016, available: 23_978_422_272 },
    memory: { usedMb: 1238, totalMb: 24_106 },
  },
  {
    system: 'Windows',
    cpu: { manufacturer: 'Intel', brand: 'Core™ i9-13900K', flags: 'fpu vme de pse sse sse2' },
    processor: 'Intel Core™ i9-13900K',
    fast: false,
    mem: { total: 68_447_698_944, available: 51_539_607_552 },
    memory: { usedMb: 16_125, totalMb: 65_277 },
  },
  {
    system: 'macOS',
    cpu: { manufacturer: 'Apple', brand: 'Apple M1 Pro', flags: '' },
    processor: 'Apple M1 Pro',
    fast: false,
    mem: { total: 34_359_738_368, available: 20_401_094_656 },
    memory: { usedMb: 13_312, totalMb: 32_768 },
  },
])('a reading on $system', ({ cpu, processor, fast, mem, memory }) => {
  test('of the processor', () => {
    expect(processorName(cpu)).toBe(processor);
    expect(hasFastBf16(cpu.flags)).toBe(fast);
  });
  test('of the memory', () => {
    expect(memoryFrom(mem)).toEqual(memory);
  });
});

test('load is the busy share since the last reading', () => {
  let idle = 100;
  let user = 0;
  const load = createLoad(() => [
    { model: '', speed: 0, times: { user, nice: 0, sys: 0, idle, irq: 0 } },
  ]);
  expect(load()).toBeNull();
  user = 75;
  idle = 125;
  expect(load()).toBe(75);
});

test('this machine: facts, memory and disk agree with what Node knows', async () => {
  machine = createMachine({ nvidiaSmi: path.join(folder, 'missing'), driverFiles: [] });
  const facts = await machine.facts();
  expect(facts).toMatchObject({ cores: os.cpus().length, memoryBytes: os.totalmem() });
  const { usedMb, totalMb } = await machine.memory();
  expect(totalMb).toBe(Math.round(os.totalmem() / 1_048_576));
  expect(usedMb).toBeGreaterThan(0);
  expect(usedMb).toBeLessThan(totalMb);
  const space = await diskSpace(folder);
  expect(space?.freeBytes).toBeGreaterThan(0);
  expect(space?.totalBytes).toBeGreaterThanOrEqual(space?.freeBytes ?? 0);
  expect(await diskSpace(path.join(folder, 'missing'))).toBeNull();
  expect(await machine.residentMegabytes(process.pid)).toBeGreaterThan(1);
});
