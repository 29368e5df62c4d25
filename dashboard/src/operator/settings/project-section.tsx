import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { Project } from '../../../../sdk/typescript/src/models.ts';
import { profilesQuery } from '../../api/catalogue-queries.ts';
import { errorAt } from '../../api/problem.tsx';
import { Field } from '../../kit/fields/field.tsx';
import { TextField } from '../../kit/fields/text-field.tsx';
import { Section } from './section.tsx';
import css from './settings.module.css';
import { useSave } from './use-save.ts';

export function ProjectSection({ project }: { project: Project }) {
  const [name, setName] = useState(project.name);
  const [profile, setProfile] = useState(project.profile);
  const { data: profiles } = useQuery(profilesQuery(project.id));
  const saving = useSave(project.id);
  return (
    <Section
      title="Project"
      note={
        <>
          The profile is the wire format. Another one applies to events posted from then on; it may bring
          other event types and plans.{' '}
          <Link to="/p/$project/profile" params={{ project: project.id }}>
            Read it
          </Link>
        </>
      }
      what="the project"
      saving={saving}
      onSubmit={() => saving.save({ name, ...(profile !== project.profile && { profile }) })}
    >
      <div className={css.two}>
        <TextField
          label="Name"
          required
          error={errorAt(saving.error, '/name')}
          value={name}
          onChange={setName}
        />
        <Field label="Profile" error={errorAt(saving.error, '/profile')}>
          {(control) => (
            <select {...control} value={profile} onChange={(change) => setProfile(change.target.value)}>
              {!profiles?.some((one) => one.name === profile) && <option>{profile}</option>}
              {profiles?.map((one) => (
                <option key={one.name} value={one.name}>
                  {one.title === one.name ? one.name : `${one.name} (${one.title})`}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
    </Section>
  );
}
