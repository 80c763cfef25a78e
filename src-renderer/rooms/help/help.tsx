/** The help screen: a search, groups, and one topic after another. */
import { Button, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useState, type ReactElement } from 'react';
import { findTopics, type HelpTopic } from '../../../src-main/contract/index.ts';
import { classNames } from '../../kit/class-names.ts';
import { count, plural } from '../../kit/format.ts';
import controlStyles from '../../kit/styles/controls.module.css';
import layoutStyles from '../../kit/styles/layout.module.css';
import textStyles from '../../kit/styles/text.module.css';
import { Notices, type OpenScreen } from '../notices/index.ts';
import './help.css';

const anchor = (group: string): string => `help-${group.toLowerCase()}`;

function Topic({ topic }: { readonly topic: HelpTopic }): ReactElement {
  const isName = topic.group !== 'Keys';
  return (
    <article className="ht" id={`help-${topic.id}`}>
      <h3 className={isName ? textStyles.mono : textStyles.strong}>{topic.title}</h3>
      <div>
        <p>{topic.text}</p>
        <dl>
          {topic.facts.map((fact) => (
            <div key={fact.name}>
              <dt className={textStyles.tertiary}>{fact.name}</dt>
              <dd className={isName ? textStyles.secondary : 'kbds'}>
                {isName
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
        <TextInput
          size="xs"
          type="search"
          className={controlStyles.searchField}
          aria-label="Search in the help"
          placeholder="Search"
          leftSection={<IconSearch aria-hidden="true" />}
          rightSection={<span className={controlStyles.keyboardKey}>/</span>}
          value={search}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
          }}
          onKeyDown={(event) => {
            if (event.key === 'Escape') clear();
          }}
        />
      </div>
      <Notices onOpen={onOpen} />
      <div className={classNames(layoutStyles.screenBody, 'help')}>
        <nav className={layoutStyles.sectionNavigation} aria-label="Groups">
          {groups.map((group) => (
            <button
              key={group}
              type="button"
              onClick={() => {
                document.getElementById(anchor(group))?.scrollIntoView({ block: 'start' });
              }}
            >
              <span>{group}</span>
              <em className={textStyles.number}>
                {count(found.filter((topic) => topic.group === group).length)}
              </em>
            </button>
          ))}
          <p className={textStyles.caption}>
            In a terminal: <span className={textStyles.mono}>nightshift help gpu_lost</span>
          </p>
        </nav>
        <section className="hbody" aria-label="Topics" tabIndex={0}>
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
