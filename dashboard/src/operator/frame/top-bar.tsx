import { Link, useLocation, useNavigate } from '@tanstack/react-router';
import { Button } from '../../kit/buttons/button.tsx';
import { Icon } from '../../kit/icons/icon.tsx';
import mark from '../../theme/posthorn.svg';
import { type Theme, useTheme } from '../../theme/theme.ts';
import { ClockSelect } from './clock-select.tsx';
import css from './frame.module.css';
import { useHasRange } from './range/carried-range.ts';
import { RangePicker } from './range/range-picker.tsx';

const THEMES: Record<Theme, { next: Theme; icon: 'monitor' | 'sun' | 'moon'; label: string }> = {
  system: { next: 'light', icon: 'monitor', label: 'Theme: as the system' },
  light: { next: 'dark', icon: 'sun', label: 'Theme: light' },
  dark: { next: 'system', icon: 'moon', label: 'Theme: dark' },
};

type TopBarProps = { isMenuOpen: boolean; onMenu: () => void; onJump: () => void; onHelp: () => void };

export function TopBar({ isMenuOpen, onMenu, onJump, onHelp }: TopBarProps) {
  const [theme, setTheme] = useTheme();
  const hasRange = useHasRange();
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const { next, icon, label } = THEMES[theme];
  return (
    <header className={css.top}>
      <div className={css.menu}>
        <Button kind="quiet" icon="menu" iconOnly aria-expanded={isMenuOpen} onClick={onMenu}>
          Menu
        </Button>
      </div>
      <Link to="/" className={css.brand} aria-label="Posthorn, first page">
        <img src={mark} alt="" width={24} height={24} />
        <span className={css.brandName}>Posthorn</span>
      </Link>
      <button
        type="button"
        className={css.jump}
        onClick={onJump}
        aria-label="Jump to an id or a screen Ctrl K"
      >
        <Icon name="search" size={14} />
        <span>Jump to an id or a screen</span> <kbd>Ctrl K</kbd>
      </button>
      <div className={css.tools}>
        {hasRange && (
          <RangePicker
            mayBeAll={/\/attention\/?$/.test(pathname)}
            onChange={(range) => void navigate({ to: '.', search: (old) => ({ ...old, ...range }) })}
          />
        )}
        <div className={css.wide}>
          <ClockSelect />
        </div>
        <Button kind="quiet" icon={icon} iconOnly onClick={() => setTheme(next)}>
          {label}
        </Button>
        <Button kind="quiet" icon="circle-question-mark" iconOnly onClick={onHelp}>
          Help and keys
        </Button>
      </div>
    </header>
  );
}
