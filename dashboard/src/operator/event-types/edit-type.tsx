import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ChangedEventType } from '../../../../sdk/typescript/src/models.ts';
import type { ExactEventType } from '../../api/catalogue-queries.ts';
import { errorAt, FormProblem } from '../../api/problem.tsx';
import { callRaw, jsonOf } from '../../api/raw-call.ts';
import { attributeLines, attributesIn } from '../../catalogue/attribute-lines.ts';
import { AttributesField } from '../../catalogue/attributes-field.tsx';
import { JsonField } from '../../json-view/json-field.tsx';
import { isUsableJson } from '../../json-view/json-problem.ts';
import { prettyText } from '../../json-view/pretty-text.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Dialog, DialogActions } from '../../kit/dialogs/dialog.tsx';
import { Field } from '../../kit/fields/field.tsx';
import { tell } from '../../kit/status/toast.tsx';

type EditTypeProps = {
  project: string;
  /** The type to change; without it, a new one is made. */
  exact?: ExactEventType;
  /** What a new one is called at first. */
  name?: string;
  onClose: () => void;
};

/** JSON texts are sent as they were written: parsing them here would change numbers. */
export function EditType({ project, exact, name = '', onClose }: EditTypeProps) {
  const [type, setType] = useState(exact?.type.type ?? name);
  const [description, setDescription] = useState(exact?.type.description ?? '');
  const [schema, setSchema] = useState(textOf(exact?.schema));
  const [example, setExample] = useState(textOf(exact?.example));
  const [attributes, setAttributes] = useState(attributeLines(exact?.type.exampleAttributes ?? {}));
  const [warnings, setWarnings] = useState<string[]>([]);
  const queryClient = useQueryClient();
  const save = useMutation({
    mutationFn: async () => {
      const body = jsonOf({
        description: JSON.stringify(description),
        schema: schema.trim() === '' ? (exact ? 'null' : undefined) : schema,
        example: example.trim() === '' ? undefined : example,
        exampleAttributes: attributesIn(attributes) && JSON.stringify(attributesIn(attributes)),
      });
      const path = `/v1/event-types/${encodeURIComponent(type.trim())}`;
      return JSON.parse(await callRaw(project, 'PUT', path, body)) as ChangedEventType;
    },
    onSuccess: async (changed) => {
      await queryClient.invalidateQueries({ queryKey: [project, 'event-types'] });
      await queryClient.invalidateQueries({ queryKey: [project, 'preview'] });
      tell('Saved.');
      if (changed.warnings.length === 0) onClose();
      else setWarnings(changed.warnings);
    },
  });
  if (warnings.length > 0) {
    return (
      <Dialog title="Saved, with warnings" onClose={onClose}>
        <ul>
          {warnings.map((warning) => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
        <DialogActions>
          <Button kind="primary" onClick={onClose}>
            Close
          </Button>
        </DialogActions>
      </Dialog>
    );
  }
  return (
    <Dialog title={exact ? `Edit ${exact.type.type}` : 'New event type'} onClose={onClose} wide>
      <FormProblem
        error={save.error}
        fields={['/description', '/schema', '/example', '/exampleAttributes']}
      />
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isUsableJson(schema, true) && isUsableJson(example, true)) save.mutate();
        }}
      >
        {!exact && (
          <Field label="Type" hint="Words with dots between, such as render.completed.">
            {(control) => (
              <input
                {...control}
                required
                spellCheck={false}
                value={type}
                onChange={(change) => setType(change.target.value)}
              />
            )}
          </Field>
        )}
        <Field
          label="Description"
          hint="For those who choose what they get."
          error={errorAt(save.error, '/description')}
        >
          {(control) => (
            <input
              {...control}
              required
              value={description}
              onChange={(change) => setDescription(change.target.value)}
            />
          )}
        </Field>
        <JsonField
          label="Schema"
          hint="JSON Schema 2020-12 of the data. From now on, events that violate it are refused. Empty: any data."
          error={save.error}
          pointer="/schema"
          isOptional
          value={schema}
          onChange={setSchema}
        />
        <JsonField
          label="Example"
          hint={`The data of an example, as JSON. Tests and previews send it.${exact?.type.source === 'profile' || !exact ? " Empty: the profile's." : ''}`}
          error={save.error}
          pointer="/example"
          isOptional
          value={example}
          onChange={setExample}
        />
        <AttributesField
          label="Attributes of the example"
          error={save.error}
          pointer="/exampleAttributes"
          value={attributes}
          onChange={setAttributes}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" type="submit" busy={save.isPending}>
            Save
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

const textOf = (json: string | undefined): string =>
  json === undefined || json === 'null' ? '' : prettyText(json);
