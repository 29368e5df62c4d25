import css from './live-line.module.css';

type LiveLineProps = {
  waiting: string;
  onShow: () => void;
  /** What the list does with new rows. */
  children?: string | false;
};

/** What becomes of new rows. It is always there, so that no row moves when some begin to wait. */
export function LiveLine({ waiting, onShow, children }: LiveLineProps) {
  if (waiting) {
    return (
      <button type="button" className={css.waiting} onClick={onShow}>
        {waiting} new
      </button>
    );
  }
  return <p className={css.follows}>{children || 'What is new appears here as it comes.'}</p>;
}
