import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Icon } from '../icons/icon.tsx';
import type { IconName } from '../icons/icon-names.ts';
import css from './button.module.css';

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & {
  kind?: 'plain' | 'primary' | 'danger' | 'quiet';
  icon?: IconName;
  /** An icon alone: the text is read out, and shown as a title. */
  iconOnly?: boolean;
  busy?: boolean;
  children: ReactNode;
};

export function Button({
  kind = 'plain',
  icon,
  iconOnly = false,
  busy = false,
  children,
  disabled,
  ...rest
}: ButtonProps) {
  const named = iconOnly && typeof children === 'string' ? { 'aria-label': children, title: children } : {};
  return (
    <button
      type="button"
      {...named}
      {...rest}
      // A button that is busy keeps the focus, and does nothing.
      aria-disabled={busy || disabled || undefined}
      onClick={busy || disabled ? (event) => event.preventDefault() : rest.onClick}
      className={`${css.button} ${css[kind]} ${iconOnly ? css.iconOnly : ''}`}
    >
      {icon && <Icon name={busy ? 'refresh-cw' : icon} size={14} />}
      {iconOnly ? null : <span>{children}</span>}
    </button>
  );
}
