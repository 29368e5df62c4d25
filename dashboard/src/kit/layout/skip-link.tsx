import css from './skip-link.module.css';

/** The first stop of the page, shown when it has the focus: leads past the navigation. */
export const SkipLink = () => (
  <a className={css.skip} href="#content">
    Skip to the content
  </a>
);
