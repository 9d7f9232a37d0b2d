// A world of equal squares: every market is as easy to see and to hit as the next, which real areas
// do not give (Singapore beside Russia). Places are our own, roughly where the countries lie.

const rows: [number, string][] = [
  [0, '0:CA 8:IS 10:NO 11:SE 12:FI 15:RU'],
  [1, '0:US 7:IE 8:GB 10:DK 11:LT 12:LV 13:EE'],
  [2, '0:MX 2:CU 8:NL 9:DE 10:PL 11:BY 12:UA 15:KZ 17:MN'],
  [3, '0:GT 1:HN 2:DO 3:PR 7:BE 8:LU 9:AT 10:CZ 11:SK 12:MD 14:UZ 15:KG 17:CN 18:KR 19:JP'],
  [4, '1:CR 2:PA 6:FR 8:CH 9:SI 10:HU 11:RO 13:GE 14:AZ 15:TJ 17:HK 18:TW'],
  [5, '1:CO 2:VE 5:PT 6:ES 8:IT 9:HR 10:RS 11:BG 12:TR 13:IQ 14:IR 15:AF 16:NP 17:LA 18:VN 19:PH'],
  [6, '0:EC 1:PE 2:BR 6:MA 7:DZ 8:TN 9:MT 10:GR 11:CY 12:LB 13:JO 14:KW 15:PK 16:IN 17:TH 18:KH'],
  [7, '1:BO 2:PY 6:SN 7:LY 8:EG 12:IL 13:SA 14:BH 15:QA 16:BD 17:MM 18:MY 19:BN'],
  [8, '1:CL 2:AR 3:UY 6:GH 7:NG 8:ET 13:YE 14:OM 15:AE 16:LK 18:SG 19:ID'],
  [9, '7:CM 8:KE 9:TZ 19:AU 20:NZ'],
  [10, '7:AO 8:ZA 9:MU'],
];

export interface Tile {
  market: string;
  column: number;
  row: number;
}

export const TILES: readonly Tile[] = rows.flatMap(([row, text]) =>
  text.split(' ').map((part) => {
    const [column = '0', market = ''] = part.split(':');
    return { market, column: Number(column), row };
  }),
);

export const COLUMNS = 21;
export const ROWS = 11;

const byMarket = new Map(TILES.map((tile) => [tile.market, tile]));

/** Tiles of the world, with places below it for markets that have none of their own. */
export function layout(markets: readonly string[]): { tiles: Tile[]; rows: number } {
  const homeless = markets.filter((market) => !byMarket.has(market));
  const extra = homeless.map((market, i) => ({
    market,
    column: i % COLUMNS,
    row: ROWS + Math.floor(i / COLUMNS),
  }));
  return { tiles: [...TILES, ...extra], rows: ROWS + Math.ceil(homeless.length / COLUMNS) };
}
