// One function a question. The session's CSRF token goes with every write.
import { Problem } from './problem';
import type * as W from './wire';

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

type Query = Record<string, string | number | boolean | null | undefined>;
interface Options { query?: Query; body?: unknown; signal?: AbortSignal | undefined; headers?: Record<string, string> }

async function call<T>(method: string, path: string, { query, body, signal, headers = {} }: Options = {}): Promise<T> {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== null && value !== undefined && value !== '') search.set(key, String(value));
  }
  const text = search.toString();
  const raw = body instanceof Blob;
  const response = await fetch(`/api/v1${path}${text ? `?${text}` : ''}`, {
    method,
    signal: signal ?? null,
    credentials: 'same-origin',
    headers: {
      accept: 'application/json',
      ...(body !== undefined && !raw ? { 'content-type': 'application/json' } : {}),
      ...(method !== 'GET' && csrf ? { 'x-csrf-token': csrf } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
  });
  if (!response.ok) {
    const problem = await Problem.ofResponse(response);
    if (response.status === 401 && path !== '/session') onSignedOut();
    throw problem;
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

type S = AbortSignal | undefined;
const e = encodeURIComponent;

export const api = {
  session: (signal?: S) => call<W.SessionInfo>('GET', '/session', { signal }),
  setUp: (body: { token: string; name: string; password: string }) => call<W.SessionInfo>('POST', '/setup', { body }),
  signIn: (body: { name: string; password: string }) => call<W.SessionInfo>('POST', '/session', { body }),
  signOut: () => call<void>('DELETE', '/session'),

  keys: (signal?: S) => call<{ keys: W.ApiKey[] }>('GET', '/keys', { signal }),
  addKey: (body: { name: string; kind: W.KeyKind; market: string | null; origins: string[] }) =>
    call<W.KeyWithSecret>('POST', '/keys', { body }),
  rotateKey: (id: string) => call<W.KeyWithSecret>('POST', `/keys/${e(id)}/rotate`),
  revokeKey: (id: string) => call<void>('DELETE', `/keys/${e(id)}`),
  users: (signal?: S) => call<{ users: W.User[] }>('GET', '/users', { signal }),
  addUser: (body: { name: string; role: W.Role; password: string }) => call<W.User>('POST', '/users', { body }),
  changeUser: (id: string, body: { role?: W.Role; password?: string; unlock?: boolean }) =>
    call<W.User>('PATCH', `/users/${e(id)}`, { body }),
  removeUser: (id: string) => call<void>('DELETE', `/users/${e(id)}`),
  audit: (page: number, signal?: S) => call<W.Audit>('GET', '/audit', { query: { page, per_page: 100 }, signal }),

  overview: (signal?: S) => call<W.Overview>('GET', '/overview', { signal }),
  markets: (signal?: S) => call<W.MarketRanking>('GET', '/markets', { signal }),
  market: (market: string, signal?: S) => call<W.MarketPage>('GET', `/markets/${e(market)}`, { signal }),
  plan: (market: string, signal?: S) => call<unknown>('GET', `/markets/${e(market)}/plan`, { signal }),
  transfer: (signal?: S) => call<W.TransferReport>('GET', '/transfer', { signal }),

  segments: (signal?: S) => call<W.Segments>('GET', '/segments', { signal }),
  previewSegment: (rule: string, signal?: S) => call<W.SegmentPreview>('POST', '/segments/preview', { body: { rule }, signal }),
  saveSegment: (name: string, body: { rule: string; title: string }) =>
    call<W.SegmentPreview>('PUT', `/segments/${e(name)}`, { body }),
  deleteSegment: (name: string) => call<void>('DELETE', `/segments/${e(name)}`),
  members: (name: string, page: number, signal?: S) =>
    call<W.Table>('GET', `/segments/${e(name)}/members`, { query: { page, per_page: 100 }, signal }),
  personas: (market: string | null, signal?: S) => call<W.Personas>('GET', '/personas', { query: { market }, signal }),
  cohorts: (market: string | null, signal?: S) => call<W.Table>('GET', '/cohorts', { query: { market }, signal }),
  values: (market: string | null, signal?: S) => call<W.Report>('GET', '/values', { query: { market }, signal }),
  shopper: (id: string, signal?: S) => call<W.Shopper>('GET', `/shoppers/${e(id)}`, { signal }),
  shopperSegments: (id: string, signal?: S) => call<W.ShopperSegments>('GET', `/shoppers/${e(id)}/segments`, { signal }),

  products: (query: { q?: string; market?: string; page?: number; per_page?: number }, signal?: S) =>
    call<W.Products>('GET', '/products', { query, signal }),
  product: (id: string, signal?: S) => call<W.Product>('GET', `/products/${e(id)}`, { signal }),
  similarProducts: (id: string, signal?: S) => call<W.Products>('GET', `/products/${e(id)}/similar`, { signal }),
  searchByPicture: (picture: Blob, signal?: S) =>
    call<W.Products>('POST', '/products/search-by-picture', {
      body: picture,
      signal,
      headers: { 'content-type': picture.type || 'application/octet-stream' },
    }),

  recommend: (query: Query, signal?: S) => call<W.Recommendations>('GET', '/recommendations', { query, signal }),
  similar: (query: Query, signal?: S) => call<W.Recommendations>('GET', '/recommendations/similar', { query, signal }),
  next: (query: Query, signal?: S) => call<W.Recommendations>('GET', '/recommendations/next', { query, signal }),
  trending: (query: Query, signal?: S) => call<W.Recommendations>('GET', '/recommendations/trending', { query, signal }),
  models: (signal?: S) => call<W.Models>('GET', '/models', { signal }),

  sources: (signal?: S) => call<W.Table>('GET', '/sources', { signal }),
  quality: (signal?: S) => call<W.Report>('GET', '/quality', { signal }),
  rejects: (query: { source?: string; rule?: string; page: number }, signal?: S) =>
    call<W.Table>('GET', '/rejects', { query: { ...query, per_page: 100 }, signal }),
  runs: (signal?: S) => call<{ runs: W.Run[] }>('GET', '/runs', { signal }),
  startRun: () => call<W.Run>('POST', '/runs'),
  run: (id: string, signal?: S) => call<W.Run>('GET', `/runs/${e(id)}`, { signal }),
  cancelRun: (id: string) => call<W.Run>('DELETE', `/runs/${e(id)}`),
  sql: (query: string, limit: number, signal?: S) => call<W.Table>('POST', '/sql', { body: { query, limit }, signal }),

  counters: (signal?: S) => call<W.LiveCounters>('GET', '/live/counters', { signal }),
  carts: (signal?: S) => call<W.Table>('GET', '/live/carts', { signal }),

  person: (id: string, signal?: S) => call<W.PersonExport>('GET', `/persons/${e(id)}`, { signal }),
  erasePerson: (id: string) => call<W.PersonErasure>('DELETE', `/persons/${e(id)}`),
};
