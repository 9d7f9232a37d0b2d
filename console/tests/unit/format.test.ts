import { describe, expect, it } from 'vitest';
import { DASH, makeFormat, minorDigits } from '../../src/lib/format';

const en = makeFormat('en');
const zh = makeFormat('zh');
// Intl puts no-break spaces between number and unit.
const plain = (text: string) => text.replace(/[\u00a0\u202f]/g, ' ');

describe('numbers and money', () => {
  it('shows what is absent as a dash, never as zero', () => {
    for (const value of [null, undefined, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(en.count(value)).toBe(DASH);
      expect(en.money(value, 'EUR')).toBe(DASH);
      expect(en.share(value)).toBe(DASH);
      expect(en.unit(value, 'days')).toBe(DASH);
    }
    expect(en.day('')).toBe(DASH);
    expect(en.count(0)).toBe('0');
  });

  it('gives each currency its own digits', () => {
    expect([minorDigits('JPY'), minorDigits('EUR'), minorDigits('KWD'), minorDigits('nonsense')]).toEqual([0, 2, 3, 2]);
    expect(en.money(19.9, 'EUR', true)).toBe('€19.90');
    expect(en.money(1980, 'JPY', true)).toBe('JP¥1,980');
    expect(plain(en.money(1.5, 'KWD', true))).toMatch(/1\.500/);
  });

  it('drops cents of large amounts unless they are asked for', () => {
    expect(en.money(207_751.4, 'EUR')).toBe('€207,751');
    expect(en.money(207_751.4, 'EUR', true)).toBe('€207,751.40');
    expect(en.money(156.44, 'EUR')).toBe('€156.44');
    expect(en.money(-1234.5, 'EUR')).toBe('-€1,235');
  });

  it('reads units of the server, and a currency as a unit', () => {
    expect(en.unit(0.312, 'share')).toBe('31.2%');
    expect([en.unit(1.42, 'count'), en.unit(1328, 'count'), en.unit(140.6, 'count')]).toEqual(['1.4', '1,328', '141']);
    expect(en.unit(62, 'days')).toBe('62 days');
    expect(zh.unit(62, 'days')).toBe('62天');
    expect(en.unit(1.9, 'ratio')).toBe('1.90×');
    expect(en.unit(61.2, 'CNY')).toBe('CN¥61.20');
    expect(zh.unit(61.2, 'CNY')).toBe('¥61.20');
    expect(en.unit(3, 'money', 'EUR')).toBe('€3.00');
  });

  it('signs gains and leaves zero alone', () => {
    expect([en.signed(0.0311, 3), en.signed(-0.02, 2), en.signed(0, 2)]).toEqual(['+0.031', '-0.02', '0.00']);
  });

  it('shows sizes of files', () => {
    expect(plain(en.bytes(812))).toBe('812 byte');
    expect(plain(en.bytes(2_400_000))).toBe('2.4 MB');
  });
});

describe('days', () => {
  it('are the same day wherever the reader is', () => {
    expect(en.day('2026-03-01')).toBe('1 Mar 2026');
    expect(zh.day('2026-03-01')).toBe('2026年3月1日');
    expect(en.month('2025-11-01')).toBe('Nov 2025');
    expect(en.day('not a day')).toBe('not a day');
  });

  it('are told relative to now', () => {
    const now = Date.parse('2026-11-26T12:00:00Z');
    expect(en.ago('2026-11-26T11:58:00Z', now)).toBe('2 minutes ago');
    expect(en.ago('2026-11-25T12:00:00Z', now)).toBe('yesterday');
    expect(zh.ago('2026-11-26T09:00:00Z', now)).toBe('3小时前');
  });
});

describe('places', () => {
  it('are named in the language, and codes nobody knows stay codes', () => {
    expect([en.market('DE'), zh.market('DE'), en.market('??')]).toEqual(['Germany', '德国', '??']);
    expect([en.language('th'), zh.language('de')]).toEqual(['Thai', '德语']);
  });
});
