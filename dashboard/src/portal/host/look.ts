import type { Session } from '../../api/session.ts';
import { lookTokens } from '../../theme/accent.ts';

type Theme = NonNullable<Session['theme']>;

/** What a host page chooses over the look of the session. */
export type ChosenLook = Partial<Pick<Theme, 'mode' | 'accent'>>;

const TOKENS = ['--accent', '--accent-fill', '--accent-fill-hover', '--on-accent', '--selected', '--radius'];

/** Through the object model, which the policy of the page allows; a style element would be refused. */
export function applyLook(theme: Theme, chosen: ChosenLook): void {
  const { dataset, style } = document.documentElement;
  const { mode, accent, radius } = { ...theme, ...chosen };
  if (mode === 'auto') delete dataset.theme;
  else dataset.theme = mode;
  for (const token of TOKENS) style.removeProperty(token);
  for (const [token, value] of Object.entries(lookTokens({ accent, radius })))
    style.setProperty(token, value);
}
