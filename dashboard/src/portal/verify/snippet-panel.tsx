import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { signingQuery } from '../../api/catalogue-queries.ts';
import { useSession } from '../../api/session.ts';
import { signatureWords } from '../../delivery/attempt/signature-words.ts';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { Panel } from '../../kit/layout/page.tsx';
import { project } from '../address.ts';
import { FRAMEWORK_NAMES, FRAMEWORKS, type Framework, snippet } from './snippets.ts';
import css from './verify.module.css';

/** Code of a receiver that checks signatures, for this project's way to sign. */
export function SnippetPanel({ title }: { title: string }) {
  const { data: signing } = useQuery(signingQuery(project));
  const isUnbranded = useSession().theme?.hideBranding === true;
  const [framework, setFramework] = useState<Framework>('express');
  const [way, setWay] = useState<'own' | 'sdk'>('own');
  const code = signing ? snippet(signing, framework, isUnbranded ? 'own' : way) : '';
  return (
    <Panel title={title}>
      {!signing && <div className={css.waiting} aria-hidden="true" />}
      {signing && (
        <div className={css.panel}>
          <p>{signatureWords(signing)}</p>
          <div className={css.choices}>
            <select
              className={css.select}
              aria-label="Language and framework"
              value={framework}
              onChange={(change) => setFramework(change.target.value as Framework)}
            >
              {FRAMEWORKS.map((name) => (
                <option key={name} value={name}>
                  {FRAMEWORK_NAMES[name]}
                </option>
              ))}
            </select>
            {!isUnbranded && (
              <select
                className={css.select}
                aria-label="Packages"
                value={way}
                onChange={(change) => setWay(change.target.value === 'sdk' ? 'sdk' : 'own')}
              >
                <option value="own">Without a package</option>
                <option value="sdk">With the SDK</option>
              </select>
            )}
            {code !== '' && <CopyButton text={code} what="the code" label="Copy the code" />}
          </div>
          {code === '' ? (
            <p>The signature of this service is a part of a header. Its own documentation has the code.</p>
          ) : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
            <pre className={css.code} tabIndex={0}>
              {code}
            </pre>
          )}
        </div>
      )}
    </Panel>
  );
}
