import type { Delivery } from '../../../sdk/typescript/src/models.ts';
import { State, StateOf } from '../kit/status/state.tsx';

export type HandledAs = 'resent' | 'dismissed';

/** What failed and needs no one any more: it was sent again, or nobody will fix it. */
export function Handled({ as, word = `failed, ${as}` }: { as: HandledAs; word?: string }) {
  return (
    <State tone="idle" icon={as === 'resent' ? 'rotate-cw' : 'octagon-x'}>
      {word}
    </State>
  );
}

type DeliveryStateProps = {
  delivery: Pick<Delivery, 'status' | 'replayedBy' | 'dismissedAt'>;
  /** Where a reader knows other words: of a state, and of what was handled. Undefined: it is shown as not handled. */
  words?: { state: (status: Delivery['status']) => string; handled: Partial<Record<HandledAs, string>> };
};

export function DeliveryState({ delivery: { status, replayedBy, dismissedAt }, words }: DeliveryStateProps) {
  const as = replayedBy === null ? (dismissedAt === null ? undefined : 'dismissed') : 'resent';
  const word = words && as ? words.handled[as] : undefined;
  if (status === 'undeliverable' && as && (!words || word))
    return <Handled as={as} {...(word && { word })} />;
  return <StateOf status={status} word={words?.state(status) ?? status} />;
}
