// A seller of small kitchen appliances: names in the languages of its markets.
import type { Cell, Product, ProductCard } from '../../src/api/wire';
import { amount, table, words } from './figures';

type Line = [id: string, brand: string, category: string, price: number, en: string, zh: string, de: string, th: string, stock: number];

const lines: Line[] = [
  ['AF-0041', 'Harbour & Pine', 'Air Fryers', 89.9, 'Air Fryer 4.1 L, window, black', '空气炸锅 4.1 升 可视窗 黑色', 'Heißluftfritteuse 4,1 L, Sichtfenster, schwarz', 'หม้อทอดไร้น้ำมัน 4.1 ลิตร สีดำ', 214],
  ['AF-0062', 'Harbour & Pine', 'Air Fryers', 119, 'Air Fryer 6.2 L, two baskets, sage', '空气炸锅 6.2 升 双篮 鼠尾草绿', 'Heißluftfritteuse 6,2 L, zwei Körbe, salbei', 'หม้อทอดไร้น้ำมัน 6.2 ลิตร สองตะกร้า', 88],
  ['KT-0017', 'Lumen', 'Kettles', 42.5, 'Gooseneck Kettle 1.0 L, matte white', '手冲壶 1.0 升 哑光白', 'Schwanenhals-Wasserkocher 1,0 L, mattweiß', 'กาน้ำคอห่าน 1.0 ลิตร สีขาวด้าน', 310],
  ['KT-0020', 'Lumen', 'Kettles', 29.9, 'Glass Kettle 1.7 L, blue light', '玻璃电热水壶 1.7 升 蓝光', 'Glas-Wasserkocher 1,7 L, blaues Licht', 'กาต้มน้ำแก้ว 1.7 ลิตร ไฟสีฟ้า', 0],
  ['RC-0008', 'Mira', 'Rice Cookers', 64, 'Rice Cooker 1.2 L, ceramic pot', '电饭煲 1.2 升 陶瓷内胆', 'Reiskocher 1,2 L, Keramiktopf', 'หม้อหุงข้าว 1.2 ลิตร หม้อเซรามิก', 152],
  ['RC-0018', 'Mira', 'Rice Cookers', 139, 'Rice Cooker 1.8 L, induction', '电饭煲 1.8 升 电磁加热', 'Reiskocher 1,8 L, Induktion', 'หม้อหุงข้าว 1.8 ลิตร ระบบเหนี่ยวนำ', 61],
  ['BL-0003', 'Harbour & Pine', 'Blenders', 54.9, 'Blender 1.5 L, glass jar', '搅拌机 1.5 升 玻璃杯', 'Standmixer 1,5 L, Glaskrug', 'เครื่องปั่น 1.5 ลิตร โถแก้ว', 177],
  ['BL-0011', 'Lumen', 'Blenders', 34.9, 'Travel Blender 0.4 L, USB-C, peach', '便携榨汁杯 0.4 升 蜜桃色', 'Reisemixer 0,4 L, USB-C, pfirsich', 'เครื่องปั่นพกพา 0.4 ลิตร สีพีช', 402],
  ['CG-0009', 'Kiso', 'Coffee Grinders', 74, 'Burr Coffee Grinder, 30 steps', '锥刀磨豆机 30 档', 'Kegelmahlwerk-Kaffeemühle, 30 Stufen', 'เครื่องบดกาแฟ 30 ระดับ', 96],
  ['CM-0024', 'Kiso', 'Coffee Makers', 159, 'Drip Coffee Maker, thermos, 1.0 L', '滴滤咖啡机 保温壶 1.0 升', 'Filterkaffeemaschine, Thermoskanne, 1,0 L', 'เครื่องชงกาแฟดริป 1.0 ลิตร', 45],
  ['TO-0006', 'Lumen', 'Toasters', 39.9, 'Toaster, two long slots, cream', '烤面包机 双长槽 奶油色', 'Toaster, zwei lange Schlitze, creme', 'เครื่องปิ้งขนมปัง สีครีม', 133],
  ['HM-0002', 'Mira', 'Hand Mixers', 27.5, 'Hand Mixer, five speeds, turquoise', '手持搅拌器 五档 绿松石色', 'Handmixer, fünf Stufen, türkis', 'เครื่องผสมอาหารมือถือ สีเขียวน้ำทะเล', 205],
  ['SV-0001', 'Mira', 'Sous Vide', 99, 'Sous Vide Stick, 1100 W', '低温慢煮棒 1100 瓦', 'Sous-Vide-Stick, 1100 W', 'เครื่องซูวี 1100 วัตต์', 38],
  ['FP-0030', 'Harbour & Pine', 'Filters & Parts', 12.9, 'Basket for air fryer 4.1 L', '4.1 升空气炸锅炸篮', 'Korb für Heißluftfritteuse 4,1 L', 'ตะกร้าหม้อทอด 4.1 ลิตร', 640],
  ['FP-0044', 'Kiso', 'Filters & Parts', 8.5, 'Paper filters, cone, 100 pieces', '锥形滤纸 100 张', 'Papierfilter, Kegel, 100 Stück', 'กระดาษกรองกาแฟ 100 แผ่น', 1_920],
  ['EG-0005', 'Lumen', 'Egg Boilers', 24.9, 'Egg Boiler for seven, mint', '煮蛋器 七枚 薄荷绿', 'Eierkocher für sieben, mint', 'เครื่องต้มไข่ 7 ฟอง สีมิ้นต์', 118],
];

const colours = ['#2c3e44', '#9bb59b', '#e8e4da', '#7fb3d5', '#d9b38c', '#8a9ba8', '#c7d3d4', '#f2b8a0', '#5b4a42', '#3d3d3d', '#efe6d0', '#5fb8b3', '#4a5a68', '#44525a', '#e9dcc3', '#a9d6c2'];

export const cards: ProductCard[] = lines.map(([id, brand, category, price, en]) => ({
  product_id: id,
  name: en,
  brand,
  category: `Home & Kitchen > Small Appliances > ${category}`,
  name_locale: 'en',
  name_fit: 'asked',
  price: amount(price, 'EUR'),
  price_text: `€${price.toFixed(2)}`,
  price_rate_day: null,
  picture: id === 'SV-0001' ? null : `/api/v1/products/${id}/picture`,
  score: null,
  sellable: null,
}));

export function picture(id: string): string | null {
  const at = lines.findIndex(([known]) => known === id);
  if (at < 0) return null;
  const colour = colours[at] ?? '#888';
  const shapes = [
    '<rect x="60" y="50" width="80" height="100" rx="18"/><rect x="78" y="96" width="44" height="34" rx="6" fill="#0003"/><circle cx="100" cy="72" r="8" fill="#fff6"/>',
    '<path d="M70 70h60l8 80H62Z"/><path d="M138 84c22 4 22 44-2 50" fill="none" stroke-width="9" stroke="COL"/><rect x="84" y="56" width="32" height="14" rx="5"/>',
    '<ellipse cx="100" cy="112" rx="50" ry="42"/><path d="M56 96a46 30 0 0 1 88 0Z" fill="#fff5"/><rect x="92" y="52" width="16" height="14" rx="5"/>',
    '<path d="M76 48h48l-8 70H84Z" fill="#fff7" stroke="COL" stroke-width="5"/><rect x="74" y="118" width="52" height="36" rx="8"/>',
  ];
  const shape = (shapes[Math.floor(at / 2) % shapes.length] ?? '').replaceAll('COL', colour);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 200"><rect width="200" height="200" fill="#f3f1ec"/><ellipse cx="100" cy="158" rx="58" ry="8" fill="#0001"/><g fill="${colour}">${shape}</g></svg>`;
}

/** Products with every word of the question in some language. */
export function search(question: string): ProductCard[] {
  const parts = question.toLowerCase().split(/\s+/).filter(Boolean);
  return lines.flatMap((line, i) => {
    const all = line.join(' ').toLowerCase();
    const card = cards[i];
    return card && parts.every((p) => all.includes(p)) ? [{ ...card, score: 1 / (i + 1) }] : [];
  });
}

export function inMarket(list: ProductCard[], market: string | null): ProductCard[] {
  if (!market) return list;
  return list.map((card, i) => ({
    ...card,
    sellable:
      market === 'TH' && i % 5 === 1
        ? { market, verdict: 'blocked', why: words('the plug of type G is not allowed', 'G 型插头不被允许') }
        : market === 'TH' && i % 5 === 3
          ? { market, verdict: 'sell_with_change', why: words('needs a label in Thai', '需要泰语标签') }
          : { market, verdict: 'sell', why: words('voltage, plug and mark fit', '电压、插头与标志均符合') },
  }));
}

export function product(id: string): Product | null {
  const at = lines.findIndex(([known]) => known === id);
  const line = lines[at];
  const card = cards[at];
  if (!line || !card) return null;
  const [, , , price, en, zh, de, th, stock] = line;
  return {
    card,
    names: { en, zh, de, th },
    description: `${en}. Runs on 220–240 V. Measures 34 × 28 × 31 cm and weighs 3.6 kg. Two years of warranty.`,
    stock,
    sellable: ['DE', 'US', 'TH'].flatMap((m) => inMarket(cards, m)[at]?.sellable ?? []),
    report: {
      title: words('Figures', '数据'),
      figures: [],
      tables: [
        {
          name: 'markets',
          title: words('Sold in', '各市场销售'),
          table: table(
            [['market', 'text', ''], ['product_id', 'text', ''], ['n_orders', 'integer', ''], ['n_buyers', 'integer', ''], ['n_units', 'integer', ''], ['revenue', 'decimal', ''], ['last_price', 'decimal', '']],
            ['CN', 'DE', 'US'].map((m, i): Cell[] => [m, card.product_id, 140 - i * 31, 132 - i * 30 - at, 151 - i * 33, ((151 - i * 33) * price).toFixed(2), price.toFixed(2)]),
          ),
        },
        {
          name: 'attributes',
          title: words('Attributes', '属性'),
          table: table(
            [['colour', 'text', ''], ['voltage_range', 'text', ''], ['plug', 'text', ''], ['marks', 'text', ''], ['battery', 'text', ''], ['liquid', 'boolean', ''], ['wattage_w', 'float', ''], ['weight_kg', 'float', ''], ['list_price', 'decimal', ''], ['currency', 'text', '']],
            [['brown', '220-240', 'F', 'CE, GS', null, false, 165, 3.6, price.toFixed(2), 'EUR']],
          ),
        },
      ],
      notes: [],
    },
  };
}
