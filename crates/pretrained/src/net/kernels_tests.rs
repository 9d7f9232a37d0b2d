use super::*;
use candle_core::Device;

fn grid() -> impl Iterator<Item = f32> {
    (-1200..=1200).map(|i| i as f32 / 100.0)
}

/// The error function by its series and, far out, its continued fraction, in 64 bits.
fn erf_slowly(x: f64) -> f64 {
    let a = x.abs();
    if a > 6.0 {
        return x.signum();
    }
    let (mut term, mut total) = (a, a);
    for n in 1..200 {
        let n = f64::from(n);
        term *= -a * a / n;
        total += term / (2.0 * n + 1.0);
    }
    x.signum() * (total * 2.0 / std::f64::consts::PI.sqrt()).min(1.0)
}

#[test]
fn the_fast_exponential_is_within_three_in_ten_million() {
    for x in grid() {
        let right = f64::from(x).exp();
        assert!((f64::from(exp(x)) / right - 1.0).abs() < 3e-7, "exp({x}) = {} against {right}", exp(x));
    }
    assert_eq!(exp(0.0), 1.0);
    assert!(exp(-1e9) < 1e-37 && exp(1e9).is_finite());
}

#[test]
fn activations_are_what_their_formulas_say() {
    for x in grid().filter(|x| x.abs() < 5.0) {
        let wide = f64::from(x);
        let run = |a: Activation| {
            let mut v = [x; 3];
            a.run(&mut v);
            f64::from(v[1])
        };
        let inner = (2.0 / std::f64::consts::PI).sqrt() * (wide + 0.044_715 * wide.powi(3));
        let cases = [
            (Activation::None, wide),
            (Activation::Gelu, wide * 0.5 * (1.0 + erf_slowly(wide / 2.0_f64.sqrt()))),
            (Activation::GeluTanh, wide * 0.5 * (1.0 + inner.tanh())),
            (Activation::QuickGelu, wide / (1.0 + (-1.702 * wide).exp())),
            (Activation::Relu, wide.max(0.0)),
            (Activation::Tanh, wide.tanh()),
        ];
        for (activation, right) in cases {
            let got = run(activation);
            assert!((got - right).abs() < 1e-6, "{activation:?}({x}) = {got} against {right}");
        }
    }
}

#[test] // Scores 0, ln 2, ln 5 scaled by 1: 1/8, 2/8, 5/8. Causal: 1; 1/3, 2/3; 1/8, 2/8, 5/8.
fn a_softmax_by_hand() {
    let row = [0.0, 2.0_f32.ln(), 5.0_f32.ln()];
    let x = Tensor::from_vec([row, row, row].concat(), (1, 3, 3), &Device::Cpu).unwrap();
    softmax(&x, 1.0, true).unwrap();
    let got: Vec<f32> = x.flatten_all().unwrap().to_vec1().unwrap();
    let right = [1.0, 0.0, 0.0, 1.0 / 3.0, 2.0 / 3.0, 0.0, 0.125, 0.25, 0.625];
    assert!(got.iter().zip(right).all(|(g, r)| (g - r).abs() < 1e-6), "{got:?}");
}

#[test] // 1, 2, 3, 6: mean 3, squares 4 + 1 + 0 + 9 = 14, variance 3.5; (6 − 3) / √3.5 · 2 + 1 = 4.2071.
fn a_norm_by_hand() {
    let x = Tensor::from_vec(vec![1.0_f32, 2.0, 3.0, 6.0], (1, 4), &Device::Cpu).unwrap();
    let weight = Tensor::from_vec(vec![2.0_f32; 4], 4, &Device::Cpu).unwrap();
    let bias = Tensor::from_vec(vec![1.0_f32; 4], 4, &Device::Cpu).unwrap();
    normalise(&x, &weight, &bias, 0.0).unwrap();
    let got: Vec<f32> = x.flatten_all().unwrap().to_vec1().unwrap();
    assert!((got[3] - 4.207_135).abs() < 1e-5 && (got[2] - 1.0).abs() < 1e-6, "{got:?}");
}

#[test] // silu(1) = 0.731059, times 4; silu(−2) = −0.238406, times 0.5.
fn a_gate_by_hand() {
    let x = Tensor::from_vec(vec![1.0_f32, -2.0, 4.0, 0.5], (1, 4), &Device::Cpu).unwrap();
    let got: Vec<f32> = silu_gate(&x).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    assert!((got[0] - 2.924_234).abs() < 1e-5 && (got[1] + 0.119_203).abs() < 1e-6, "{got:?}");
}
