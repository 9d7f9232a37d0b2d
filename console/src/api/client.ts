// One function a question, typed by the server's own document. The session's CSRF token goes with every write.
import createClient from 'openapi-fetch';
import { Problem } from './problem';
import type { paths } from './schema';
import type { ConsentWrite, KeyKind, Recommendations, Role } from './wire';

const client = createClient<paths>({ credentials: 'same-origin' });

let csrf: string | null = null;
let onSignedOut: () => void = () => undefined;

/** Token of the visit, from `GET /session`. */
export function setCsrf(token: string | null | undefined): void {
  csrf = token ?? null;
}

/** What to do when the server no longer knows the visit. */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act;
}

client.use({
  onRequest({ request }) {
    // Titles of products in the language that is chosen, whatever the browser's own is.
    request.headers.set('accept-language', document.documentElement.lang || 'en');
    if (request.method !== 'GET' && csrf) request.headers.set('x-csrf-token', csrf);
    return request;
  },
});

/** The answer, or the problem as an exception. */
async function must<T>(reply: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await reply;
  if (response.ok) return data as T;
  if (response.status === 401 && !response.url.endsWith('/session')) onSignedOut();
  throw await Problem.ofResponse(response, error);
}

/** Parameters that were given: an empty field of a form asks for nothing. */
function given<Q extends object>(query: Q): Q {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== '' && value !== null && value !== undefined)) as Q;
}

type S = AbortSignal | undefined;
type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never;

export type RecommendQuery = Query<'/api/v1/recommendations'>;
export type SimilarQuery = Query<'/api/v1/recommendations/similar'>;
export type NextQuery = Query<'/api/v1/recommendations/next'>;
export type TrendingQuery = Query<'/api/v1/recommendations/trending'>;

export const api = {
  session: (signal?: S) => must(client.GET('/api/v1/session', { signal })),
  setUp: (body: { token: string; name: string; password: string }) => must(client.POST('/api/v1/setup', { body })),
  signIn: (body: { name: string; password: string }) => must(client.POST('/api/v1/session', { body })),
  signOut: () => must(client.DELETE('/api/v1/session')),

  keys: (signal?: S) => must(client.GET('/api/v1/keys', { signal })),
  addKey: (body: { name: string; kind: KeyKind; market: string | null; origins: string[] }) => must(client.POST('/api/v1/keys', { body })),
  rotateKey: (id: string) => must(client.POST('/api/v1/keys/{id}/rotate', { params: { path: { id } } })),
  revokeKey: (id: string) => must(client.DELETE('/api/v1/keys/{id}', { params: { path: { id } } })),
  users: (signal?: S) => must(client.GET('/api/v1/users', { signal })),
  addUser: (body: { name: string; role: Role; password: string }) => must(client.POST('/api/v1/users', { body })),
  changeUser: (id: string, body: { role?: Role; password?: string; unlock?: boolean }) =>
    must(client.PATCH('/api/v1/users/{id}', { params: { path: { id } }, body })),
  removeUser: (id: string) => must(client.DELETE('/api/v1/users/{id}', { params: { path: { id } } })),
  audit: (page: number, signal?: S) => must(client.GET('/api/v1/audit', { params: { query: { page, per_page: 100 } }, signal })),

  overview: (signal?: S) => must(client.GET('/api/v1/overview', { signal })),
  markets: (signal?: S) => must(client.GET('/api/v1/markets', { signal })),
  market: (market: string, signal?: S) => must(client.GET('/api/v1/markets/{market}', { params: { path: { market } }, signal })),
  plan: (market: string, signal?: S): Promise<unknown> => must(client.GET('/api/v1/markets/{market}/plan', { params: { path: { market } }, signal })),
  transfer: (signal?: S) => must(client.GET('/api/v1/transfer', { signal })),

  segments: (signal?: S) => must(client.GET('/api/v1/segments', { signal })),
  previewSegment: (rule: string, signal?: S) => must(client.POST('/api/v1/segments/preview', { body: { rule }, signal })),
  saveSegment: (name: string, body: { rule: string; title: string }) => must(client.PUT('/api/v1/segments/{name}', { params: { path: { name } }, body })),
  deleteSegment: (name: string) => must(client.DELETE('/api/v1/segments/{name}', { params: { path: { name } } })),
  members: (name: string, query: { page: number; per_page: number; contactable?: boolean }, signal?: S) =>
    must(client.GET('/api/v1/segments/{name}/members', { params: { path: { name }, query }, signal })),
  personas: (market: string | null, signal?: S) => must(client.GET('/api/v1/personas', { params: { query: given({ market: market ?? undefined }) }, signal })),
  channels: (market: string | null, signal?: S) => must(client.GET('/api/v1/channels', { params: { query: given({ market: market ?? undefined }) }, signal })),
  cohorts: (market: string | null, signal?: S) => must(client.GET('/api/v1/cohorts', { params: { query: given({ market: market ?? undefined }) }, signal })),
  values: (market: string | null, signal?: S) => must(client.GET('/api/v1/values', { params: { query: given({ market: market ?? undefined }) }, signal })),
  shopper: (id: string, signal?: S) => must(client.GET('/api/v1/shoppers/{id}', { params: { path: { id } }, signal })),
  shopperSegments: (id: string, signal?: S) => must(client.GET('/api/v1/shoppers/{id}/segments', { params: { path: { id } }, signal })),

  products: (query: Query<'/api/v1/products'>, signal?: S) => must(client.GET('/api/v1/products', { params: { query: given(query) }, signal })),
  product: (id: string, signal?: S) => must(client.GET('/api/v1/products/{id}', { params: { path: { id } }, signal })),
  similarProducts: (id: string, signal?: S) => must(client.GET('/api/v1/products/{id}/similar', { params: { path: { id } }, signal })),
  searchByPicture: (picture: Blob, signal?: S) =>
    must(
      client.POST('/api/v1/products/search-by-picture', {
        // The document can only say "bytes"; the bytes go as they are.
        body: picture as never,
        bodySerializer: (body) => body as unknown as BodyInit,
        headers: { 'content-type': 'application/octet-stream' },
        signal,
      }),
    ),

  recommend: (query: RecommendQuery, signal?: S): Promise<Recommendations> => must(client.GET('/api/v1/recommendations', { params: { query: given(query) }, signal })),
  similar: (query: SimilarQuery, signal?: S): Promise<Recommendations> => must(client.GET('/api/v1/recommendations/similar', { params: { query: given(query) }, signal })),
  next: (query: NextQuery, signal?: S): Promise<Recommendations> => must(client.GET('/api/v1/recommendations/next', { params: { query: given(query) }, signal })),
  trending: (query: TrendingQuery, signal?: S): Promise<Recommendations> => must(client.GET('/api/v1/recommendations/trending', { params: { query: given(query) }, signal })),
  models: (signal?: S) => must(client.GET('/api/v1/models', { signal })),

  sources: (signal?: S) => must(client.GET('/api/v1/sources', { signal })),
  quality: (signal?: S) => must(client.GET('/api/v1/quality', { signal })),
  rejects: (query: { source?: string; rule?: string; page: number }, signal?: S) =>
    must(client.GET('/api/v1/rejects', { params: { query: given({ ...query, per_page: 100 }) }, signal })),
  runs: (signal?: S) => must(client.GET('/api/v1/runs', { signal })),
  startRun: (how: { allow?: boolean; sync?: boolean }) => must(client.POST('/api/v1/runs', { params: { query: { allow_failed_gates: how.allow ?? false, sync: how.sync ?? false } } })),
  schedule: (signal?: S) => must(client.GET('/api/v1/schedule', { signal })),
  run: (id: string, signal?: S) => must(client.GET('/api/v1/runs/{id}', { params: { path: { id } }, signal })),
  cancelRun: (id: string) => must(client.DELETE('/api/v1/runs/{id}', { params: { path: { id } } })),
  sql: (query: string, limit: number, signal?: S) => must(client.POST('/api/v1/sql', { body: { query, limit }, signal })),

  counters: (signal?: S) => must(client.GET('/api/v1/live/counters', { signal })),
  carts: (signal?: S) => must(client.GET('/api/v1/live/carts', { signal })),
  queries: (query: Query<'/api/v1/live/queries'>, signal?: S) => must(client.GET('/api/v1/live/queries', { params: { query: given(query) }, signal })),
  visitor: (id: string, signal?: S) => must(client.GET('/api/v1/live/visitors/{id}', { params: { path: { id } }, signal })),
  undoLink: (id: string, link: string) => must(client.DELETE('/api/v1/live/visitors/{id}/links/{link}', { params: { path: { id, link } } })),

  person: (id: string, signal?: S) => must(client.GET('/api/v1/persons/{id}', { params: { path: { id } }, signal })),
  consents: (id: string, signal?: S) => must(client.GET('/api/v1/persons/{id}/consents', { params: { path: { id } }, signal })),
  setConsent: (id: string, body: ConsentWrite) => must(client.PUT('/api/v1/persons/{id}/consents', { params: { path: { id } }, body })),
  erasePerson: (id: string) => must(client.DELETE('/api/v1/persons/{id}', { params: { path: { id } } })),
};
