//! Numbers that carry their slopes: forward-mode differentiation of a recursion.
//!
//! A [`Dual`] holds a value and its derivatives by `N` parameters; `+ − × ÷` follow the rules of
//! calculus, so a filter written once over [`Real`] gives a likelihood with plain floats and the
//! likelihood with its exact gradient with duals. The derivatives of one step do not wait for each
//! other, so they cost less than `N` more passes. Source: Wengert, "A simple automatic derivative
//! evaluation program", Communications of the ACM 7(8), 1964.

use std::ops::{Add, Div, Mul, Sub};

/// What a recursion calculates with.
pub(super) trait Real:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// A number that no parameter moves.
    fn constant(value: f64) -> Self;
    /// The number without its slopes.
    fn value(self) -> f64;
    /// The slopes alone times `by`, on a value of 0.
    fn slopes(self, by: f64) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// `e` to this power.
    fn exp(self) -> Self;
}

impl Real for f64 {
    #[inline(always)]
    fn constant(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn value(self) -> f64 {
        self
    }
    #[inline(always)]
    fn slopes(self, _: f64) -> Self {
        0.0
    }
    #[inline(always)]
    fn ln(self) -> Self {
        f64::ln(self)
    }
    #[inline(always)]
    fn exp(self) -> Self {
        f64::exp(self)
    }
}

/// A value and its derivatives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Dual<const N: usize> {
    pub(super) value: f64,
    pub(super) slope: [f64; N],
}

impl<const N: usize> Dual<N> {
    /// The parameter of that index.
    pub(super) fn parameter(value: f64, index: usize) -> Self {
        Self { value, slope: std::array::from_fn(|i| f64::from(u8::from(i == index))) }
    }
}

impl<const N: usize> Add for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn add(self, o: Self) -> Self {
        Self { value: self.value + o.value, slope: std::array::from_fn(|i| self.slope[i] + o.slope[i]) }
    }
}

impl<const N: usize> Sub for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, o: Self) -> Self {
        Self { value: self.value - o.value, slope: std::array::from_fn(|i| self.slope[i] - o.slope[i]) }
    }
}

impl<const N: usize> Mul for Dual<N> {
    type Output = Self;
    #[inline(always)]
    #[expect(clippy::suspicious_arithmetic_impl, reason = "the derivative of a product is a sum")]
    fn mul(self, o: Self) -> Self {
        Self {
            value: self.value * o.value,
            slope: std::array::from_fn(|i| self.slope[i] * o.value + self.value * o.slope[i]),
        }
    }
}

impl<const N: usize> Div for Dual<N> {
    type Output = Self;
    #[inline(always)]
    fn div(self, o: Self) -> Self {
        let inverse = 1.0 / o.value;
        let value = self.value * inverse;
        Self { value, slope: std::array::from_fn(|i| (self.slope[i] - value * o.slope[i]) * inverse) }
    }
}

impl<const N: usize> Real for Dual<N> {
    #[inline(always)]
    fn constant(value: f64) -> Self {
        Self { value, slope: [0.0; N] }
    }
    #[inline(always)]
    fn value(self) -> f64 {
        self.value
    }
    #[inline(always)]
    fn slopes(self, by: f64) -> Self {
        Self { value: 0.0, slope: self.slope.map(|s| s * by) }
    }
    #[inline(always)]
    fn ln(self) -> Self {
        Self { value: self.value.ln(), ..self.slopes(1.0 / self.value) }
    }
    #[inline(always)]
    fn exp(self) -> Self {
        let value = self.value.exp();
        Self { value, ..self.slopes(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `f(a, b) = (a·b − a) / (a + b) + ln a · e^b`, differentiated by small steps.
    #[test]
    fn slopes_are_those_of_the_function() {
        fn f<R: Real>(a: R, b: R) -> R {
            (a * b - a) / (a + b) + a.ln() * b.exp()
        }
        let (a, b, step) = (1.7, 0.6, 1e-6);
        let dual = f(Dual::<2>::parameter(a, 0), Dual::parameter(b, 1));
        let slopes = [f(a + step, b) - f(a - step, b), f(a, b + step) - f(a, b - step)].map(|d| d / (2.0 * step));
        assert!((dual.value - f(a, b)).abs() < 1e-12);
        for (got, want) in dual.slope.iter().zip(slopes) {
            assert!((got - want).abs() < 1e-8, "{got} against {want}");
        }
    }
}
