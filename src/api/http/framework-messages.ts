import { IncomingMessage, type RequestListener, type ServerOptions, ServerResponse } from 'node:http';

type Messages = Required<Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'>>;

/**
 * Classes whose instances already have the prototypes that the framework Express sets on each request and response of `app`.
 * Changing the prototype of an object costs V8 what it knows about the object, and so as much as routing the request.
 */
export function frameworkMessages(app: RequestListener): Messages | Record<never, never> {
  if (!isExpress(app)) return {};
  class ExpressRequest extends IncomingMessage {}
  class ExpressResponse extends ServerResponse {}
  Object.setPrototypeOf(ExpressRequest.prototype, app.request);
  Object.setPrototypeOf(ExpressResponse.prototype, app.response);
  app.request = ExpressRequest.prototype;
  app.response = ExpressResponse.prototype;
  return { IncomingMessage: ExpressRequest, ServerResponse: ExpressResponse };
}

const isExpress = (app: RequestListener): app is RequestListener & { request: object; response: object } =>
  'request' in app && 'response' in app;
