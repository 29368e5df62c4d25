import { subjectOf } from '../../../src/api/audit/audit-subject.ts';

test.each([
  ['/v1/endpoints', {}, { type: 'endpoint', id: null, projectId: null }],
  ['/v1/endpoints/{id}/pause', { id: 'ep_1' }, { type: 'endpoint', id: 'ep_1', projectId: null }],
  ['/v1/webhooks/{id}', { id: 'ep_1' }, { type: 'endpoint', id: 'ep_1', projectId: null }],
  ['/v1/deliveries/{id}/retry', { id: 'dlv_1' }, { type: 'delivery', id: 'dlv_1', projectId: null }],
  ['/v1/event-types/{type}', { type: 'a.b' }, { type: 'event_type', id: 'a.b', projectId: null }],
  ['/v1/profiles/{name}', { name: 'wire' }, { type: 'profile', id: 'wire', projectId: null }],
  ['/v1/projects', {}, { type: 'project', id: null, projectId: null }],
  ['/v1/projects/{id}', { id: 'prj_1' }, { type: 'project', id: 'prj_1', projectId: 'prj_1' }],
  ['/v1/project', {}, { type: 'project', id: 'prj_own', projectId: null }],
])('a call of %s with %j acts on %j', (path, params, subject) => {
  expect(subjectOf(path, params, 'prj_own')).toEqual(subject);
});
