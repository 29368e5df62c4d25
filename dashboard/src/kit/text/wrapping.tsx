import { Fragment } from 'react';

type WrappingProps = { text: string; after: string };

/** A text that wraps after a mark, rather than within a word. */
const Wrapping = ({ text, after }: WrappingProps) =>
  text.split(after).map((part, index, parts) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a part has no other name
    <Fragment key={index}>
      {part}
      {index < parts.length - 1 && (
        <>
          {after}
          <wbr />
        </>
      )}
    </Fragment>
  ));

/** A URL that wraps after its slashes. */
export const UrlText = ({ url }: { url: string }) => <Wrapping text={url} after="/" />;

/** An event type that wraps after its dots. */
export const TypeText = ({ type }: { type: string }) => <Wrapping text={type} after="." />;
