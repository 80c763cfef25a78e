/** Procedures for datasets, their rows, and uploads. */
import { z } from 'zod';
import { beforeAndAfter, evaluationSummary, evaluationTable } from '../answers.ts';
import {
  columnMapping,
  datasetDetails,
  datasetReport,
  datasetSummary,
  mappingPreview,
  priority,
  rowDetails,
  rowFilter,
  rowStates,
} from '../datasets.ts';
import { textEncoding } from '../encodings.ts';
import { overLongAnswer } from '../estimate.ts';
import { call, done, datasetId } from './common.ts';

export const datasetsProcedures = {
  list: call.route({ method: 'GET', path: '/datasets' }).output(z.array(datasetSummary)),
  get: call
    .route({ method: 'GET', path: '/datasets/{id}' })
    .input(datasetId)
    .output(datasetDetails),
  /**
   * The options for rows longer than max_length (drop, truncate, raise max_length) and what each costs. NOT_READY before
   * the report exists or without a base model; apply an option with `config.set`.
   */
  overLong: call
    .route({ method: 'GET', path: '/datasets/{id}/over-long' })
    .input(z.object({ id: z.string().min(1) }))
    .output(overLongAnswer),
  /** What the model answered before and after the newest pass of this dataset, as far as it was evaluated. */
  answers: call
    .route({ method: 'GET', path: '/datasets/{id}/answers' })
    .input(datasetId)
    .output(beforeAndAfter),
  /** The evaluations of this dataset that generated answers, newest first. */
  evaluations: call
    .route({ method: 'GET', path: '/datasets/{id}/evaluations' })
    .input(datasetId)
    .output(z.array(evaluationSummary)),
  /** The answers of one of them, wrong ones first; the newest where several have this step. */
  evaluation: call
    .route({ method: 'GET', path: '/datasets/{id}/evaluations/{step}' })
    .input(
      datasetId.extend({
        step: z.coerce.number().int().min(0),
        branch: z.string().optional(),
        when: evaluationSummary.shape.when.optional(),
      }),
    )
    .output(evaluationTable),
  rows: call
    .route({ method: 'GET', path: '/datasets/{id}/rows' })
    .input(
      datasetId.extend({
        /** The first row of the list is 1. */
        from: z.coerce.number().int().min(0).default(1),
        limit: z.coerce.number().int().min(0).max(100000).default(1000),
        filter: rowFilter.default('all'),
        /** Only rejected rows with this reason. */
        reason: z.string().optional(),
        /** Only rows trained exactly this many times. */
        times: z.coerce.number().int().min(1).optional(),
        /** A physical row; the result says where it is in the list. */
        at: z.coerce.number().int().min(1).optional(),
      }),
    )
    .output(rowStates),
  /** One physical row: the raw record, the rendered text with its loss mask, and its state. */
  row: call
    .route({ method: 'GET', path: '/datasets/{id}/rows/{row}' })
    .input(datasetId.extend({ row: z.coerce.number().int().min(1) }))
    .output(rowDetails),
  /** Gives the columns of a file their roles; the file is validated again. */
  mapColumns: call
    .route({ method: 'POST', path: '/datasets/{id}/map' })
    .input(datasetId.extend({ mapping: columnMapping }))
    .output(datasetSummary),
  /** The first rows with a mapping, as they would be trained; changes nothing. */
  previewMapping: call
    .route({ method: 'POST', path: '/datasets/{id}/preview' })
    .input(datasetId.extend({ mapping: columnMapping }))
    .output(mappingPreview),
  /** Reads a file that is not UTF-8 in this encoding (null: UTF-8 again); the file is validated again. */
  setEncoding: call
    .route({ method: 'POST', path: '/datasets/{id}/encoding' })
    .input(datasetId.extend({ encoding: textEncoding.nullable() }))
    .output(datasetSummary),
  /**
   * Accepts a file that needs a decision as it is: without its rejected rows, without the fields that its
   * format leaves out, or although its rows were trained before. Think blocks need `think_blocks`.
   */
  acceptValidRows: call
    .route({ method: 'POST', path: '/datasets/{id}/accept' })
    .input(datasetId.extend({ think_blocks: z.enum(['keep', 'strip']).optional() }))
    .output(datasetSummary),
  /** Validates a file on the engine's machine without adding it. */
  validate: call
    .route({ method: 'POST', path: '/datasets/validate' })
    .input(z.object({ path: z.string().min(1) }))
    .output(datasetReport),
};

export const uploadsProcedures = {
  /** Starts or resumes an upload to inbox/.part. `offset`: bytes already received. */
  begin: call
    .input(
      z.object({
        name: z.string().min(1).max(255),
        bytes: z.number().int().min(0),
        key: z.string().min(8).max(128),
        priority: priority.default('normal'),
      }),
    )
    .output(z.object({ upload: z.string(), offset: z.number().int() })),
  append: call
    .input(
      z.object({
        upload: z.string(),
        offset: z.number().int().min(0),
        chunk: z.instanceof(Blob),
      }),
    )
    .output(z.object({ offset: z.number().int() })),
  /** `sha256` of the whole file, hex. On a mismatch the call is refused and the partial file removed. */
  finish: call
    .input(z.object({ upload: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/) }))
    .output(datasetSummary),
  cancel: call.input(z.object({ upload: z.string() })).output(done),
};
