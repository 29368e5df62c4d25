import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { NewPortalLink } from '../../../../sdk/typescript/src/models.ts';
import { apiUrl, clientOf } from '../../api/client.ts';
import { errorAt } from '../../api/problem.tsx';
import { durationSeconds } from '../../delivery/retry-steps.ts';
import { CallDialog } from '../../frame/call-dialog.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { Check, Field } from '../../kit/fields/field.tsx';
import { TextField } from '../../kit/fields/text-field.tsx';
import { CodeBlock } from '../../kit/text/code-block.tsx';
import { duration } from '../../kit/time/time.ts';
import css from './consumers.module.css';
import { type CodeLanguage, linkCode } from './link-code.ts';
import { LinkMade } from './link-made.tsx';

type Capability = NonNullable<NewPortalLink['capabilities']>[number];

const CAPABILITIES: [Capability, string][] = [
  ['payloads', 'See bodies of requests and responses'],
  ['endpoints', 'Add, change, pause and delete endpoints'],
  ['secrets', 'Rotate secrets'],
  ['test', 'Send test events'],
  ['retry', 'Resend and recover'],
];
const EXPIRY = ['1m', '10m', '30m', '1h'];
const DURATIONS = ['15m', '1h', '8h', '1d', '7d'];
const LANGUAGES: CodeLanguage[] = ['TypeScript', 'Python', 'curl'];

type PortalLinkProps = { project: string; consumer: string; onClose: () => void };

/** A link for the customer, and the code with which the producer's own server makes such links. */
export function PortalLink({ project, consumer, onClose }: PortalLinkProps) {
  const [capabilities, setCapabilities] = useState<Capability[]>(CAPABILITIES.map(([name]) => name));
  const [path, setPath] = useState('');
  const [expiresIn, setExpiresIn] = useState('10m');
  const [sessionFor, setSessionFor] = useState('8h');
  const [returnUrl, setReturnUrl] = useState('');
  const [language, setLanguage] = useState<CodeLanguage>('TypeScript');
  const queryClient = useQueryClient();
  const link: NewPortalLink = {
    consumer,
    ...(path.trim() !== '' && { path: path.trim() }),
    ...(capabilities.length < CAPABILITIES.length && {
      capabilities: [
        'view' as const,
        ...CAPABILITIES.map(([name]) => name).filter((name) => capabilities.includes(name)),
      ],
    }),
    ...(expiresIn !== '10m' && { expiresIn }),
    sessionFor,
    ...(returnUrl.trim() !== '' && { returnUrl: returnUrl.trim() }),
  };
  const create = useMutation({
    mutationFn: () => clientOf(project).portalLinks.create(link),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: [project, 'consumer-sessions'] }),
  });
  if (create.data) {
    return (
      <LinkMade title="The link is made" link={create.data} onClose={onClose}>
        <p>Whoever opens it is {consumer} in the portal. It opens once, and is shown now and never again.</p>
      </LinkMade>
    );
  }
  const code = linkCode(apiUrl, link, language);
  return (
    <CallDialog
      title={`A portal link for ${consumer}`}
      call={create}
      label="Make the link"
      icon="link"
      onClose={onClose}
      wide
    >
      <fieldset className={css.checks}>
        <legend>What the customer may do, besides looking</legend>
        {CAPABILITIES.map(([name, label]) => (
          <Check
            key={name}
            label={label}
            checked={capabilities.includes(name)}
            onChange={(isOn) =>
              setCapabilities(isOn ? [...capabilities, name] : capabilities.filter((other) => other !== name))
            }
          />
        ))}
      </fieldset>
      <div className={css.two}>
        <Select label="The link expires after" values={EXPIRY} value={expiresIn} onChange={setExpiresIn} />
        <Select
          label="The session ends after"
          hint="Or earlier, if it is not used. The link says when."
          values={DURATIONS}
          value={sessionFor}
          onChange={setSessionFor}
        />
        <TextField
          label="Opens at"
          hint="A path in the portal. Empty: its first page."
          placeholder="endpoints"
          error={errorAt(create.error, '/path')}
          value={path}
          onChange={setPath}
        />
        <TextField
          label="Leads back to"
          hint="Empty: the URL of the project."
          type="url"
          error={errorAt(create.error, '/returnUrl')}
          value={returnUrl}
          onChange={setReturnUrl}
        />
      </div>
      <section className={css.code} aria-label="The code that makes it">
        <div>
          <h3>The code that makes it</h3>
          <span>
            {LANGUAGES.map((name) => (
              <Button
                key={name}
                kind="quiet"
                aria-pressed={language === name}
                onClick={() => setLanguage(name)}
              >
                {name}
              </Button>
            ))}
            <CopyButton text={code} what="the code" />
          </span>
        </div>
        <CodeBlock>{code}</CodeBlock>
      </section>
    </CallDialog>
  );
}

type SelectProps = {
  label: string;
  hint?: string;
  values: string[];
  value: string;
  onChange: (value: string) => void;
};

const Select = ({ label, hint, values, value, onChange }: SelectProps) => (
  <Field label={label} hint={hint}>
    {(control) => (
      <select {...control} value={value} onChange={(change) => onChange(change.target.value)}>
        {values.map((text) => (
          <option key={text} value={text}>
            {duration(durationSeconds(text)! * 1_000)}
          </option>
        ))}
      </select>
    )}
  </Field>
);
