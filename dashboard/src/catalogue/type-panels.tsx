import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type ExactEventType, previewQuery, signingQuery } from '../api/catalogue-queries.ts';
import { Problem } from '../api/problem.tsx';
import { type BodyForm, BodyView } from '../json-view/body-view.tsx';
import { Button } from '../kit/buttons/button.tsx';
import { Empty, Facts, Panel, SkeletonRows } from '../kit/layout/page.tsx';
import css from './catalogue.module.css';
import { RequestPreview } from './request-preview.tsx';
import { SchemaTable } from './schema-table.tsx';

/** The members of the data, or the schema itself. */
export function SchemaPanel({ exact }: { exact: ExactEventType }) {
  const [isJson, setJson] = useState(false);
  const [form, setForm] = useState<BodyForm>('pretty');
  if (exact.schema === 'null') {
    return (
      <Panel title="Schema">
        <Empty icon="inbox" title="Any data">
          <p>
            With a schema, the API refuses events whose data does not fit, and receivers know what they get.
          </p>
        </Empty>
      </Panel>
    );
  }
  return (
    <Panel
      title="Schema"
      aside={
        <Button kind="quiet" aria-pressed={isJson} onClick={() => setJson(!isJson)}>
          As JSON
        </Button>
      }
    >
      {isJson ? (
        <div className={css.padded}>
          <BodyView text={exact.schema} label="JSON Schema" form={form} onForm={setForm} />
        </div>
      ) : (
        <SchemaTable schema={exact.type.schema} />
      )}
    </Panel>
  );
}

export function ExamplePanel({ exact }: { exact: ExactEventType }) {
  const [form, setForm] = useState<BodyForm>('pretty');
  const attributes = Object.entries(exact.type.exampleAttributes);
  return (
    <Panel title="Example">
      {exact.example === 'null' ? (
        <Empty icon="inbox" title="No example">
          <p>Tests and previews need one.</p>
        </Empty>
      ) : (
        <div className={css.padded}>
          {attributes.length > 0 && <Facts items={attributes.map(([name, value]) => [name, value])} />}
          <BodyView text={exact.example} label="Example data" form={form} onForm={setForm} />
        </div>
      )}
    </Panel>
  );
}

type PreviewPanelProps = {
  title?: string;
  project: string;
  exact: ExactEventType;
  /** Read-only sessions may not: it is no GET. */
  mayAsk: boolean;
};

/** The request that a receiver gets for the example. */
export function PreviewPanel({ title = 'As a receiver gets it', project, exact, mayAsk }: PreviewPanelProps) {
  const hasExample = exact.example !== 'null';
  const preview = useQuery(previewQuery(project, exact.type.type, hasExample && mayAsk));
  const signing = useQuery(signingQuery(project));
  return (
    <Panel title={title}>
      <div className={css.padded}>
        {!hasExample && <p>Without an example there is nothing to show.</p>}
        {hasExample && !mayAsk && <p>A session that only reads cannot ask for it.</p>}
        {preview.error && <Problem error={preview.error} />}
        {preview.isLoading && <SkeletonRows rows={10} />}
        {preview.data && signing.data && <RequestPreview preview={preview.data} scheme={signing.data} />}
      </div>
    </Panel>
  );
}
