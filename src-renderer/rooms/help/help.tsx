/** The help screen: search, groups and topics. */
import { Button } from '@mantine/core';
import { useMemo, useState, type ReactElement } from 'react';
import { findTopics, type HelpTopic } from '../../../src-main/contract/index.ts';
import { plural } from '../../kit/format.ts';
import { SearchField } from '../../kit/search-field.tsx';
import { SectionNav } from '../../kit/section-nav.tsx';
import { Notices, type OpenScreen } from '../notices/index.ts';
import './help.css';

const anchor = (group: string): string => `help-${group.toLowerCase()}`;

function Topic({ topic }: { readonly topic: HelpTopic }): ReactElement {
  const isIdentifier = topic.group === 'Crashes' || topic.group === 'Settings';
  return (
    <article className="ht" id={`help-${topic.id}`}>
      <h3 className={isIdentifier ? 'mono' : 'strong'}>{topic.title}</h3>
      <div>
        <p>{topic.text}</p>
        <dl>
          {topic.facts.map((fact) => (
            <div key={fact.name}>
              <dt className="t3">{fact.name}</dt>
              <dd className={topic.group === 'Keys' ? 'kbds' : 't2'}>
                {topic.group !== 'Keys'
                  ? fact.value
                  : fact.value.split(' or ').map((keys) => (
                      <span key={keys} className="kbd">
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
      <div className="sbar">
        <h1 className="title">Help</h1>
        <span className="micro num">{plural(found.length, 'topic')}</span>
        <span className="fill" />
        <SearchField label="Search help" placeholder="Search" value={search} onChange={setSearch} />
      </div>
      <Notices onOpen={onOpen} />
      <div className="body help">
        <SectionNav
          label="Groups"
          sections={groups.map((group) => ({
            name: group,
            anchor: anchor(group),
            count: found.filter((topic) => topic.group === group).length,
          }))}
        >
          In a terminal: <span className="mono">nightshift help gpu_lost</span>
        </SectionNav>
        <section className="hbody" aria-label="Topics" tabIndex={0}>
          {groups.map((group) => (
            <div key={group} id={anchor(group)}>
              <h2 className="title">{group}</h2>
              {found
                .filter((topic) => topic.group === group)
                .map((topic) => (
                  <Topic key={topic.id} topic={topic} />
                ))}
            </div>
          ))}
          {found.length > 0 ? null : (
            <div className="cnone">
              <p className="t2">No topic matches “{search}”.</p>
              <Button onClick={clear}>Clear</Button>
            </div>
          )}
        </section>
      </div>
    </>
  );
}
