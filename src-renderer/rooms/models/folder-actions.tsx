/** The folder of a saved model: its path, Copy path, and in the desktop window Open folder. */
import { Button } from '@mantine/core';
import { IconCopy, IconFolderOpen } from '@tabler/icons-react';
import { useState, type ReactElement } from 'react';
import { useTrouble } from '../../engine/index.ts';
import { useHost } from '../../host/index.ts';
import { classNames } from '../../kit/class-names.ts';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import detailStyles from './point-details.module.css';

function showTrouble(error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  useTrouble.setState({ trouble: { text, next: null } });
}

export function FolderActions({ folder }: { readonly folder: string }): ReactElement {
  const { openFolder } = useHost();
  const [copied, setCopied] = useState<string | null>(null);
  return (
    <>
      <p className={classNames(textStyles.mono, textStyles.caption, detailStyles.folder)}>
        {folder}
      </p>
      <div className={layoutStyles.row}>
        {openFolder === null ? null : (
          <Button
            leftSection={<IconFolderOpen aria-hidden="true" />}
            onClick={() => {
              openFolder(folder).catch(showTrouble);
            }}
          >
            Open folder
          </Button>
        )}
        <Button
          leftSection={<IconCopy aria-hidden="true" />}
          onClick={() => {
            navigator.clipboard.writeText(folder).then(() => {
              setCopied(folder);
            }, showTrouble);
          }}
        >
          {copied === folder ? 'Copied' : 'Copy path'}
        </Button>
      </div>
    </>
  );
}
