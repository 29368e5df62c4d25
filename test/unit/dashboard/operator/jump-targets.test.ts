import { jumpTargets } from '../../../../dashboard/src/operator/frame/jump/jump-targets.ts';

describe('the jump box', () => {
  const named = {
    endpoints: [{ id: 'ep_1', url: 'https://hooks.acme.com/a' }],
    consumers: [{ id: 'acme', name: 'Acme Ltd' }],
    types: [{ type: 'render.completed' }],
  };
  const paths = (text: string, project: string | undefined = 'p1') =>
    jumpTargets(text, project, { ...named, endpoints: text === 'acme' ? named.endpoints : [] }).map(
      ({ path }) => path,
    );

  test('an id leads to what it names', () => {
    expect(paths('dlv_01abc ')).toEqual(['/p/p1/deliveries/dlv_01abc']);
    expect(paths('evt_01abc')).toEqual(['/p/p1/events/evt_01abc']);
    expect(paths('event/p2/evt_01abc/part')).toEqual(['/p/p2/events/evt_01abc']);
  });

  test('words find screens, endpoints, consumers and types, and may be the own id of an event', () => {
    expect(paths('acme')).toEqual(['/p/p1/endpoints/ep_1', '/p/p1/consumers/acme', '/p/p1/events/acme']);
    expect(paths('even')).toEqual(['/p/p1/events', '/p/p1/event-types', '/p/p1/events/even']);
    expect(paths('render')).toEqual(['/p/p1/event-types/render.completed', '/p/p1/events/render']);
    expect(paths('a/../b')).toEqual(['/p/p1/events/a%2F..%2Fb']);
  });
});
