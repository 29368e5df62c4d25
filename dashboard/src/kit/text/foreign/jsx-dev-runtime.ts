import { Fragment, jsxDEV as reactJsxDev } from 'react/jsx-dev-runtime';
import { drawn } from './drawn.ts';

type Rest = Parameters<typeof reactJsxDev> extends [unknown, unknown, ...infer R] ? R : never;

/** As `jsx-runtime.ts`, for `npm run dashboard`. */
export const jsxDEV = (
  type: Parameters<typeof reactJsxDev>[0],
  props: Record<string, unknown>,
  ...rest: Rest
): React.ReactElement => reactJsxDev(type, drawn(type, props), ...rest);
export { Fragment };
