import { describe, expect, it } from 'vitest';
import { translate } from '../../src/i18n';
import { punctuated } from '../../src/lib/chinese';

describe('marks of Chinese sentences', () => {
  it('are full-width beside Chinese and between numbers', () => {
    expect(punctuated('没有提升超过 0 的证据:提升 +0.0339,95 % 区间为 -0.0322 至 +0.0974,63 位顾客')).toBe('没有提升超过 0 的证据：提升 +0.0339，95 % 区间为 -0.0322 至 +0.0974，63 位顾客');
    expect(punctuated('21134 条订单行中有 24 条(0.1 %)被搁置;上限为 20 %')).toBe('21134 条订单行中有 24 条（0.1 %）被搁置；上限为 20 %');
    expect(punctuated('3 件商品(模型 ials,训练数据:该市场的订单);途中排除:2 无库存')).toBe('3 件商品（模型 ials，训练数据：该市场的订单）；途中排除：2 无库存');
    expect(punctuated('得分 0.508,0.467 至 0.553')).toBe('得分 0.508，0.467 至 0.553');
  });

  it('have no blank behind them', () => {
    expect(punctuated('先做小规模测试: 美国已有 541 位')).toBe('先做小规模测试：美国已有 541 位');
  });

  it('stay in names, numbers and code', () => {
    for (const text of ['首推 Lumico Set Q10016, Blue, easy to clean', '销售额 1,383,035 元', '于 12:30 开始', '市场规模 (US)', 'a, b; c: d (e)', '字段 `in [A,B]`']) expect(punctuated(text)).toBe(text);
    expect(translate('zh', 'pager.at', { page: 1, pages: 2 })).toBe(punctuated(translate('zh', 'pager.at', { page: 1, pages: 2 })));
  });
});
