import { createElement, type Key, type ReactNode } from 'react';
import { reorders, textParts, withNamedControls } from './reordering.ts';

/** What holds text alone. */
const TEXT_ONLY = new Set(['option', 'title', 'textarea', 'text', 'tspan']);
const ATTRIBUTES = ['title', 'aria-label', 'aria-valuetext', 'aria-description', 'placeholder', 'alt'];

type Props = Record<string, unknown>;

/**
 * The properties of an element with text that changes the order of nothing around it: what could is isolated, and the control
 * characters are shown by their names, as code viewers do. They stay in the text, so that it can be copied. Components get theirs as they
 * are: what they draw comes here, too, except that of packages, which pass children on without it (`forwardRef`).
 */
export function drawn(type: unknown, props: Props): Props {
  if (typeof type === 'function') return props;
  let changed = props;
  const change = (name: string, value: unknown): void => {
    if (value !== props[name]) changed = { ...changed, [name]: value };
  };
  for (const name of ATTRIBUTES) {
    const value = props[name];
    if (typeof value === 'string' && reorders(value)) change(name, withNamedControls(value));
  }
  const isTextOnly = typeof type === 'string' && TEXT_ONLY.has(type);
  if (props.children !== undefined) change('children', drawnChild(props.children as ReactNode, isTextOnly));
  return changed;
}

function drawnChild(child: ReactNode, isTextOnly: boolean, key?: Key): ReactNode {
  if (typeof child === 'string' && reorders(child))
    return isTextOnly ? withNamedControls(child) : isolated(child, key);
  if (!Array.isArray(child) || !child.some(mayReorder)) return child;
  return child.map((one: ReactNode, index) => drawnChild(one, isTextOnly, index));
}

const mayReorder = (child: ReactNode): boolean =>
  typeof child === 'string' ? reorders(child) : Array.isArray(child) && child.some(mayReorder);

const isolated = (text: string, key: Key | undefined): ReactNode =>
  createElement(
    'bdi',
    { key },
    ...textParts(text).map(({ text: part, name }) =>
      name === undefined ? part : createElement('span', { 'data-control': name }, part),
    ),
  );
