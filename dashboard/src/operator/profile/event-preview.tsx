import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { Profile } from '../../../../sdk/typescript/src/models.ts';
import { eventTypeQuery, previewUnder } from '../../api/catalogue-queries.ts';
import { errorAt, Problem } from '../../api/problem.tsx';
import { eventTypesQuery } from '../../api/queries.ts';
import { useMayChange } from '../../api/session.ts';
import { attributeLines, attributesIn } from '../../catalogue/attribute-lines.ts';
import { AttributesField } from '../../catalogue/attributes-field.tsx';
import { RequestPreview } from '../../catalogue/request-preview.tsx';
import { JsonField } from '../../json-view/json-field.tsx';
import { jsonProblem } from '../../json-view/json-problem.ts';
import { prettyText } from '../../json-view/pretty-text.ts';
import { Field } from '../../kit/fields/field.tsx';
import { TextField } from '../../kit/fields/text-field.tsx';
import { Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import css from './profile.module.css';

/** After the last key, so that a sentence is one call. */
const SETTLE_MS = 400;

type EventPreviewProps = { project: string; profile: Profile; version: number; isOwn: boolean };

/** An event on the left, and on the right the request that a receiver would get for it. */
export function EventPreview({ project, profile, version, isOwn }: EventPreviewProps) {
  const mayChange = useMayChange();
  const { data: catalogue } = useQuery(eventTypesQuery(project));
  const known = isOwn
    ? (catalogue ?? []).map(({ type }) => type)
    : (profile.eventTypes ?? []).map(({ name }) => name);
  const [chosen, setType] = useState<string>();
  const type = chosen ?? known[0] ?? 'order.made';
  const exact = useQuery({ ...eventTypeQuery(project, type), enabled: isOwn && known.includes(type) });
  const ofProfile = profile.eventTypes?.find(({ name }) => name === type);
  const example =
    isOwn && exact.data && exact.data.example !== 'null'
      ? exact.data.example
      : ofProfile
        ? JSON.stringify(ofProfile.example)
        : '{"hello":"world"}';
  const firstAttributes = isOwn ? exact.data?.type.exampleAttributes : ofProfile?.exampleAttributes;
  const [written, setData] = useState<string>();
  const [writtenAttributes, setAttributes] = useState<string>();
  const [consumer, setConsumer] = useState('acme');
  const data = written ?? example;
  const shown = written ?? prettyText(example);
  const attributes = writtenAttributes ?? attributeLines(firstAttributes ?? {});
  const input = useSettled(JSON.stringify({ type, data, attributes, consumer }));
  const problem = jsonProblem((JSON.parse(input) as { data: string }).data);
  const preview = useQuery({
    queryKey: [project, 'event-preview', profile.name, version, input],
    queryFn: () => {
      const settled = JSON.parse(input) as {
        type: string;
        data: string;
        attributes: string;
        consumer: string;
      };
      return previewUnder(
        project,
        { name: profile.name, version },
        { ...settled, attributes: attributesIn(settled.attributes) },
      );
    },
    placeholderData: (old) => old,
    retry: false,
    enabled: mayChange && problem === undefined,
    staleTime: 60_000,
  });
  return (
    <section className={css.preview} aria-label="Preview of an event">
      <Panel title="An event">
        <div className={css.inputs}>
          <Field label="Type" error={errorAt(preview.error, '/type')}>
            {(control) => (
              <>
                <input
                  {...control}
                  list={`${control.id}-types`}
                  spellCheck={false}
                  value={type}
                  onChange={(change) => {
                    setType(change.target.value);
                    setData(undefined);
                    setAttributes(undefined);
                  }}
                />
                <datalist id={`${control.id}-types`}>
                  {known.map((name) => (
                    <option key={name} value={name} />
                  ))}
                </datalist>
              </>
            )}
          </Field>
          <JsonField
            label="Data"
            hint="As JSON. The example goes out as it is stored; what you write, as it stands here."
            error={preview.error}
            pointer="/data"
            value={shown}
            onChange={setData}
          />
          <AttributesField
            label="Attributes"
            error={preview.error}
            pointer="/attributes"
            value={attributes}
            onChange={setAttributes}
          />
          <TextField
            label="Consumer"
            hint="Empty: an event that names none."
            error={errorAt(preview.error, '/consumer')}
            value={consumer}
            onChange={setConsumer}
          />
        </div>
      </Panel>
      <Panel title="The request">
        <div className={css.json} aria-busy={preview.isFetching}>
          {!mayChange && <p>A session that only reads cannot ask for it.</p>}
          {problem !== undefined && <p role="alert">The data is no JSON. {problem}</p>}
          {preview.error && <Problem error={preview.error} />}
          {preview.isLoading && <SkeletonRows rows={12} />}
          {preview.data && !preview.error && problem === undefined && (
            <RequestPreview preview={preview.data} scheme={profile} />
          )}
        </div>
      </Panel>
    </section>
  );
}

/** A value that has not changed for a moment. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
