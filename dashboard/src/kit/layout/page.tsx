import { type ReactNode, useEffect, useRef } from 'react';
import { Icon } from '../icons/icon.tsx';
import type { IconName } from '../icons/icon-names.ts';
import { withNamedControls } from '../text/foreign/reordering.ts';
import { product } from '../text/product.ts';
import css from './page.module.css';

type PageProps = {
  /** The one `h1`, which gets the focus when the page is opened. */
  title: string;
  /** The title as it is shown, if not as plain text. */
  heading?: ReactNode;
  /** Beside the title: a state, an id. */
  aside?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
};

export function Page({ title, heading = title, aside, actions, children }: PageProps) {
  const element = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = withNamedControls(`${title} · ${product()}`);
  }, [title]);
  useEffect(() => {
    // A link to a part of the page, or a field that asks for the focus, keeps it.
    if (!document.activeElement || document.activeElement === document.body) element.current?.focus();
  }, []);
  return (
    <>
      <header className={css.header}>
        <h1 ref={element} tabIndex={-1}>
          {heading}
        </h1>
        {aside}
        {actions && <div className={css.actions}>{actions}</div>}
      </header>
      {children}
    </>
  );
}

export function Panel({
  title,
  aside,
  children,
}: {
  title?: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className={css.panel} {...(title && { 'aria-label': title })}>
      {title && (
        <header className={css.panelHeader}>
          <h2>{title}</h2>
          {aside}
        </header>
      )}
      {children}
    </section>
  );
}

/** Panels beside each other where there is room. */
export const Columns = ({ children }: { children: ReactNode }) => (
  <div className={css.columns}>{children}</div>
);

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className={css.empty}>
      <Icon name={icon} size={22} />
      <p className={css.emptyTitle}>{title}</p>
      {children}
    </div>
  );
}

/** In a panel, in place of a list without entries: one sentence. */
export const Nothing = ({ children }: { children: ReactNode }) => <p className={css.nothing}>{children}</p>;

/** As high as the rows that come. */
export function SkeletonRows({ rows }: { rows: number }) {
  return (
    <div className={css.skeleton} aria-hidden="true">
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <span key={index} />
      ))}
    </div>
  );
}

/** Names and values, as in the head of an event. */
export function Facts({ items }: { items: [name: string, value: ReactNode][] }) {
  return (
    <dl className={css.facts}>
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
