/** Icons of events and states, the same on charts, strips, feed and notices. Decorative: text accompanies each. */
import type { ReactElement } from 'react';
import styles from './marks.module.css';

/** A mark is drawn as SVG in text and as Path2D on charts: one table for both. 12 × 12. */
export interface MarkStroke {
  readonly d: string;
  /** Line width; the path is filled when omitted. */
  readonly line?: number;
}

const marks = {
  dataset: [{ d: 'M2.5 1v10', line: 1.5 }, { d: 'M3 1.5h7.2L8 4.2l2.2 2.8H3z' }],
  checkpoint: [{ d: 'M5 1.5h2v9H5z' }],
  version: [{ d: 'M1 2.5h6.4L11 6 7.4 9.5H1z' }],
  evaluation: [{ d: 'M9.6 6A3.6 3.6 0 1 1 2.4 6 3.6 3.6 0 1 1 9.6 6z', line: 1.6 }],
  preview: [{ d: 'M1.5 2h9v6.3H6.4L3.7 10.6V8.3H1.5z', line: 1.3 }],
  recovery: [{ d: 'M6 1.3 11.3 10.7H.7z' }],
  failure: [{ d: 'M2.3 2.3l7.4 7.4M9.7 2.3l-7.4 7.4', line: 2 }],
  pause: [{ d: 'M3 1.8h2.2v8.4H3zM6.8 1.8H9v8.4H6.8z' }],
  config: [{ d: 'M6 1.3 10.7 6 6 10.7 1.3 6z', line: 1.4 }],
  backup: [{ d: 'M3.6 3.6V1.3h7.1v7.1H8.4', line: 1.3 }, { d: 'M1.3 3.9h6.8v6.8H1.3z' }],
  sleep: [{ d: 'M10.3 7.7A4.7 4.7 0 1 1 5.3 1.3a3.8 3.8 0 0 0 5 6.4z' }],
  branch: [{ d: 'M2.5 1v10M2.5 8.5C2.5 5 9 7 9 2.5M6.8 4 9 1.6 11.2 4', line: 1.4 }],
} satisfies Record<string, readonly MarkStroke[]>;

const dashedRing = (
  <circle
    cx={9}
    cy={9}
    r={5.7}
    fill="none"
    stroke="currentColor"
    strokeWidth={1.8}
    strokeDasharray="3.4 2.57"
  />
);

const glyphs = {
  training: (
    <>
      <circle
        data-heartbeat=""
        cx={9}
        cy={9}
        r={5}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.2}
      />
      <circle cx={9} cy={9} r={4.6} fill="currentColor" />
    </>
  ),
  evaluating: (
    <>
      <circle cx={9} cy={9} r={5.7} fill="none" stroke="currentColor" strokeWidth={1.8} />
      <path d="M9 5.5a3.5 3.5 0 0 1 0 7z" fill="currentColor" />
    </>
  ),
  loading: dashedRing,
  validating: (
    <>
      {dashedRing}
      <path d="M6.6 9.2 8.4 11l3.2-3.6" fill="none" stroke="currentColor" strokeWidth={1.6} />
    </>
  ),
  saving: (
    <path
      d="M9 2.8v7.4M5.8 7.4 9 10.6l3.2-3.2M3.4 14.4h11.2"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
    />
  ),
  paused: <path d="M4.8 3.6h3v10.8h-3zM10.2 3.6h3v10.8h-3z" fill="currentColor" />,
  stopping: (
    <rect
      x={3.9}
      y={3.9}
      width={10.2}
      height={10.2}
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
    />
  ),
  recovering: (
    <>
      <path
        d="M9 2 16.4 15.4H1.6z"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.7}
        strokeLinejoin="round"
      />
      <path d="M9 6.8v4M9 12.3v1.5" stroke="currentColor" strokeWidth={1.7} />
    </>
  ),
  failed: (
    <>
      <path d="M5.9 1.8h6.2l4.1 4.1v6.2l-4.1 4.1H5.9l-4.1-4.1V5.9z" fill="currentColor" />
      <path d="M6.2 6.2l5.6 5.6M11.8 6.2l-5.6 5.6" stroke="var(--face)" strokeWidth={1.7} />
    </>
  ),
  idle: <circle cx={9} cy={9} r={5.4} fill="none" stroke="currentColor" strokeWidth={1.8} />,
  lost: (
    <path
      d="M6.8 11.2 4.9 13a2.7 2.7 0 0 1-3.8-3.8l2.4-2.3M11.2 6.8 13.1 5a2.7 2.7 0 0 1 3.8 3.8l-2.4 2.3M3 3l12 12"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.6}
      strokeLinecap="round"
    />
  ),
  unknown: (
    <>
      <circle
        cx={9}
        cy={9}
        r={6.6}
        fill="none"
        stroke="currentColor"
        strokeWidth={1.4}
        strokeDasharray="2 2.14"
      />
      <path d="M5.8 9h6.4" stroke="currentColor" strokeWidth={1.8} />
    </>
  ),
  done: <path d="M3.6 9.6 7.2 13.2 14.4 5.2" fill="none" stroke="currentColor" strokeWidth={1.9} />,
  decide: (
    <>
      <path d="M9 1.8 16.2 9 9 16.2 1.8 9z" fill="none" stroke="currentColor" strokeWidth={1.7} />
      <path d="M9 5.6v4M9 11.1v1.6" stroke="currentColor" strokeWidth={1.7} />
    </>
  ),
  refused: (
    <>
      <circle cx={9} cy={9} r={6.4} fill="none" stroke="currentColor" strokeWidth={1.8} />
      <path d="M4.6 4.6l8.8 8.8" stroke="currentColor" strokeWidth={1.8} />
    </>
  ),
} as const;

export type MarkName = keyof typeof marks;
export type GlyphName = keyof typeof glyphs;

export const strokesOf = (name: MarkName): readonly MarkStroke[] => marks[name];

/** 12 px mark of an event. */
export function Mark({ name }: { readonly name: MarkName }): ReactElement {
  return (
    <svg className={styles.mark} viewBox="0 0 12 12" aria-hidden="true">
      {strokesOf(name).map((stroke) => (
        <path
          key={stroke.d}
          d={stroke.d}
          fill={stroke.line === undefined ? 'currentColor' : 'none'}
          stroke={stroke.line === undefined ? 'none' : 'currentColor'}
          strokeWidth={stroke.line}
        />
      ))}
    </svg>
  );
}

/** 18 px glyph of a state or verdict. */
export function Glyph({ name }: { readonly name: GlyphName }): ReactElement {
  return (
    <svg className={styles.glyph} viewBox="0 0 18 18" aria-hidden="true">
      {glyphs[name]}
    </svg>
  );
}

export function Logo(): ReactElement {
  return (
    <svg viewBox="0 0 22 22" aria-hidden="true">
      <circle cx={11} cy={11} r={9} fill="none" stroke="currentColor" strokeWidth={1.8} />
      <path d="M11 4.6a6.4 6.4 0 0 1 0 12.8z" fill="currentColor" />
    </svg>
  );
}
