import { useState } from 'react';
import type { Preview, Signing } from '../../../sdk/typescript/src/models.ts';
import { signatureWords } from '../delivery/attempt/signature-words.ts';
import { type BodyForm, BodyView } from '../json-view/body-view.tsx';
import { CopyButton } from '../kit/buttons/copy.tsx';
import css from './catalogue.module.css';
import { covers, headerPieces, type SignedPart, signedContent } from './signed-parts.ts';
import { SignedLegend, SignedText } from './signed-text.tsx';

/** Drawn at most: a marked text of megabytes would slow the page down. The body itself is shown whole on demand. */
const MAX_SIGNED = 16 * 1024;

type RequestPreviewProps = { preview: Preview; scheme: Pick<Signing, 'headers' | 'signature'> };

/** A request as a receiver would get it: the exact headers and bytes, with what the signature covers marked. */
export function RequestPreview({ preview, scheme }: RequestPreviewProps) {
  const [form, setForm] = useState<BodyForm>('raw');
  const parts = (['id', 'time', 'body'] as const).filter((part) => covers(scheme, part));
  const marks: SignedPart[] = [...parts, 'signature'];
  const pieces = signedContent(scheme, preview);
  const isCut = preview.body.length > MAX_SIGNED;
  return (
    <div className={css.preview}>
      <SignedLegend parts={marks} />
      <section className={css.request} aria-label="Headers">
        <p className={css.startLine}>
          <strong>POST</strong> the URL of the endpoint
        </p>
        <dl className={css.headers}>
          {Object.entries(preview.headers).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <SignedText pieces={headerPieces(name, value, scheme)} />
              </dd>
            </div>
          ))}
        </dl>
        <p className={css.note}>
          The connection and the endpoint add their own headers. They are not signed.
        </p>
      </section>
      <BodyView text={preview.body} label="Body" form={form} onForm={setForm} />
      <section className={css.signed} aria-label="What is signed">
        <h3>What is signed</h3>
        <p className={css.note}>{signatureWords(scheme)}</p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
        <pre className={css.signedText} tabIndex={0}>
          <SignedText
            pieces={pieces.map((piece) =>
              isCut ? { ...piece, text: piece.text.slice(0, MAX_SIGNED) } : piece,
            )}
          />
          {isCut && '…'}
        </pre>
        <dl className={css.headers}>
          <div>
            <dt>secret</dt>
            <dd className={css.secret}>
              <code>{preview.secret}</code>
              <CopyButton text={preview.secret} what="the secret of this preview" />
            </dd>
          </div>
        </dl>
        <p className={css.note}>The secret was made for this preview, and signs nothing else.</p>
      </section>
    </div>
  );
}
