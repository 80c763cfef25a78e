/** The newest preview, earlier ones, and how many of the last twenty match the expected answer. */
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react';
import { memo, useState, type ReactElement } from 'react';
import type { Preview } from '../../../src-main/contract/index.ts';
import { useRoom } from '../../engine/index.ts';
import { age, count, duration, plural } from '../../kit/format.ts';
import { Glyph, Mark } from '../../kit/marks.tsx';
import { useNowSeconds } from '../../kit/now.ts';

/** Splits generated text into its think block and the answer. */
export function splitThinking(text: string): {
  readonly think: string | null;
  readonly answer: string;
} {
  const match = /^\s*<think>([\s\S]*?)(?:<\/think>|$)\s*/.exec(text);
  return match === null || match[1]?.trim() === ''
    ? { think: null, answer: match === null ? text : text.slice(match[0].length) }
    : { think: match[1]?.trim() ?? '', answer: text.slice(match[0].length) };
}

function Generated({ preview }: { readonly preview: Preview }): ReactElement {
  const [open, setOpen] = useState(false);
  const { think, answer } = splitThinking(preview.produced);
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <dd>
      {think === null ? null : (
        <>
          <button
            type="button"
            className="fold"
            aria-expanded={open}
            onClick={() => {
              setOpen(!open);
            }}
          >
            <Chevron aria-hidden="true" />
            think block, {plural(think.split(/\s+/).length, 'word')}
          </button>
          {open ? <p className="t2 prewrap">{think}</p> : null}
        </>
      )}
      <span className="prewrap">{answer === '' ? '(empty)' : answer}</span>
      {preview.finished ? null : (
        <p className="micro">truncated at the limit of {plural(preview.tokens, 'token')}</p>
      )}
    </dd>
  );
}

const short = (text: string): string => splitThinking(text).answer.trim().replace(/\s+/g, ' ');

export const Previews = memo(function Previews(): ReactElement {
  const previews = useRoom('previews');
  const now = useNowSeconds();
  const newest = previews[0];
  if (newest === undefined)
    return (
      <section className="d-prev" aria-label="Previews">
        <h2 className="label">Latest preview</h2>
        <p className="t2">No preview yet. The first one comes with the first evaluation.</p>
      </section>
    );
  const matching = previews.filter((preview) => preview.matches).length;
  return (
    <section className="d-prev" aria-label="Previews">
      <div className="base sp">
        <h2 className="label">Latest preview</h2>
        <span className="micro num">
          step {count(newest.step)}, {age(now - newest.t)}, {duration(newest.seconds)}
        </span>
      </div>
      <dl className="pv" tabIndex={0} aria-label="Latest preview">
        <dt>Prompt</dt>
        <dd className="prewrap">{newest.prompt}</dd>
        <dt>Expected</dt>
        <dd className="prewrap">{short(newest.expected)}</dd>
        <dt className="row sp">
          Generated
          <span className={`verdict ${newest.matches ? 'ok' : ''}`}>
            {newest.matches ? <Glyph name="done" /> : <Mark name="failure" />}
            {newest.matches ? 'matches' : 'differs'}
          </span>
        </dt>
        <Generated key={newest.t} preview={newest} />
      </dl>
      <ul className="prevs">
        {previews.slice(1, 4).map((preview) => (
          <li key={`${String(preview.step)}-${String(preview.row)}`}>
            <span className="st num">{count(preview.step)}</span>
            <span className={preview.matches ? 'ok vg' : 't2 vg'}>
              {preview.matches ? <Glyph name="done" /> : <Mark name="failure" />}
              <span className="visually-hidden">{preview.matches ? 'matches' : 'differs'}</span>
            </span>
            <span className="grow el" title={preview.prompt}>
              {preview.prompt}
            </span>
            <span className="el answer t2" title={preview.produced}>
              {preview.matches
                ? short(preview.produced)
                : `${short(preview.produced)}, expected ${short(preview.expected)}`}
            </span>
          </li>
        ))}
      </ul>
      <div className="row sp pfoot">
        <span className="micro">Last {plural(previews.length, 'preview')}</span>
        <span className="row micro num">
          <span
            className="tally"
            role="img"
            aria-label={`${String(matching)} of the last ${String(previews.length)} previews match`}
          >
            {previews.map((preview) => (
              <i
                key={`${String(preview.step)}-${String(preview.row)}`}
                className={preview.matches ? 'y' : ''}
              />
            ))}
          </span>
          {count(matching)} match
        </span>
      </div>
    </section>
  );
});
