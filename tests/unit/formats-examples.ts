/** One document of every format, complete and with today's names. */
import { factoryConfig } from '../../src-main/contract/index.ts';
import type { FormatName } from '../../src-main/formats/registry.ts';

const identity = { pid: 123, start: '4711:0a1b2c3d' };
const base = { id: 'starter', hash: 'b1' };
const baseWithFolder = { ...base, folder: '/w/models/starter' };
const hash = { size: 10, xxh3_128: 'aa' };
const cursor = {
  ...{ dataset: 'd-1', pass: 'p-1', content_hash: 'c1', excluded_rows: [3], epoch: 0, seed: 42 },
  ...{ position: 8, steps_done: 2, complete: false },
};
const measured = { value: 1.5, step: 7, t: 5 };
const lengths = {
  p5: 1,
  p50: 2,
  p95: 3,
  p99: 4,
  max: 5,
  histogram: [{ from: 0, to: 5, count: 9 }],
};
const spec = { format: 1, run: 'r-1', workspace: '/w', created: 1 };
const backup = {
  ...{ format: 1, id: 'manual/20260101-000000', type: 'manual', reason: 'test', by: 'test' },
  ...{ created: 1, source: { kind: 'model' }, branch: 'main', step: 7 },
  ...{ holds: 'weights', bytes: 10, files: 1 },
};
const { precision: _p, deterministic: _d, ...plainConfig } = factoryConfig;

export const examples: Readonly<Record<FormatName, Record<string, unknown>>> = {
  'spec-train': {
    ...spec,
    kind: 'train',
    dataset: {
      ...{ id: 'd-1', folder: '/w/data/datasets/d-1', name: 'a.jsonl', content_hash: 'c1' },
      ...{ cache: '/w/data/datasets/d-1/cache/k', excluded_rows: [3], row_order: 'all' },
    },
    pass: { id: 'p-1', planned_steps: 4 },
    config: { ...plainConfig, precision: 'fp32', deterministic: 'on' },
    frozen: factoryConfig,
    base: baseWithFolder,
    lineage: { branch: 'main', checkpoints: '/w/current_model/checkpoints/main', head_step: null },
    validation: { core: '/w/data/validation/core' },
    start: { position: 0, epoch: 0 },
    device: 'cpu',
    launcher: { kind: 'single', processes: 1 },
    saving: 'sync',
    threads: 2,
    test: {},
  },
  'spec-intake': {
    ...spec,
    kind: 'intake',
    dataset: { id: 'd-1', folder: '/w/d', name: 'a.jsonl', path: '/w/a.jsonl' },
    base: { folder: '/w/models/starter' },
    options: {
      ...{ max_length: 64, over_length: 'refuse', thinking: 'off', slice_rows: 20, core_rows: 20 },
      ...{ control_tokens: 'text', system_messages: 'merge' },
      ...{ seed: 42, batch_size: 8, epochs: 1, save_steps: 5, dry_run: false },
      ...{ mapping: { format: 'columns', prompt: 'q', answer: 'a' }, accept_valid_rows: true },
      encoding: 'windows-1252',
    },
  },
  'spec-base': {
    ...spec,
    kind: 'base',
    base: { id: 'starter', folder: '/w/models/starter', source: null, seed: 1 },
  },
  'spec-sample': {
    ...spec,
    kind: 'sample',
    sample: { folder: '/w/s', train_rows: 5, held_out_rows: 2, seed: 7, shuffled: false },
  },
  'spec-evaluate': {
    ...spec,
    kind: 'evaluate',
    evaluate: {
      ...{ model: '/m', questions: '/q.jsonl', limit: 10, max_new_tokens: 96, scorer: 'exact' },
      ...{ output: '/o.json', precision: 'bf16', device: 'cpu', threads: 2, thinking: 'off' },
    },
  },
  'spec-verify': {
    ...spec,
    kind: 'verify',
    verify: { checkpoints: '/w/current_model/checkpoints/main', datasets: { 'd-1': '/w/a.jsonl' } },
  },
  'spec-stage': {
    ...spec,
    kind: 'stage',
    stage: {
      ...{ action: 'stage', intent: { file: '/w/restore.json', id: 'r' }, model: '/m' },
      ...{ hard_link: true, optimizer_state: null, into: '/w/b', branch: 'branch-2', step: 7 },
      ...{ parent: { branch: 'main', step: 7 }, base, hashes: { core: null }, cursor },
      ...{ warmup_from: 7, read: { '1:2:3:4': hash } },
    },
  },
  'spec-chat': {
    ...spec,
    kind: 'chat',
    chat: { model: '/m', precision: 'bf16', device: 'cpu', threads: 2, idle_seconds: 900 },
  },
  command: { format: 1, seq: 1, verb: 'pause', t: 5, args: {} },
  heartbeat: {
    ...{ format: 1, ...identity, seq: 4, phase: 'step', step: 7, position: 8, t: 5, monotonic: 1 },
    ...{ detail: null, done: 3, total: 28 },
    order_signal: 35,
  },
  event: {
    ...{ t: 5, type: 'out_of_memory', step: 7, tokens_from: 4096, tokens_to: 2048 },
    ...{ activation_checkpointing: false, loss_chunk: 512 },
  },
  metrics: {
    ...{ t: 5, branch: 'main', step: 7, position: 8, dataset: 'd-1', pass: 'p-1', epoch: 0.5 },
    ...{ loss: 1.5, lr: 0.001, grad_norm: 2, clipped: true, trained_tokens: 30, tokens: 60 },
    ...{ examples: 8, seconds: 2, tokens_per_second: 30, samples_per_second: 4, micro_batch: 8 },
    memory_mb: 200,
  },
  exit: {
    ...{ format: 1, outcome: 'failed', reason: 'x', t: 5, step: 7, position: 8, code: 1 },
    steps_done: 2,
    error: { category: 'disk_full', type: 'OSError', message: 'x', traceback: '', rows: [1] },
  },
  process: { format: 1, ...identity },
  'evaluation-result': {
    ...{ format: 1, k: 1, n: 1, low: 0.2, high: 1, unfinished: 0, think_share: 0, seconds: 1 },
    answers: [{ row: 1, prompt: 'q', expected: 'a', produced: 'a', matches: true, finished: true }],
  },
  meta: {
    ...{ format: 1, id: 'd-1', name: 'a.jsonl', source: 'dropped', added: 1, priority: 'normal' },
    ...{ position: 0, held: false, mapping: null, accept_valid_rows: true, place_hint: 'queue' },
    ...{ accept_unused_fields: false, thinking: 'keep', train_again: false, decided: 2 },
    decided_as: 'b.jsonl',
    encoding: 'windows-1252',
    ...{ complete: true, seen: { bytes: 9, mtime_ms: 1, sha256: 'f' }, reason: null },
    validated: {
      ...{ key: 'k', verdict: 'needs_decision', decision: 'accept_valid_rows', message: 'm' },
      ...{ rows: 9, accepted: 8, rejected: 1, held_out: 2, trained_rows: 6, planned_steps: 1 },
      ...{ content_hash: 'c1', cache: null, rows_hash: 'r1', fields: ['question'], t: 3 },
      warnings: ['only 8 rows'],
    },
    ...{ finished: null, done_steps: null, validation_before: 2, validation_after: 1 },
    ...{ planned_steps: 4, resumes_at: 12 },
    ...{ validation_before_step: 0, validation_after_step: 4 },
    ...{ quarantined: [3], history: [{ t: 1, what: 'added' }] },
  },
  'intake-request': { folder: '/runs/r' },
  'intake-answer': { folder: null, rss_bytes: 1, ends: false },
  report: {
    ...{ format: 1, verdict: 'needs_decision', record_format: 'messages', rows: 9, accepted: 8 },
    ...{ trained_rows: 6, held_out: { core: 1, slice: 1, duplicates: 0 }, truncated: 0 },
    rejected: {
      ...{ total: 1, by_reason: { not_json: 1 } },
      first: [{ row: 3, reason: 'not_json', message: 'm', text: '{' }],
    },
    ...{ over_length: 0, over_length_answer_lost: 0, columns: null, tokens: 60, duplicates: 1 },
    ...{ lengths: { whole: lengths, prompt: lengths, answer: lengths }, trained_token_share: 0.5 },
    first_duplicates: [{ row: 5, of: 1 }],
    near_duplicates: { rows: 1, compared: 8, first: [{ row: 4, of: 2, similarity: 0.9 }] },
    ...{ overlap_validation: 0, first_overlapping: [], answer_in_prompt: null, planned_steps: 1 },
    control_tokens: { rows: 1, first: [1], example: '<|im_end|>', encoded_as_text: false },
    template_date: '2026-11-30T22:00:00',
    unused_fields: [{ name: 'source', rows: 9, needed: 0 }],
    ...{ fields: ['messages', 'source'], untrained_messages: { messages: 1, rows: 1 } },
    ...{ think_blocks: { rows: 2, only: 1 }, rows_hash: 'r1', warnings: ['only 8 rows'] },
    mapping_guess: { format: 'text', column: 'source' },
    ...{ max_length: 64, max_length_loses_nothing: 20, notes: ['n'], message: 'm' },
    ...{ decision: 'accept_valid_rows', content_hash: 'c1', cache: null, seconds: 1 },
    samples: [{ row: 1, spans: [{ text: 'q', trained: false }] }],
    incomplete: 'The file ends inside the JSON array.',
    encoding: {
      candidates: [
        { name: 'windows-1252', label: 'Windows-1252', preview: [{ row: 3, text: 'café' }] },
      ],
    },
  },
  rejected: { row: 3, reason: 'not_json', message: 'm', text: '{' },
  split: { format: 1, core: [1], slice: [2], held_out_duplicates: [], truncated: [] },
  pass: {
    ...{ format: 1, pass: 'p-1', dataset: 'd-1', config: factoryConfig, planned_steps: 4 },
    ...{ steps_before: 0, content_hash: 'c1', cache: 'k', base, head_step: null },
    ...{ start: { position: 0, epoch: 0 }, excluded_rows: [3], started: 5, state: 'open' },
    reason: null,
  },
  estimate: {
    ...{ format: 1, pass: 'p-1', t: 5, base: 'starter', device: 'cpu', precision: 'fp32' },
    predicted: {
      ...{ steps: 4, seconds: 8, seconds_per_step: 2, reference_seconds_per_step: 1 },
      ...{ certainty: 'measured', memory: 100 },
    },
    actual: null,
  },
  cursor: {
    ...{ format: 1, position: 8, epoch: 0, seed: 42, content_hash: 'c1', cache: 'k' },
    ...{ excluded_rows: [3], pass: 'p-1', step: 7 },
  },
  ledger: {
    ...{ branch: 'main', run: 'r-1', step: 7, epoch: 0, rows: [1, 1, 2], trained_tokens: 30 },
    ...{ batch_hash: 'ab', position: 8, refused: 'loss' },
  },
  answers: {
    ...{ t: 5, branch: 'main', pass: 'p-1', step: 7, when: 'end' },
    answers: [
      {
        row: 3,
        prompt: 'q',
        rendered: '<q>',
        expected: 'a',
        produced: 'a',
        matches: true,
        finished: true,
      },
    ],
  },
  cache: {
    ...{ format: 1, key: 'k', template_hash: 't', tokenizer_hash: 'z', content_hash: 'c1' },
    ...{ vocabulary: 2048, rows: 8, examples: 9, tokens: 60, trained_tokens: 30 },
  },
  'cache-texts': { row: 1, question: 'q', prompt: 'p', expected: 'a', prompt_ids: [1, 2] },
  core: { format: 1, hash: 'h', rows: 1, from_dataset: 'd-1', normalized_hashes: ['00ff'] },
  'core-records': { row: 1, messages: [{ role: 'user', content: 'q' }] },
  'checkpoint-manifest': {
    ...{ format: 1, step: 7, branch: 'branch-2', parent_step: null, created: 5 },
    ...{ parent: { branch: 'main', step: 7 }, program: 'nightshift', base, hashes: { core: 'k' } },
    ...{ cursor, files: { 'model/model.safetensors': hash }, seal: 'ff' },
  },
  'trainer-state': {
    ...{ format: 1, smoothing: [1, 0.5], monitoring_seconds: 1, elapsed_seconds: 9 },
    ...{ steps_done: 2, warmup_from: 0 },
  },
  lineage: {
    ...{ format: 1, branch: 'main', head: 7, base, method: 'full' },
    branches: [{ name: 'main', parent: null, left: null, opened: 1, why: 'w' }],
  },
  'restore-intent': {
    ...{ format: 1, id: 'r', title: 'Restore v001', by: 'test', started: 5, phase: 'stage' },
    ...{ branch: 'branch-2', from: { branch: 'main', step: 9 }, to: { branch: 'main', step: 7 } },
    ...{ optimizer_state: 'restored', backup: null },
    aftermath: {
      goesOn: null,
      accounts: [{ id: 'd-1', steps: 2, missing: null }],
      cursor: {
        dataset: 'd-1',
        at: {
          ...{ format: 1, position: 8, epoch: 0, seed: 42, content_hash: 'c1' },
          ...{ excluded_rows: [3], step: 7 },
        },
      },
      queueAgain: ['d-2'],
    },
  },
  'checkpoint-leases': { format: 1, held: [{ branch: 'main', step: 7, until: 99 }] },
  base: {
    ...{ format: 1, id: 'starter', name: 'Starter', label: 'l', hash: 'b1', license: 'none' },
    ...{ parameters: 1000, made: 1 },
  },
  version: {
    ...{ format: 1, number: 1, name: 'v001_a', folder: '/w/models/versions/v001_a', created: 5 },
    ...{ description: 'd', branch: 'main', step: 7, datasets: [{ id: 'd-1', name: 'a.jsonl' }] },
    ...{ validation_loss: 1, gap: null, training_loss: 1, exact_match: null, evaluated_step: 7 },
    ...{ parent: null, pinned: false, how: 'manually', bytes: 10, config: null },
    ...{ pass: 'p-1', dataset: 'd-1' },
  },
  'version-manifest': {
    ...{ format: 1, step: 7, branch: 'main', created: 5 },
    ...{ checkpoint: { base, hashes: {}, cursor }, files: { a: { size: 1, sha256: 'f' } } },
  },
  'version-numbers': { format: 1, last: 3 },
  backup: { ...backup, verified: { t: 5, ok: true, problem: null } },
  'backup-manifest': {
    ...{ format: 1, backup, files: { a: { size: 1, sha256: 'f', mode: 420 } } },
    ...{ folders: ['x'], links: [{ name: 'l', target: 'a' }] },
  },
  'staged-config': { format: 1, staged: { seed: 7 } },
  queue: { format: 1, desired_state: 'paused', since: 5, by: 'you', note: null },
  notices: {
    format: 1,
    notices: [
      {
        ...{ id: 'n', t: 5, kind: 'fact', tone: 'info', title: 't', body: 'b', opens: 'queue' },
        dismissed: false,
      },
    ],
  },
  sessions: {
    format: 1,
    sessions: [{ id: 'a1', hash: 'ab', keys: ['cd'], browser: 'Chromium', created: 1, used: 2 }],
  },
  daily: { format: 1, settled: 5 },
  journal: { id: 'j', t: 5, what: 'a.b', text: 't', step: null, dataset: null, evidence: {} },
  'upload-part': { format: 1, upload: 'u', name: 'a.jsonl', bytes: 9, priority: 'high' },
  'engine-lock': {
    format: 1,
    ...identity,
    port: 8080,
    build: 'b',
    contract: 1,
    version: '1',
    t: 5,
  },
  'trainer-lock': { format: 1, ...identity, run: 'r-1', device: 'cpu', t: 5 },
  'device-lock': { format: 1, ...identity, workspace: '/w', run: 'r-1', t: 5 },
  'training-status': {
    ...{ format: 1, state: 'training', since: 1, reason: null, pending: null, current_step: 7 },
    ...{ total_steps: 9, step_of_dataset: 2, steps_of_dataset: 4, epoch: 0.5, loss: measured },
    ...{ loss_smoothed: measured, validation_loss: measured, val_train_gap: null },
    ...{ think_tag_percent: null, exact_match: null, learning_rate: null, grad_norm: null },
    ...{ tokens_per_second: null, samples_per_second: null, eta_seconds: 3, current_dataset: null },
    queue: {
      ...{ high: 0, normal: 1, low: 0, processing: 1, completed: 0, failed: 0, skipped: 0 },
    },
    ...{ micro_batch: 8, batch: 8, gpu: null, device: 'cpu', memory: null, cpu_percent: 5 },
    ...{ disk_free_gb: 9, disk_floor_gb: 1, last_checkpoint_step: 5, branch: 'main', model: 'm' },
    ...{ run: 'r-1', last_preview: null, monitoring_percent: 1, recovery: null, error: null },
    ...{ updated_at: 5, trainer: { pid: 1, alive: true, heartbeat_age_s: 0.1, phase: 'step' } },
  },
  'memory-stats': {
    ...{ format: 1, status: 'ok', host: { used_mb: 1, total_mb: 2, percent: 50 }, trainer: null },
    ...{ engine: { pid: 1, resident_mb: 9 }, gpu: null, updated_at: 5 },
  },
  'monitoring-costs': {
    ...{ format: 1, budget_percent: 5, trainer_percent: 1, engine_percent: 1, run: 'r-1' },
    parts: [{ id: 'evaluation', times: 1, seconds: 2, percent: 1 }],
    ...{ measured_seconds: 9, updated_at: 5 },
  },
};
