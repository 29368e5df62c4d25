import { Icon } from '../../kit/icons/icon.tsx';
import { State } from '../../kit/status/state.tsx';
import { accentColors, contrastInMode, lookTokens, type Mode } from '../../theme/accent.ts';
import css from './portal-preview.module.css';

type PortalPreviewProps = {
  name: string;
  hasLogo: boolean;
  /** Undefined: the colours that Posthorn has. */
  accent: string | undefined;
  radius: number;
  mode: 'light' | 'dark' | 'auto';
  hideBranding: boolean;
};

/** The look in the modes that readers can get, and whether its colours can be read. */
export function PortalPreview(look: PortalPreviewProps) {
  const modes: Mode[] = look.mode === 'auto' ? ['light', 'dark'] : [look.mode];
  return (
    <section className={css.preview} aria-label="Preview of the portal">
      {modes.map((mode) => (
        <div key={mode} className={css.column}>
          <Portal look={look} mode={mode} />
          <Contrast accent={look.accent} mode={mode} />
        </div>
      ))}
    </section>
  );
}

/** A drawing: nothing in it can be used. */
function Portal({ look, mode }: { look: PortalPreviewProps; mode: Mode }) {
  const { name, hasLogo, accent, radius, hideBranding } = look;
  return (
    <div
      className={css.portal}
      role="img"
      aria-label={`The portal in the ${mode} mode`}
      style={{ ...lookTokens({ accent, radius }), colorScheme: mode }}
    >
      <div className={css.top}>
        {hasLogo && <span className={css.logo}>Logo</span>}
        <strong>{name}</strong>
        <span className={css.back}>← Back</span>
      </div>
      <div className={css.content}>
        <div className={css.row}>
          <strong>Endpoints</strong>
          <span className={css.primary}>
            <Icon name="plus" size={12} />
            Add
          </span>
        </div>
        <div className={css.card}>
          <span className={css.url}>https://example.com/hooks</span>
          <State tone="good" icon="circle-check">
            active
          </State>
        </div>
        <div className={`${css.card} ${css.selected}`}>
          <span className={css.url}>https://example.com/other</span>
          <State tone="bad" icon="triangle-alert">
            failing
          </State>
        </div>
        {!hideBranding && <span className={css.foot}>Delivered by Posthorn</span>}
      </div>
    </div>
  );
}

const ratio = (value: number): string => `${(Math.floor(value * 10) / 10).toFixed(1)}:1`;

function Contrast({ accent, mode }: { accent: string | undefined; mode: Mode }) {
  if (accent === undefined)
    return <p className={css.contrast}>{`The default colours of the ${mode} mode.`}</p>;
  const own = contrastInMode(accent, mode);
  const colors = accentColors(accent, mode);
  const isUsed = colors.accent === accent.toLowerCase();
  return (
    <p className={css.contrast}>
      <span className={css.swatch} style={{ background: isUsed ? accent : colors.accent }} />
      <span>
        {isUsed
          ? `As text in the ${mode} mode, your colour has ${ratio(own)}: it is used as it is.`
          : `As text in the ${mode} mode, your colour has ${ratio(own)}, and 4.5:1 is needed: ${colors.accent} is used, with ${ratio(contrastInMode(colors.accent, mode))}.`}
      </span>
    </p>
  );
}
