/** The help screen: search, groups and topics. */
import { Button } from '@mantine/core';
import { useMemo, useState, type ReactElement } from 'react';
import { findTopics, type GuideBlock, type HelpTopic } from '../../../src-main/contract/index.ts';
import { typed } from '../../engine/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { plural } from '../../kit/format.ts';
import { SearchField } from '../../kit/search-field.tsx';
import { SectionNav } from '../../kit/section-nav.tsx';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Notices, type OpenScreen } from '../notices/index.ts';
import styles from './help.module.css';

const anchor = (group: string): string => `help-${group.toLowerCase()}`;

function Block({ block }: { readonly block: GuideBlock }): ReactElement {
  if (block.kind === 'text') return <p>{typed(block.text)}</p>;
  if (block.kind === 'list')
    return (
      <ul>
        {block.items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    );
  return (
    <figure>
      {block.title === null ? null : (
        <figcaption className={textStyles.tertiary}>{block.title}</figcaption>
      )}
      <pre className={classNames(controlStyles.codeBlock, textStyles.mono)}>
        {typed(block.code)}
      </pre>
    </figure>
  );
}

function Topic({ topic }: { readonly topic: HelpTopic }): ReactElement {
  const isIdentifier = topic.group === 'Crashes' || topic.group === 'Settings';
  return (
    <article className={styles.topic} id={`help-${topic.id}`}>
      <h3 className={isIdentifier ? textStyles.mono : textStyles.strong}>{topic.title}</h3>
      <div>
        <p>{typed(topic.text)}</p>
        <dl>
          {topic.facts.map((fact) => (
            <div key={fact.name}>
              <dt className={textStyles.tertiary}>{fact.name}</dt>
              <dd className={topic.group === 'Keys' ? styles.keys : textStyles.secondary}>
                {topic.group !== 'Keys'
                  ? fact.value
                  : fact.value.split(' or ').map((keys) => (
                      <span key={keys} className={controlStyles.keyboardKey}>
                        {keys}
                      </span>
                    ))}
              </dd>
            </div>
          ))}
        </dl>
        {topic.blocks.length === 0 ? null : (
          <div className={styles.blocks}>
            {topic.blocks.map((block, at) => (
              <Block key={at} block={block} />
            ))}
          </div>
        )}
      </div>
    </article>
  );
}

export function HelpScreen({ onOpen }: { readonly onOpen: OpenScreen }): ReactElement {
  const [search, setSearch] = useState('');
  const found = useMemo(() => findTopics(search), [search]);
  const groups = [...new Set(found.map((topic) => topic.group))];
  const clear = (): void => {
    setSearch('');
  };
  return (
    <>
      <div className={layoutStyles.screenBar}>
        <h1 className={textStyles.title}>Help</h1>
        <span className={classNames(textStyles.caption, textStyles.number)}>
          {plural(found.length, 'topic')}
        </span>
        <span className={layoutStyles.spacer} />
        <SearchField label="Search help" placeholder="Search" value={search} onChange={setSearch} />
      </div>
      <Notices onOpen={onOpen} />
      <div className={classNames(layoutStyles.screenBody, styles.screen)}>
        <SectionNav
          label="Groups"
          sections={groups.map((group) => ({
            name: group,
            anchor: anchor(group),
            count: found.filter((topic) => topic.group === group).length,
          }))}
        >
          In a terminal:{' '}
          <span className={textStyles.mono}>{typed('nightshift help gpu_lost')}</span>
        </SectionNav>
        <section className={styles.topics} aria-label="Topics" tabIndex={0}>
          {groups.map((group) => (
            <div key={group} id={anchor(group)}>
              <h2 className={textStyles.title}>{group}</h2>
              {found
                .filter((topic) => topic.group === group)
                .map((topic) => (
                  <Topic key={topic.id} topic={topic} />
                ))}
            </div>
          ))}
          {found.length > 0 ? null : (
            <div className={layoutStyles.noMatches}>
              <p className={textStyles.secondary}>No topic matches “{search}”.</p>
              <Button onClick={clear}>Clear</Button>
            </div>
          )}
        </section>
      </div>
    </>
  );
}
