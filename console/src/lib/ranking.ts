// Weights to play with on the page of markets: the score is the weighted mean of the criteria that
// are known, as the server computes it, and ranges come from drawing the weights around those chosen.

export type Criteria = Record<string, number | null | undefined>;
export interface Scored {
  market: string;
  score: number | null;
  rank: number;
  rankLow: number;
  rankHigh: number;
}

/** Weighted mean over the known criteria, or null when none of the weight is known. */
export function weightedScore(criteria: Criteria, weights: Record<string, number>): number | null {
  let sum = 0;
  let total = 0;
  for (const [name, weight] of Object.entries(weights)) {
    const value = criteria[name];
    if (value === null || value === undefined || weight <= 0) continue;
    sum += weight * value;
    total += weight;
  }
  return total > 0 ? sum / total : null;
}

/** A small generator (mulberry32): the same seed gives the same ranges on every look. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function ranks(scores: (number | null)[]): number[] {
  const order = scores.map((_, i) => i).sort((a, b) => (scores[b] ?? -1) - (scores[a] ?? -1) || a - b);
  const rank = new Array<number>(scores.length).fill(0);
  order.forEach((index, place) => (rank[index] = place + 1));
  return rank;
}

/**
 * Ranks under the chosen weights, with the places that hold in 95 % of `draws` of weights: each weight
 * is multiplied by exp(spread · z), z standard normal. Facts stay as they are: the server's intervals,
 * which vary them too, are wider.
 */
export function rankMarkets(
  markets: readonly { market: string; criteria: Criteria }[],
  weights: Record<string, number>,
  { draws = 400, spread = 0.35, seed = 1 }: { draws?: number; spread?: number; seed?: number } = {},
): Scored[] {
  const names = Object.keys(weights);
  const base = markets.map((m) => weightedScore(m.criteria, weights));
  const place = ranks(base);
  const random = generator(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const seen: number[][] = markets.map(() => []);
  for (let draw = 0; draw < draws; draw += 1) {
    const drawn = Object.fromEntries(names.map((name) => [name, (weights[name] ?? 0) * Math.exp(spread * normal())]));
    ranks(markets.map((m) => weightedScore(m.criteria, drawn))).forEach((rank, i) => seen[i]?.push(rank));
  }
  return markets
    .map((m, i) => {
      const drawn = (seen[i] ?? []).sort((a, b) => a - b);
      const at = (q: number) => drawn[Math.min(drawn.length - 1, Math.floor(q * drawn.length))] ?? place[i] ?? 0;
      return {
        market: m.market,
        score: base[i] ?? null,
        rank: place[i] ?? 0,
        rankLow: Math.min(at(0.025), place[i] ?? 0),
        rankHigh: Math.max(at(0.975), place[i] ?? 0),
      };
    })
    .sort((a, b) => a.rank - b.rank);
}
