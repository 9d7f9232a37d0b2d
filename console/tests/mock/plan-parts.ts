// Parts of a plan's JSON, in the shape in which the program serialises them (crates/decide/src/plan/reach.rs and decided.rs).
import { formulas } from '../../src/i18n/zh/formulas';
import { words } from './figures';

type Value = { number: number } | { money: { minor: number; currency: string } } | { too_little_data: { have: number; need: number } };

export const planMoney = (major: number) => ({ money: { minor: Math.round(major * 100), currency: 'EUR' } });

export const planFigure = (key: string, value: Value, unit: string, range?: [number, number], n = 911, level = 0.95) => ({
  key,
  value,
  unit,
  interval: range ? { low: range[0], high: range[1], level } : null,
  formula: formulas[key.replace(/\[.*/, '')]?.en ?? 'as the maker of the figure wrote it',
  source: "select count(*) from clean.orders where market = 'DE'",
  n,
});

/** Segments; in Vietnam, where a marketplace keeps its shoppers to itself, areas. */
export function reach(market: string): unknown {
  if (market === 'VN') {
    return {
      whom: 'areas',
      rows: ['70', '10', '55'].map((key, i) => ({
        key,
        label: ['70 (Ho Chi Minh City)', '10 (Hanoi)', '55 (Da Nang)'][i] ?? key,
        size: planFigure(`reach.orders[${key}]`, { number: 412 - i * 130 }, 'count'),
        contactable: null,
        listed: null,
        value: planFigure(`reach.next_90_days[${key}]`, planMoney(9_120 - i * 3_010), 'money', [7_480 - i * 2_700, 10_900 - i * 3_200], 204 - i * 60),
        order_value: planFigure(`reach.order_value[${key}]`, planMoney(44.3 + i * 2.1), 'money'),
        growth: i === 2 ? planFigure(`reach.growth[${key}]`, { too_little_data: { have: 21, need: 30 } }, 'ratio') : planFigure(`reach.growth[${key}]`, { number: 1.21 - i * 0.3 }, 'ratio', [1.02 - i * 0.3, 1.44 - i * 0.3]),
      })),
      persona: null,
      basis: null,
      open: [words('How often one shopper comes back, and who is about to leave.', '单个顾客多久回购一次、谁即将流失。')],
    };
  }
  const keys = ['champions', 'loyal', 'potential', 'at_risk', 'hibernating'];
  return {
    whom: 'segments',
    rows: keys.map((key, i) => ({
      key,
      label: '',
      size: planFigure(`reach.shoppers[${key}]`, { number: i === 4 ? 3 : 40 + i * 31 }, 'count'),
      contactable: planFigure(`reach.contactable[${key}]`, { number: i === 4 ? 1 : 22 + i * 12 }, 'count'),
      listed: planFigure(`reach.listed[${key}]`, { number: i === 4 ? 0 : 31 - i * 6 }, 'count'),
      value: i === 4 ? planFigure(`reach.value[${key}]`, { too_little_data: { have: 3, need: 5 } }, 'money') : planFigure(`reach.value[${key}]`, planMoney(214.5 - i * 41), 'money', [188.2 - i * 40, 243.9 - i * 43], 40 + i * 31, 0.9),
      order_value: null,
      growth: null,
    })),
    persona: words('The weekday coffee maker', '工作日咖啡爱好者'),
    basis: words('the market’s own shoppers and those of the other markets', '本市场与其他市场的顾客'),
    open: [words('Consent was asked of 214 of 911 shoppers.', '911 位顾客中有 214 位被询问过是否同意。'), words('Margins are known for 83 % of sales.', '83 % 的销售已知利润。')],
  };
}

/** What prices rest on, and what segments pay; the rest of what is decided comes with the market's tables. */
export function decided(): unknown {
  const paid = (key: string, at: number): [string, unknown] => [key, planFigure(`decide.segment_paid[${key}]`, { number: at }, 'share', [at - 0.021, at + 0.021])];
  return {
    ahead: { from: '2026-11-30', to: '2027-03-01' },
    prices: [],
    rests: [
      planFigure('decide.prices_own', { number: 3 }, 'count'),
      planFigure('decide.prices_raised', { number: 2 }, 'count'),
      planFigure('decide.prices_held', { number: 9 }, 'count'),
      planFigure('decide.prices_bound', { number: 2 }, 'count'),
      planFigure('decide.price_test_weeks', { number: 14 }, 'count'),
    ],
    paid: [paid('champions', 1.034), paid('loyal', 1.011), paid('at_risk', 0.942)],
  };
}
