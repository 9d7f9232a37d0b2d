// Shapes of the wire, by the names the pages use.
type N<T> = T | null | undefined;

export interface Words { en: string; zh: string }
export interface Amount { minor: number; currency: string; decimal: string }
export interface Figure {
  key: string; value?: N<number>; amount?: N<Amount>; why_not?: N<Words>; unit: string;
  low?: N<number>; high?: N<number>; level?: N<number>; n: number; formula: string; source: string;
}
export type Cell = string | number | boolean | null;
export interface Column { name: string; type: string; meaning: string }
export interface Table { columns: Column[]; rows: Cell[][]; total: number }
export interface NamedTable { name: string; title: Words; table: Table }
export interface Report { title: Words; figures: Figure[]; tables: NamedTable[]; notes: Words[] }

export type Role = 'viewer' | 'marketer' | 'admin';
export interface SessionInfo { user?: N<{ name: string; role: Role }>; csrf?: N<string>; setup_needed: boolean }
export type KeyKind = 'write' | 'read' | 'admin';
export interface ApiKey {
  id: string; name: string; kind: KeyKind; prefix: string; market?: N<string>; origins: string[];
  created: string; last_used?: N<string>; rotated?: N<string>; revoked?: N<string>;
}
export interface KeyWithSecret { key: ApiKey; secret: string }
export interface User { id: string; name: string; role: Role; created: string; last_seen?: N<string>; locked_until?: N<string> }
export interface AuditEntry { number: number; at: string; actor: string; action: string; subject: string; detail: string; hash: string }
export interface Audit { entries: AuditEntry[]; total: number; intact: boolean; broken_at?: N<number> }

export interface Overview {
  workspace: string; base_currency: string; home_market: string; markets: string[]; snapshot?: N<string>;
  counts: { orders: number; shoppers: number; products: number; events: number; reviews: number; rejects: number };
  freshness: { table: string; last_day?: N<string>; rows: number }[];
  gates: { name: string; passed: boolean; result: string; detail: string }[];
  actions: { en: string; zh: string; link: string }[];
  months: Table;
}

export interface RankedMarket {
  market: string; name: Words; rank?: N<number>; status: string; score?: N<number>; low?: N<number>; high?: N<number>;
  rank_low?: N<number>; rank_high?: N<number>; criteria: Record<string, number | null>;
}
export interface MarketReason { market: string; side: string; text: Words }
export interface MarketRanking {
  ranking: RankedMarket[]; reasons: MarketReason[]; criteria: { name: string; weight: number; meaning: Words }[]; notes: Words[];
}
export interface MarketPage { market: string; name: Words; ranked?: N<RankedMarket>; reasons: MarketReason[]; report: Report; has_plan: boolean }
export interface TransferReport { sources: Table; methods: Table; curve: Table; notes: Words[] }

export interface Segment { name: string; title: Words; kind: string; rule?: N<string>; size?: N<number>; share?: N<number> }
export interface Segments { segments: Segment[]; fields: Column[]; flows?: N<Table> }
export interface SegmentPreview {
  size?: N<number>; of: number; share?: N<number>; by_market: { market: string; size: number; share: number }[];
  errors: { at: number; len: number; problem: string; next: string }[];
}
export interface Quote { text: string; language?: N<string>; product_id?: N<string>; source: string }
export interface Claim { section: string; text: Words; figure?: N<Figure>; quotes: Quote[] }
export interface Persona { id: string; market: string; segment: string; title: Words; summary: Words; figures: Figure[]; claims: Claim[] }
export interface Personas { personas: Persona[]; notes: Words[] }
export interface Shopper { shopper_id: string; market: string; report: Report }
export interface ShopperSegments { shopper_id: string; segments: { name: string; kind: string; why: string }[] }

export interface Sellable { market: string; verdict: string; why: Words }
export interface ProductCard {
  product_id: string; name: string; category?: N<string>; brand?: N<string>; price?: N<Amount>; picture?: N<string>;
  score?: N<number>; sellable?: N<Sellable>;
}
export interface Products { products: ProductCard[]; total: number; found_by: string; notes: Words[] }
export interface Product {
  card: ProductCard; names: Record<string, string>; description?: N<string>; stock?: N<number>; sellable: Sellable[]; report: Report;
}

export interface RecommendedItem {
  product_id: string; name: string; score: number; price?: N<Amount>; picture?: N<string>;
  reasons: { term: string; product_id?: N<string>; part: number; text: Words }[];
}
export interface Recommendations {
  items: RecommendedItem[]; answered_by: string; chain: { step: string; answered: boolean; why: string }[];
  model_version: string; bucket?: N<number>; exposure_id: string;
}
export interface Models { serving: Table; evidence: Table }

export interface LiveEvent {
  received: string; kind: string; name: string; who: string; market?: N<string>; key: string; accepted: boolean; problems: string[]; detail: unknown;
}
export interface LiveCounters {
  accepted: number; rejected: number; repeated: number; last_minute: number; visitors: number;
  by_name: Record<string, number>; by_market: Record<string, number>;
}

export type RunStatus = 'running' | 'done' | 'failed' | 'cancelled';
export interface Run {
  id: string; status: RunStatus; started: string; ended?: N<string>; exit_code?: N<number>; progress?: N<number>;
  stage?: N<string>; lines: string[]; next?: N<Words>;
}
export interface PersonExport { id: string; shopper_ids: string[]; tables: NamedTable[] }
export interface PersonErasure { id: string; erased: { place: string; rows: number }[]; next?: N<string> }
