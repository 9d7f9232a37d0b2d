// The mock's routes and what changes in them: who is signed in, keys, segments, runs, events.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiKey, AuditEntry, LiveEvent, Role, Run, User } from '../../src/api/wire';
import { cards, inMarket, picture, product, search } from './catalogue';
import { page, table, words } from './figures';
import * as markets from './markets';
import * as workspace from './workspace';

export const SETUP_TOKEN = 'mock-setup-token';

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    detail: string,
    readonly next: string,
  ) {
    super(detail);
  }
}

const notFound = (what: string) => new Refusal(404, 'There is no such thing', what, 'look it up in the list it comes from');
const STAGES = ['marts', 'segments', 'profiles', 'rules', 'offers', 'transfer', 'voices', 'outlook', 'personas', 'entry', 'members'];

export class Mock {
  private users: (User & { password: string })[] = [];
  private sessions = new Map<string, { name: string; csrf: string }>();
  private keys: ApiKey[] = [];
  private entries: AuditEntry[] = [];
  private own = new Map<string, { rule: string; title: string; size: number | null }>([
    ['repeat buyers', { rule: 'orders.count >= 2', title: 'came back at least once', size: 2_537 }],
    ['big spenders asleep', { rule: 'm >= 4 and days_since_last_order >= 90', title: 'spent much and has been silent for three months', size: 151 }],
  ]);
  private runs: (Run & { begun: number })[] = [];
  private streams = new Set<ServerResponse>();
  private received = 418_220;
  private recent: string[] = [];

  constructor() {
    this.addKey('shop DE', 'write', 'DE', ['https://shop.example']);
    this.addKey('storefront backend', 'read', null, []);
    const begun = Date.now() - 3_600_000;
    this.runs.push({ id: 'r-1', status: 'done', trigger: 'request', started: new Date(begun).toISOString(), ended: new Date(begun + 41_000).toISOString(), exit_code: 0, progress: 1, stage: null, lines: [words('marts: computed', '汇总:已计算'), words('offers: computed', '模型:已计算')], next: null, begun });
  }

  private addKey(name: string, kind: ApiKey['kind'], market: string | null, origins: string[]): { key: ApiKey; secret: string } {
    const secret = `pk_${kind[0]}_${randomBytes(24).toString('hex')}`;
    const key: ApiKey = { id: `k${this.keys.length + 1}`, name, kind, prefix: secret.slice(0, 10), market, origins, created: new Date().toISOString(), last_used: null, rotated: null, revoked: null };
    this.keys.unshift(key);
    this.log('system', 'key.created', name);
    return { key, secret };
  }

  private log(actor: string, action: string, subject: string): void {
    this.entries.unshift({ number: this.entries.length + 1, at: new Date().toISOString(), actor, action, subject, detail: '', hash: randomBytes(32).toString('hex') });
  }

  /** Answers what belongs to the server; false leaves it to the console's files. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const url = new URL(request.url ?? '/', 'http://mock');
    if (!/^\/(api\/v1|v1)\//.test(url.pathname)) return false;
    const body = await readBody(request);
    try {
      if (url.pathname.startsWith('/v1/')) this.track(url.pathname.slice(4), body, response);
      else await this.api(request, url, body, response);
    } catch (cause) {
      const refusal = cause instanceof Refusal ? cause : new Refusal(500, 'A fault of ours', String(cause), 'look into the log');
      response.statusCode = refusal.status;
      response.setHeader('content-type', 'application/problem+json');
      response.end(JSON.stringify({ type: 'urn:portolan:problem:mock', title: refusal.title, status: refusal.status, detail: refusal.message, next: refusal.next, errors: [] }));
    }
    return true;
  }

  private track(kind: string, body: Buffer, response: ServerResponse): void {
    const sent = JSON.parse(body.toString() || '{}') as { event?: string; name?: string; userId?: string; properties?: { product_id?: string } };
    const event: LiveEvent = { received: new Date().toISOString(), kind, name: sent.event ?? sent.name ?? '', who: sent.userId ?? '', market: 'DE', key: 'pk_w_4f1c', accepted: true, problems: [], detail: sent.properties ?? {} };
    this.received += 1;
    if (sent.properties?.product_id) this.recent = [sent.properties.product_id, ...this.recent].slice(0, 10);
    for (const stream of this.streams) stream.write(`event: event\ndata: ${JSON.stringify(event)}\n\n`);
    send(response, { success: true });
  }

  private visit(request: IncomingMessage): { id: string; name: string; csrf: string; role: Role } | null {
    const id = /portolan_session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
    const session = id ? this.sessions.get(id) : undefined;
    const user = session && this.users.find((u) => u.name === session.name);
    return id && session && user ? { id, ...session, role: user.role } : null;
  }

  private enter(name: string, response: ServerResponse): unknown {
    const id = randomBytes(16).toString('hex');
    const csrf = randomBytes(16).toString('hex');
    this.sessions.set(id, { name, csrf });
    response.setHeader('set-cookie', `portolan_session=${id}; HttpOnly; SameSite=Strict; Path=/`);
    return { user: { name, role: this.users.find((u) => u.name === name)?.role ?? 'viewer' }, csrf, setup_needed: false };
  }

  private async api(request: IncomingMessage, url: URL, body: Buffer, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET';
    const parts = url.pathname.slice('/api/v1/'.length).split('/').map(decodeURIComponent);
    const [area = '', id, more] = parts;
    const json = () => JSON.parse(body.toString() || '{}') as Record<string, string>;
    const visit = this.visit(request);
    const q = url.searchParams;

    if (area === 'session' && method === 'GET') return send(response, { user: visit ? { name: visit.name, role: visit.role } : null, csrf: visit?.csrf ?? null, setup_needed: this.users.length === 0 });
    if (area === 'setup') {
      const { token = '', name = '', password = '' } = json();
      if (token !== SETUP_TOKEN) throw new Refusal(403, 'Not allowed', 'the one-time token is wrong or was used', 'start `portolan serve` again: it prints a new link');
      this.users.push({ id: 'u1', name, role: 'admin', created: new Date().toISOString(), last_seen: new Date().toISOString(), locked_until: null, password });
      this.log('system', 'setup.done', name);
      return send(response, this.enter(name, response));
    }
    if (area === 'session' && method === 'POST') {
      const { name = '', password = '' } = json();
      const user = this.users.find((u) => u.name === name && u.password === password);
      if (!user) throw new Refusal(401, 'Signing in failed', 'name or password is wrong', 'try again; after five wrong tries the name is locked for a while');
      user.last_seen = new Date().toISOString();
      return send(response, this.enter(name, response));
    }
    if (!visit) throw new Refusal(401, 'Who is asking?', 'this needs a visit or a key', 'sign in to the console');
    if (method !== 'GET' && request.headers['x-csrf-token'] !== visit.csrf) throw new Refusal(403, 'Not allowed', 'the CSRF token is missing', 'reload the page');
    if (area === 'session') {
      this.sessions.delete(visit.id);
      return send(response, undefined, 204);
    }
    if (['keys', 'users', 'audit', 'persons'].includes(area) && visit.role !== 'admin') throw new Refusal(403, 'Not allowed', `a ${visit.role} may not see ${area}`, 'ask an admin');
    if (method !== 'GET' && visit.role === 'viewer' && area !== 'sql' && id !== 'preview') throw new Refusal(403, 'Not allowed', 'a viewer changes nothing', 'ask a marketer');
    const answer = this.answer(method, area, id, more, q, json, body, visit.name, response);
    if (answer !== null) send(response, answer, answer === undefined ? 204 : 200);
  }

  /** Null: the answer was written already. */
  private answer(method: string, area: string, id: string | undefined, more: string | undefined, q: URLSearchParams, json: () => Record<string, string>, body: Buffer, actor: string, response: ServerResponse): unknown {
    const number = Math.max(1, Number(q.get('page') ?? 1));
    const size = Number(q.get('per_page') ?? 50);
    switch (area) {
      case 'overview':
        return workspace.overview(24);
      case 'markets': {
        if (!id) return markets.ranking();
        if (more === 'plan' || more === 'plan.html') {
          if (!markets.SERVED.includes(id)) throw notFound(`no plan of ${id}: too few orders there`);
          if (more === 'plan') return workspace.plan(id);
          response.setHeader('content-type', 'text/html');
          response.end(`<!doctype html><title>${id}</title><h1>Launch plan ${id}</h1>`);
          return null;
        }
        const here = markets.marketPage(id);
        if (!here) throw notFound(`no market ${id} in this workspace`);
        return here;
      }
      case 'transfer':
        return markets.transfer();
      case 'segments':
        if (!id) return workspace.segments(this.own);
        if (id === 'preview') return workspace.preview((json()['rule'] ?? '').trim());
        if (more === 'members') return page(workspace.members(id), number, size);
        if (method === 'DELETE') {
          this.own.delete(id);
          this.log(`user:${actor}`, 'segment.deleted', id);
          return undefined;
        }
        this.own.set(id, { rule: json()['rule'] ?? '', title: json()['title'] ?? '', size: workspace.preview(json()['rule'] ?? '').size ?? null });
        this.log(`user:${actor}`, 'segment.saved', id);
        return workspace.preview(json()['rule'] ?? '');
      case 'personas':
        return markets.personas(q.get('market'));
      case 'channels':
        return markets.channels(q.get('market'));
      case 'cohorts':
        return markets.cohorts(q.get('market'));
      case 'values':
        return markets.values(q.get('market'));
      case 'shoppers':
        return more === 'segments'
          ? { shopper_id: id, segments: [{ name: 'loyal', kind: 'rfm', why: 'last order 12 days ago, 4 orders, 318.40 in all' }, { name: 'repeat buyers', kind: 'own', why: 'all of: true;   orders.count is 4, at least 2: true;   last_order is 2026-11-12, on or after 180d ago: true' }] }
          : workspace.shopper(id ?? '');
      case 'products':
        return this.products(id, more, q, number, size, body, response);
      case 'recommendations':
        return workspace.recommend(q, q.get('session') ? this.recent : []);
      case 'models':
        return workspace.models();
      case 'sources':
        return workspace.sources();
      case 'quality':
        return workspace.quality();
      case 'rejects': {
        const all = workspace.rejects();
        const rows = all.rows.filter((r) => (!q.get('source') || r[0] === q.get('source')) && (!q.get('rule') || r[3] === q.get('rule')));
        return page({ ...all, rows, total: rows.length }, number, size);
      }
      case 'schedule':
        return workspace.schedule();
      case 'runs':
        return this.run(method, id);
      case 'sql': {
        const result = workspace.sql(json()['query'] ?? '');
        if ('problem' in result) throw new Refusal(400, 'The question cannot be answered', result.problem, 'SHOW TABLES lists what there is');
        return result;
      }
      case 'live':
        return this.live(method, id, more, q, response);
      case 'persons':
        return method === 'DELETE'
          ? { id, erased: [{ place: 'clean.shoppers', rows: 1 }, { place: 'clean.order_lines', rows: 7 }, { place: 'journal', rows: 41 }], next: 'a run renews the marts' }
          : { id, shopper_ids: ['s-1000'], tables: [{ name: 'clean.order_lines', title: words('Order lines', '订单行'), table: table([['day', 'date', ''], ['product_id', 'text', '']], [['2026-10-03', 'CG-0009'], ['2026-06-21', 'FP-0044']]) }] };
      default:
        return this.admin(method, area, id, more, json, actor);
    }
  }

  private products(id: string | undefined, more: string | undefined, q: URLSearchParams, number: number, size: number, body: Buffer, response: ServerResponse): unknown {
    if (id === 'search-by-picture') {
      if (body.length === 0) throw new Refusal(400, 'The request cannot be understood', 'there is no picture in it', 'send the bytes of a PNG, JPEG or WebP file');
      return { products: cards.slice(0, 8).map((c, i) => ({ ...c, score: 0.94 - i * 0.06 })), total: 8, found_by: 'picture', notes: [], bucket: 412, bucket_of: 'answer', exposure_id: 'x-8f20c2', locale: { used: 'en', from: 'accept_language', chain: ['en', 'catalogue'] } };
    }
    if (!id) {
      const words = q.get('q');
      const found = inMarket(words ? search(words) : cards, q.get('market'));
      return { products: found.slice((number - 1) * size, number * size), total: found.length, found_by: words ? 'words' : 'catalogue', notes: [], bucket: 412, bucket_of: 'answer', exposure_id: 'x-8f20c2', locale: { used: 'en', from: 'accept_language', chain: ['en', 'catalogue'] } };
    }
    if (more === 'picture') {
      const drawing = picture(id);
      if (!drawing) throw notFound(`no picture of ${id}`);
      response.setHeader('content-type', 'image/svg+xml');
      response.end(drawing);
      return null;
    }
    if (more === 'similar') return { products: cards.filter((c) => c.product_id !== id).slice(0, 6).map((c, i) => ({ ...c, score: 0.9 - i * 0.07 })), total: 6, found_by: 'catalogue', notes: [], bucket: 412, bucket_of: 'answer', exposure_id: 'x-8f20c2', locale: { used: 'en', from: 'accept_language', chain: ['en', 'catalogue'] } };
    const one = product(id);
    if (!one) throw new Refusal(404, 'There is no such thing', `no product "${id}"`, 'search for it by name');
    return one;
  }

  private run(method: string, id: string | undefined): unknown {
    const now = (run: Run & { begun: number }): Run => {
      if (run.status === 'running') {
        const done = Math.min(STAGES.length, Math.floor((Date.now() - run.begun) / 600));
        run.progress = done / STAGES.length;
        run.stage = STAGES[done] ?? null;
        run.lines = STAGES.slice(0, done).map((s) => ({ en: `${s}: computed`, zh: `${s}:已计算` }));
        if (done === STAGES.length) Object.assign(run, { status: 'done', ended: new Date().toISOString(), exit_code: 0, progress: 1 });
      }
      const { begun: _begun, ...wire } = run;
      return wire;
    };
    if (method === 'POST') {
      if (this.runs.some((r) => now(r).status === 'running')) throw new Refusal(409, 'Not now', 'a run is going on', 'wait for it, or stop it');
      const run = { id: `r-${this.runs.length + 1}`, status: 'running' as const, trigger: 'request' as const, started: new Date().toISOString(), ended: null, exit_code: null, progress: 0, stage: 'marts', lines: [], next: null, begun: Date.now() };
      this.runs.unshift(run);
      return now(run);
    }
    if (!id) return { runs: this.runs.map(now) };
    const run = this.runs.find((r) => r.id === id);
    if (!run) throw notFound(`no run ${id}`);
    if (method === 'DELETE') Object.assign(run, { status: 'cancelled', ended: new Date().toISOString(), exit_code: 130, next: words('Start it again: it goes on where it was.', '重新启动即可从中断处继续。') });
    return now(run);
  }

  private undone: string | null = null;

  private live(method: string, what: string | undefined, who: string | undefined, q: URLSearchParams, response: ServerResponse): unknown {
    if (what === 'events') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write(': hello\n\n');
      this.streams.add(response);
      response.on('close', () => this.streams.delete(response));
      return null;
    }
    if (what === 'counters') {
      return { accepted: this.received, rejected: 3, repeated: 118, last_minute: 42, visitors: 27, revenue: [{ minor: 41_230, currency: 'EUR', decimal: '412.30' }], longest_delay_ms: 2_300, by_name: { 'Product Viewed': 611, 'Product Added': 84, 'Order Completed': 21, page: 1_204 }, by_market: { DE: 840, US: 702, VN: 211, TH: 167 } };
    }
    if (what === 'queries') {
      const rows: [string, string, string, number, number, number][] = [['kettle', 'US', 'en', 41, 41, 0], ['wasserkocher', 'DE', 'de', 23, 20, 0], ['ấm đun nước', 'VN', 'vi', 9, 9, 9]];
      return table(
        [['query', 'text', 'what was searched for'], ['market', 'text', 'country'], ['language', 'text', 'of the browser'], ['searches', 'integer', ''], ['with_results_said', 'integer', ''], ['without_results', 'integer', '']],
        rows.filter((row) => (!q.get('market') || row[1] === q.get('market')) && (q.get('without_results') !== 'true' || row[5] > 0)),
      );
    }
    if (what === 'visitors') {
      if (method === 'DELETE') this.undone = new Date().toISOString();
      const at = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
      const link = { link: '0123456789abcdef0123456789abcdef', visitor: 'v-88a1', shopper: who, since: at(9), undone: this.undone };
      if (method === 'DELETE') return link;
      return {
        id: who,
        known: who?.startsWith('s-') ?? false,
        ids: [who, 'v-88a1'],
        sessions: [{ first: at(6), last: at(2), steps: 4, bounced: false, pages: [{ url: 'https://shop.example/', at: at(6), dwell_ms: 41_000 }, { url: 'https://shop.example/kettles', at: at(5), dwell_ms: null }] }],
        cart_state: 'open',
        cart: [{ product_id: 'CG-0009', quantity: 2, price: '58.25', currency: 'EUR' }],
        wishes: [{ product_id: 'FP-0044', since: at(4) }],
        links: [link],
      };
    }
    return table(
      [['cart', 'text', 'cart'], ['who', 'text', 'shopper'], ['market', 'text', 'market'], ['state', 'text', 'open, abandoned or ordered'], ['items', 'integer', 'units'], ['value', 'decimal', 'amount'], ['currency', 'text', ''], ['last', 'time', 'last change']],
      [['c-90', 's-1a2f', 'DE', 'open', 2, '116.50', 'EUR', new Date(Date.now() - 90_000).toISOString()], ['c-89', 's-77c0', 'US', 'abandoned', 1, '89.90', 'EUR', new Date(Date.now() - 5_400_000).toISOString()], ['c-88', null, 'TH', 'ordered', 3, '64.10', 'EUR', new Date(Date.now() - 7_200_000).toISOString()]],
    );
  }

  private admin(method: string, area: string, id: string | undefined, more: string | undefined, json: () => Record<string, string>, actor: string): unknown {
    switch (area) {
      case 'keys': {
        if (!id && method === 'GET') return { keys: this.keys };
        if (!id) {
          const wanted = json() as unknown as { name: string; kind: ApiKey['kind']; market: string | null; origins: string[] };
          return this.addKey(wanted.name, wanted.kind, wanted.market, wanted.origins);
        }
        const key = this.keys.find((k) => k.id === id);
        if (!key) throw notFound(`no key ${id}`);
        this.log(`user:${actor}`, more === 'rotate' ? 'key.rotated' : 'key.revoked', key.name);
        if (more === 'rotate') {
          key.rotated = new Date().toISOString();
          return { key, secret: `pk_r_${randomBytes(24).toString('hex')}` };
        }
        key.revoked = new Date().toISOString();
        return undefined;
      }
      case 'users': {
        const shown = ({ password: _password, ...user }: User & { password: string }): User => user;
        if (!id && method === 'GET') return { users: this.users.map(shown) };
        if (!id) {
          const { name = '', role = 'viewer', password = '' } = json();
          if (this.users.some((u) => u.name === name)) throw new Refusal(409, 'Not now', `there is a person named ${name}`, 'choose another name');
          const user = { id: `u${this.users.length + 1}`, name, role: role as Role, created: new Date().toISOString(), last_seen: null, locked_until: null, password };
          this.users.push(user);
          this.log(`user:${actor}`, 'user.created', name);
          return shown(user);
        }
        const user = this.users.find((u) => u.id === id);
        if (!user) throw notFound(`no person ${id}`);
        if (method === 'DELETE') {
          this.users = this.users.filter((u) => u.id !== id);
          this.log(`user:${actor}`, 'user.removed', user.name);
          return undefined;
        }
        Object.assign(user, json());
        this.log(`user:${actor}`, 'user.changed', user.name);
        return shown(user);
      }
      case 'audit':
        return { entries: this.entries, total: this.entries.length, intact: true, broken_at: null };
      default:
        throw notFound(`no ${area}`);
    }
  }
}

function send(response: ServerResponse, body: unknown, status = 200): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(body === undefined ? undefined : JSON.stringify(body));
}

function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}
