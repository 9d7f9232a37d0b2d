//! Short loops over `f32` in sixteen lanes: the same bits on every machine, fast where it can be.
//!
//! A sum is taken in sixteen interleaved parts that are folded in halves, whatever the machine; a
//! compiler may put the parts into one AVX-512, two AVX2 or four SSE registers without changing a
//! single rounding. Multiply and add stay two operations: a fused one rounds once instead of twice,
//! and a machine that has it would give another model than one that has not.
//!
//! The functions are inlined into callers that `multiversion` compiles once for each instruction
//! set of three: AVX-512, AVX2, what every x86-64 has. On 64-bit ARM the base set has vectors already.
//! Cost: `n` multiply-adds a product of length `n`.

/// Parts of a sum.
pub const LANES: usize = 16;

/// `sum + a · v`, lane by lane. By value and for one register's worth: written as a loop over an array
/// of sums the same code becomes gathers and scatters under AVX-512, measured five times slower.
#[inline(always)]
pub fn add_product(mut sum: [f32; LANES], a: f32, v: &[f32; LANES]) -> [f32; LANES] {
    for l in 0..LANES {
        sum[l] += a * v[l];
    }
    sum
}

/// `sum + a · b`, lane by lane.
#[inline(always)]
fn add_products(mut sum: [f32; LANES], a: &[f32; LANES], b: &[f32; LANES]) -> [f32; LANES] {
    for l in 0..LANES {
        sum[l] += a[l] * b[l];
    }
    sum
}

/// Folds the parts of a sum in halves.
#[inline(always)]
pub fn fold(mut lanes: [f32; LANES]) -> f32 {
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            lanes[l] += lanes[l + half];
        }
    }
    lanes[0]
}

/// `Σ a_i b_i` over the shorter length.
#[inline(always)]
pub fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut lanes = [0.0_f32; LANES];
    for (a, b) in a.iter().zip(b) {
        lanes = add_products(lanes, a, b);
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    fold(lanes) + rest
}

/// Four products with the same `b`, which travels through the registers once. Each has the bits of
/// [`dot`].
#[inline(always)]
pub fn dot4(a: [&[f32]; 4], b: &[f32]) -> [f32; 4] {
    let (b, b_rest) = b.as_chunks::<LANES>();
    let ((p, p_rest), (q, q_rest)) = (a[0].as_chunks::<LANES>(), a[1].as_chunks::<LANES>());
    let ((r, r_rest), (s, s_rest)) = (a[2].as_chunks::<LANES>(), a[3].as_chunks::<LANES>());
    let [mut of_p, mut of_q, mut of_r, mut of_s] = [[0.0_f32; LANES]; 4];
    for ((((b, p), q), r), s) in b.iter().zip(p).zip(q).zip(r).zip(s) {
        of_p = add_products(of_p, p, b);
        of_q = add_products(of_q, q, b);
        of_r = add_products(of_r, r, b);
        of_s = add_products(of_s, s, b);
    }
    let rest = |a: &[f32]| a.iter().zip(b_rest).map(|(a, b)| a * b).sum::<f32>();
    let (p, q, r, s) = (of_p, of_q, of_r, of_s);
    [fold(p) + rest(p_rest), fold(q) + rest(q_rest), fold(r) + rest(r_rest), fold(s) + rest(s_rest)]
}

/// `target += factor · source`.
#[inline(always)]
pub fn add_scaled(target: &mut [f32], factor: f32, source: &[f32]) {
    for (t, s) in target.iter_mut().zip(source) {
        *t += factor * s;
    }
}

/// `target += Σ_k factor_k · source_k` of four sources, added in pairs.
#[inline(always)]
pub fn add_scaled4(target: &mut [f32], factors: [f32; 4], sources: [&[f32]; 4]) {
    let [a, b, c, d] = factors;
    let rest = sources[0].iter().zip(sources[1]).zip(sources[2].iter().zip(sources[3]));
    for (t, ((p, q), (r, s))) in target.iter_mut().zip(rest) {
        *t += (a * p + b * q) + (c * r + d * s);
    }
}

/// Runs `$body` compiled for AVX-512, AVX2 and the base set, whichever the machine has.
macro_rules! vectorised {
    ($(#[$meta:meta])* $vis:vis fn $name:ident($($arg:ident: $ty:ty),* $(,)?) $(-> $out:ty)? $body:block) => {
        $(#[$meta])*
        #[multiversion::multiversion(targets(
            "x86_64+avx512f+avx512bw+avx512cd+avx512dq+avx512vl+avx2+avx+bmi1+bmi2+fma+lzcnt",
            "x86_64+avx2+avx+bmi1+bmi2+lzcnt"
        ))]
        $vis fn $name($($arg: $ty),*) $(-> $out)? $body
    };
}
pub(crate) use vectorised;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    vectorised! {
        /// The product as the fastest instruction set of the machine computes it.
        fn fast_dot(a: &[f32], b: &[f32]) -> f32 {
            dot(a, b)
        }
    }

    #[test] // 1·2 + 2·2 + … + 18·2 = 2 · 171 = 342; 18 is one chunk of lanes and two more.
    fn a_product_by_hand() {
        let a: Vec<f32> = (1..=18).map(|v| v as f32).collect();
        assert_eq!(dot(&a, &[2.0; 18]), 342.0);
        let mut t = [1.0, 2.0];
        add_scaled(&mut t, 3.0, &[1.0, -1.0]);
        add_scaled4(&mut t, [1.0, 2.0, 3.0, 4.0], [&[1.0, 0.0], &[0.0, 1.0], &[1.0, 1.0], &[0.5, 0.5]]);
        assert_eq!(t, [4.0 + 6.0, -1.0 + 7.0]);
    }

    proptest! {
        #[test]
        fn every_instruction_set_gives_the_same_bits(cells in prop::collection::vec((-9.0_f32..9.0, -9.0_f32..9.0), 0..70)) {
            let (a, b): (Vec<f32>, Vec<f32>) = cells.into_iter().unzip();
            prop_assert_eq!(dot(&a, &b).to_bits(), fast_dot(&a, &b).to_bits());
            for one in dot4([&a, &a, &a, &a], &b) {
                prop_assert_eq!(one.to_bits(), dot(&a, &b).to_bits());
            }
            let exact: f64 = a.iter().zip(&b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            prop_assert!((f64::from(dot(&a, &b)) - exact).abs() < 1e-3);
        }
    }
}
