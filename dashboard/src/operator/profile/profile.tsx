import { useQuery } from '@tanstack/react-query';
import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { exactProfileQuery, profilesQuery } from '../../api/catalogue-queries.ts';
import { Problem } from '../../api/problem.tsx';
import { projectQuery } from '../../api/queries.ts';
import { type BodyForm, BodyView } from '../../json-view/body-view.tsx';
import field from '../../kit/fields/field.module.css';
import { Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { EventPreview } from './event-preview.tsx';
import css from './profile.module.css';
import { profileSentences } from './profile-sentences.ts';

const MAX_VERSIONS = 50;

/** What exactly goes over the wire. */
export function ProfileScreen() {
  const { project } = useParams({ from: '/frame/p/$project/profile' });
  const search = useSearch({ from: '/frame/p/$project/profile' });
  const navigate = useNavigate();
  const { data: settings } = useQuery(projectQuery(project));
  const { data: profiles } = useQuery(profilesQuery(project));
  const name = search.name ?? settings?.profile ?? '';
  const wanted = Number(search.version);
  const version = Number.isInteger(wanted) && wanted > 0 ? wanted : undefined;
  const query = useQuery(exactProfileQuery(project, name, version));
  const newest = profiles?.find((one) => one.name === name)?.version ?? query.data?.stored.version ?? 1;
  const show = (changes: object): void =>
    void navigate({ to: '.', search: (old) => ({ ...old, ...changes }), resetScroll: false });
  return (
    <Page title="Profile">
      <div className={css.choose}>
        <select
          className={`${field.control} ${css.select}`}
          aria-label="Profile"
          value={name}
          onChange={(change) =>
            show({
              name: change.target.value === settings?.profile ? undefined : change.target.value,
              version: undefined,
            })
          }
        >
          {!profiles && <option value={name}>{name}</option>}
          {profiles?.map((one) => (
            <option key={one.name} value={one.name}>
              {one.name === settings?.profile ? `${one.name} (of this project)` : one.name}
            </option>
          ))}
        </select>
        <select
          className={`${field.control} ${css.select}`}
          aria-label="Version"
          value={query.data?.stored.version ?? version ?? newest}
          onChange={(change) =>
            show({ version: Number(change.target.value) === newest ? undefined : change.target.value })
          }
        >
          {Array.from({ length: Math.min(newest, MAX_VERSIONS) }, (_, index) => newest - index).map(
            (number) => (
              <option key={number} value={number}>
                {number === newest ? `Version ${number}, the newest` : `Version ${number}`}
              </option>
            ),
          )}
        </select>
        <p className={css.note}>Events keep the version under which they were accepted.</p>
      </div>
      {query.error && <Problem error={query.error} />}
      {!query.data && !query.error && (
        <Panel>
          <SkeletonRows rows={10} />
        </Panel>
      )}
      {query.data && (
        <>
          <Words key={`${name} ${query.data.stored.version}`} exact={query.data} />
          <EventPreview
            key={name}
            project={project}
            profile={query.data.stored.profile}
            version={query.data.stored.version}
            isOwn={name === settings?.profile}
          />
        </>
      )}
    </Page>
  );
}

type WordsProps = { exact: { stored: { profile: Parameters<typeof profileSentences>[0] }; text: string } };

function Words({ exact }: WordsProps) {
  const [form, setForm] = useState<BodyForm>('pretty');
  const { profile } = exact.stored;
  return (
    <div className={css.columns}>
      <Panel title={profile.title}>
        <dl className={css.sentences}>
          {profileSentences(profile).map(([heading, sentence]) => (
            <div key={heading}>
              <dt>{heading}</dt>
              <dd>
                <WithCode text={sentence} />
              </dd>
            </div>
          ))}
        </dl>
      </Panel>
      <Panel title="As JSON">
        <div className={css.json}>
          <BodyView text={exact.text} label="Profile" form={form} onForm={setForm} />
        </div>
      </Panel>
    </div>
  );
}

/** Names in backquotes are code. */
const WithCode = ({ text }: { text: string }) =>
  text.split('`').map((part, index) =>
    // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a sentence never change their order
    index % 2 === 1 ? <code key={index}>{part}</code> : <span key={index}>{part}</span>,
  );
