import type { Key, ReactElement } from 'react';
import { Fragment, jsx as reactJsx, jsxs as reactJsxs } from 'react/jsx-runtime';
import { drawn } from './drawn.ts';

type Create = typeof reactJsx;
type Props = Record<string, unknown>;

/** The build makes every element by this in place of `react/jsx-runtime`, so that no screen can forget it. */
const creates =
  (create: Create) =>
  (type: Parameters<Create>[0], props: Props, key?: Key): ReactElement =>
    create(type, drawn(type, props), key);

export const jsx = creates(reactJsx);
export const jsxs = creates(reactJsxs);
export { Fragment };
