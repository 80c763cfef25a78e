/** Making a version by hand, deleting one, comparing two. */
import { Button, Checkbox, Modal, NativeSelect, TextInput } from '@mantine/core';
import { useState, type ReactElement } from 'react';
import type { Version } from '../../../src-main/contract/index.ts';
import { command, useAnswer, useRoom } from '../../engine/index.ts';
import { bytes, count, plural } from '../../kit/format.ts';
import { datasetsBetween, figures, settingsDiffering } from './compare.ts';

const BY = 'you (window)';

export function CreateDialog({
  onClose,
  onMade,
}: {
  readonly onClose: () => void;
  readonly onMade: (name: string) => void;
}): ReactElement {
  const saved = useRoom('status').last_checkpoint_step;
  const [description, setDescription] = useState('');
  const ready = description.trim() !== '';
  return (
    <Modal opened onClose={onClose} title="Create version" size={520}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!ready) return;
          onClose();
          void command((engine) =>
            engine.versions.create({ description: description.trim(), by: BY }),
          ).then((made) => {
            if (made !== null) onMade(made.name);
          });
        }}
      >
        <p className="t2 mtext">
          {saved === null
            ? 'The weights of the newest checkpoint are kept.'
            : `The weights of the newest checkpoint, step ${count(saved)}, are kept.`}{' '}
          They share their blocks with it and take no more room until it goes.
        </p>
        <TextInput
          data-autofocus
          label="Description"
          maxLength={500}
          value={description}
          onChange={(event) => {
            setDescription(event.currentTarget.value);
          }}
        />
        <div className="dialog-foot">
          <span className="grow" />
          <Button size="md" onClick={onClose}>
            Cancel
          </Button>
          <Button size="md" variant="filled" type="submit" disabled={!ready}>
            Create version
          </Button>
        </div>
      </form>
    </Modal>
  );
}

export function DeleteDialog({
  version,
  isLastCopy,
  onClose,
}: {
  readonly version: Version;
  readonly isLastCopy: boolean;
  readonly onClose: () => void;
}): ReactElement {
  const [typed, setTyped] = useState('');
  const [agreed, setAgreed] = useState(false);
  const ready = typed === version.name && (!isLastCopy || agreed);
  return (
    <Modal opened onClose={onClose} title={`Delete ${version.name}`} size={520}>
      <p className="t2 mtext">
        {bytes(version.bytes)} move to the trash and are removed after 30 days.{' '}
        {isLastCopy
          ? `No checkpoint and no other version holds step ${count(version.step)}: this is its last copy.`
          : `Step ${count(version.step)} is also held by a checkpoint or another version.`}
      </p>
      <TextInput
        data-autofocus
        label={`Type ${version.name}`}
        spellCheck={false}
        autoComplete="off"
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
        }}
      />
      {isLastCopy ? (
        <Checkbox
          className="magree"
          label="Delete the last copy of this step"
          checked={agreed}
          onChange={(event) => {
            setAgreed(event.currentTarget.checked);
          }}
        />
      ) : null}
      <div className="dialog-foot">
        <span className="grow" />
        <Button size="md" onClick={onClose}>
          Cancel
        </Button>
        <Button
          size="md"
          variant="filled"
          className="mdelete"
          disabled={!ready}
          onClick={() => {
            onClose();
            void command((engine) =>
              engine.versions.remove({
                name: version.name,
                confirm: typed,
                last_copy: isLastCopy && agreed,
                by: BY,
              }),
            );
          }}
        >
          Delete {version.name}
        </Button>
      </div>
    </Modal>
  );
}

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
  const [a, b] = names.map((name) => versions.find((one) => one.name === name));
  const options = versions.map((one) => one.name);
  return (
    <Modal opened onClose={onClose} title="Compare two versions" size={760}>
      <div className="roles">
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
    </Modal>
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
    <div className="mcompare">
      <table aria-label="Figures">
        <thead>
          <tr>
            <th>Figure</th>
            <th className="n">{a.name}</th>
            <th className="n">{b.name}</th>
            <th className="n">Change</th>
          </tr>
        </thead>
        <tbody>
          {figures(a, b).map((line) => (
            <tr key={line.name}>
              <td>{line.name}</td>
              <td className="n">{line.a}</td>
              <td className="n">{line.b}</td>
              <td className="n">{line.change ?? ''}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <h3 className="label">Datasets between them</h3>
      <p className="t2 wrap">
        {between.length === 0
          ? 'None.'
          : `${plural(between.length, 'dataset')}: ${between.join(', ')}.`}
      </p>
      <h3 className="label">Settings that differ</h3>
      {settings === null ? (
        <p className="t2">One of them was made before versions kept their settings.</p>
      ) : settings.length === 0 ? (
        <p className="t2">None.</p>
      ) : (
        <table className="mono" aria-label="Settings that differ">
          <tbody>
            {settings.map((one) => (
              <tr key={one.key}>
                <th scope="row">{one.key}</th>
                <td>{one.a}</td>
                <td>{one.b}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

/** Whether nothing else holds the step of a version, as the engine says when it is asked to delete it. */
export function useLastCopy(version: Version | null): boolean {
  const checkpoints = useRoom('status').last_checkpoint_step;
  const { answer } = useAnswer(
    version === null ? null : `${version.name}|${String(checkpoints)}`,
    async (engine) => {
      if (version === null) return false;
      const { last_copy } = await engine.versions.get({ name: version.name });
      return last_copy;
    },
  );
  return answer ?? true;
}
