import { useNavigate, useSearch } from '@tanstack/react-router';
import type { Event } from '../../../../sdk/typescript/src/models.ts';
import css from '../../delivery/delivery.module.css';
import { type BodyForm, BodyView } from '../../json-view/body-view.tsx';
import { Panel } from '../../kit/layout/page.tsx';
import { Moment } from '../../kit/time/moment.tsx';

const isForm = (text: string | undefined): text is BodyForm =>
  text === 'raw' || text === 'pretty' || text === 'hex';

/** The body that every receiver of the event gets, byte for byte. */
export function EventBody({ event }: { event: Event }) {
  const { view } = useSearch({ from: '/frame/p/$project/events/$event' });
  const navigate = useNavigate();
  if (event.body === null) {
    return (
      <Panel title="Body">
        <p className={css.removed}>
          The body was removed
          {event.payloadRemovedAt && (
            <>
              {' '}
              <Moment at={event.payloadRemovedAt} />
            </>
          )}
          , as the project's payload retention says.
        </p>
      </Panel>
    );
  }
  return (
    <BodyView
      text={event.body}
      label="Request body"
      form={isForm(view) ? view : 'pretty'}
      onForm={(form) =>
        void navigate({
          to: '.',
          search: (old) => ({ ...old, view: form }),
          replace: true,
          resetScroll: false,
        })
      }
    />
  );
}
