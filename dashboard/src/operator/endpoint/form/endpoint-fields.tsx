import { useQuery } from '@tanstack/react-query';
import { errorAt } from '../../../api/problem.tsx';
import { eventTypesQuery } from '../../../api/queries.ts';
import { needsHttps } from '../../../endpoint/tls/needs-https.ts';
import { TextField } from '../../../kit/fields/text-field.tsx';
import type { EndpointDraft } from './endpoint-draft.ts';

type Fields = Pick<EndpointDraft, 'url' | 'events' | 'description'>;

type EndpointFieldsProps = {
  project: string;
  draft: Fields;
  onChange: (changes: Partial<Fields>) => void;
  error: unknown;
  /** Whether it exists: then the hints say from when a change counts. */
  exists?: boolean;
};

const TYPES_NAMED = 6;

/** What a new endpoint and one that is changed have in common. */
export function EndpointFields({ project, draft, onChange, error, exists = false }: EndpointFieldsProps) {
  const { data: types } = useQuery(eventTypesQuery(project));
  const change = (member: keyof Fields) => (value: string) => onChange({ [member]: value });
  const known = types?.slice(0, TYPES_NAMED).map(({ type }) => type) ?? [];
  return (
    <>
      <TextField
        label="URL"
        type="url"
        required
        placeholder="https://example.com/hooks"
        {...(exists && { hint: 'Open deliveries go to the new one from their next attempt on.' })}
        error={errorAt(error, '/url') ?? needsHttps(error)}
        value={draft.url}
        onChange={change('url')}
      />
      <TextField
        label="Event types"
        required
        hint={
          <>
            Exact types, <code>prefix.*</code> or <code>*</code> for all, with commas between.
            {known.length > 0 && ` Known: ${known.join(', ')}.`}
            {exists && ' For events that are posted from now on.'}
          </>
        }
        error={errorAt(error, '/events')}
        value={draft.events}
        onChange={change('events')}
      />
      <TextField
        label="Description"
        error={errorAt(error, '/description')}
        value={draft.description}
        onChange={change('description')}
      />
    </>
  );
}
