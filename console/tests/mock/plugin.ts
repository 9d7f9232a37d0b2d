// Answers /api and /v1 from invented data, in the development server and in the preview of the built
// console, under the same content security policy as the real server.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Connect, Plugin } from 'vite';
import { Mock } from './server';

export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

export function mockServer(): Plugin {
  const mock = new Mock();
  const answer = (request: IncomingMessage, response: ServerResponse, next: Connect.NextFunction) => {
    mock.handle(request, response).then(
      (taken) => taken || next(),
      (cause: unknown) => {
        response.statusCode = 500;
        response.end(String(cause));
      },
    );
  };
  return {
    name: 'portolan-mock',
    configureServer(server) {
      server.middlewares.use(answer);
    },
    configurePreviewServer(server) {
      server.middlewares.use((_request: IncomingMessage, response: ServerResponse, next: Connect.NextFunction) => {
        response.setHeader('content-security-policy', POLICY);
        next();
      });
      server.middlewares.use(answer);
    },
  };
}
