import { useState } from 'react';
import type { PortalSettings, Project } from '../../../../sdk/typescript/src/models.ts';
import { errorAt } from '../../api/problem.tsx';
import { Check, Field } from '../../kit/fields/field.tsx';
import { TextField } from '../../kit/fields/text-field.tsx';
import { PortalPreview } from './portal-preview.tsx';
import { Section } from './section.tsx';
import css from './settings.module.css';
import { useSave } from './use-save.ts';

const DEFAULT_ACCENT = '#3d4ed8';
const DEFAULT_RADIUS = 6;

/** What was written; empty texts are the defaults. */
type PortalForm = {
  name: string;
  logoUrl: string;
  accent: string;
  mode: 'light' | 'dark' | 'auto';
  radius: number;
  origins: string;
  returnUrl: string;
  refreshUrl: string;
  hideBranding: boolean;
};

const formOf = (portal: PortalSettings | null): PortalForm => ({
  name: portal?.name ?? '',
  logoUrl: portal?.logoUrl ?? '',
  accent: portal?.accent ?? '',
  mode: portal?.mode ?? 'auto',
  radius: portal?.radius ?? DEFAULT_RADIUS,
  origins: portal?.origins?.join('\n') ?? '',
  returnUrl: portal?.returnUrl ?? '',
  refreshUrl: portal?.refreshUrl ?? '',
  hideBranding: portal?.hideBranding ?? false,
});

function settingsOf(form: PortalForm): PortalSettings {
  const origins = form.origins.split(/\s+/).filter((origin) => origin !== '');
  const texts = (['name', 'logoUrl', 'accent', 'returnUrl', 'refreshUrl'] as const).flatMap((name) =>
    form[name].trim() === '' ? [] : [[name, form[name].trim()]],
  );
  return {
    ...Object.fromEntries(texts),
    ...(form.mode !== 'auto' && { mode: form.mode }),
    ...(form.radius !== DEFAULT_RADIUS && { radius: form.radius }),
    ...(origins.length > 0 && { origins }),
    ...(form.hideBranding && { hideBranding: true }),
  };
}

/** The look of the portal, and who may show it. */
export function PortalSection({ project }: { project: Project }) {
  const [form, setForm] = useState(() => formOf(project.portal));
  const saving = useSave(project.id);
  const change = (changes: Partial<PortalForm>): void => setForm({ ...form, ...changes });
  const at = (name: string): string | undefined => errorAt(saving.error, `/portal/${name}`);
  const url = (name: 'logoUrl' | 'returnUrl' | 'refreshUrl') => ({
    type: 'url',
    error: at(name),
    value: form[name],
    onChange: (text: string) => change({ [name]: text }),
  });
  const isColor = /^#[0-9a-f]{6}$/i.test(form.accent);
  return (
    <Section
      title="Portal"
      note="What your customers see at the links that you hand out."
      what="the portal"
      saving={saving}
      onSubmit={() => saving.save({ portal: settingsOf(form) })}
    >
      <div className={css.portal}>
        <div className={css.stack}>
          <TextField
            label="Name of the product"
            error={at('name')}
            value={form.name}
            onChange={(name) => change({ name })}
          />
          <TextField label="Logo" hint="An https URL." {...url('logoUrl')} />
          <Field
            label="Accent"
            hint="Such as #4F46E5. Colours with enough contrast are derived from it."
            error={at('accent')}
          >
            {(control) => (
              <span className={css.accent}>
                <input
                  type="color"
                  aria-label="Choose the accent"
                  value={isColor ? form.accent.toLowerCase() : DEFAULT_ACCENT}
                  onChange={(event) => change({ accent: event.target.value })}
                />
                <input
                  {...control}
                  spellCheck={false}
                  placeholder={DEFAULT_ACCENT}
                  value={form.accent}
                  onChange={(event) => change({ accent: event.target.value })}
                />
              </span>
            )}
          </Field>
          <div className={css.two}>
            <Field label="Mode" error={at('mode')}>
              {(control) => (
                <select
                  {...control}
                  value={form.mode}
                  onChange={(event) => change({ mode: event.target.value as PortalForm['mode'] })}
                >
                  <option value="auto">As the reader's system</option>
                  <option value="light">Light</option>
                  <option value="dark">Dark</option>
                </select>
              )}
            </Field>
            <TextField
              label="Corner radius (px)"
              type="number"
              min={0}
              max={16}
              error={at('radius')}
              value={String(form.radius)}
              onChange={(text) => change({ radius: Math.min(16, Math.max(0, Math.round(Number(text)))) })}
            />
          </div>
          <Check
            label="Do not mention Posthorn"
            checked={form.hideBranding}
            onChange={(hideBranding) => change({ hideBranding })}
          />
        </div>
        <PortalPreview
          name={form.name || project.name}
          hasLogo={form.logoUrl !== ''}
          accent={isColor ? form.accent : undefined}
          radius={form.radius}
          mode={form.mode}
          hideBranding={form.hideBranding}
        />
      </div>
      <div className={css.two}>
        <TextField label="Leads back to" hint="Your own page. Empty: no link back." {...url('returnUrl')} />
        <TextField
          label="Gets a new link at"
          hint="Where the portal goes when a session ends."
          {...url('refreshUrl')}
        />
      </div>
      <Field
        label="Origins"
        hint="Pages that may show the portal in a frame, such as https://app.example.com. One a line, at most 20."
        error={at('origins')}
      >
        {(control) => (
          <textarea
            {...control}
            className={`${control.className} ${css.few}`}
            spellCheck={false}
            value={form.origins}
            onChange={(event) => change({ origins: event.target.value })}
          />
        )}
      </Field>
    </Section>
  );
}
