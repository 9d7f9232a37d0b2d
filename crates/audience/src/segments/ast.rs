//! A segment as a tree, checked: every tree that can be built here can be printed, evaluated and
//! compiled.
//!
//! `and` and `or` are kept flat and without single members, `not in` and `not between` are `not` around
//! `in` and `between`, and lists are sets: so two ways to write one thing have one canonical text.

use super::field::{Field, Kind};
use domain::Day;

/// What is measured on a shopper's orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Measure {
    /// Orders.
    OrdersCount,
    /// Their sales in the reporting currency.
    OrdersRevenue,
    /// Sales of an order; missing without one.
    OrdersAverage,
    /// Units.
    OrdersUnits,
    /// Units of an order; missing without one.
    OrdersBasket,
    /// Orders of which something came back.
    ReturnsCount,
    /// Their share of the orders; missing without one.
    ReturnsShare,
}

impl Measure {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::OrdersCount,
        Self::OrdersRevenue,
        Self::OrdersAverage,
        Self::OrdersUnits,
        Self::OrdersBasket,
        Self::ReturnsCount,
        Self::ReturnsShare,
    ];

    /// As a segment writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OrdersCount => "orders.count",
            Self::OrdersRevenue => "orders.revenue",
            Self::OrdersAverage => "orders.average",
            Self::OrdersUnits => "orders.units",
            Self::OrdersBasket => "orders.basket",
            Self::ReturnsCount => "returns.count",
            Self::ReturnsShare => "returns.share",
        }
    }

    /// Whether it has no value for a shopper without an order in the window.
    pub const fn may_be_missing(self) -> bool {
        matches!(self, Self::OrdersAverage | Self::OrdersBasket | Self::ReturnsShare)
    }
}

/// By what products are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProductBy {
    /// A part of the category path.
    Category,
    /// The brand.
    Brand,
    /// The product's own identifier.
    Product,
}

impl ProductBy {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Category, Self::Brand, Self::Product];

    /// As a segment writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Category => "category",
            Self::Brand => "brand",
            Self::Product => "product",
        }
    }
}

/// What a shopper did with a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Deed {
    /// Bought it, whatever became of it.
    Bought,
    /// Looked at it.
    Viewed,
}

impl Deed {
    /// As a segment writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bought => "bought",
            Self::Viewed => "viewed",
        }
    }
}

/// Something that has a value for a shopper. A window counts the days before the cutoff; without one,
/// all days before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Term {
    /// A plain field.
    Field(Field),
    /// A measure of the orders of a window.
    Measure(Measure, Option<u32>),
    /// Whether a product of a kind was bought or viewed in a window.
    Product(Deed, ProductBy, String, Option<u32>),
    /// Whether words were searched for in a window.
    Searched(String, Option<u32>),
    /// Whether the cart stands abandoned, touched last in a window or after the cutoff: carts are judged at the newest event.
    CartAbandoned(Option<u32>),
    /// Whether the shopper has a tag.
    Tag(String),
    /// Whether the shopper is in another segment.
    Segment(String),
    /// Interest in a category, 0 to 1.
    Interest(String),
    /// How far goods and words speak for a value, 0 to 1.
    Value(String),
    /// Number of the shopper's group in a grouping, from 1.
    Group(String),
}

impl Term {
    /// What its value is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Field(field) => field.kind(),
            Self::Measure(..) | Self::Interest(_) | Self::Value(_) | Self::Group(_) => Kind::Number,
            Self::Product(..) | Self::Searched(..) | Self::CartAbandoned(_) | Self::Tag(_) | Self::Segment(_) => {
                Kind::Yes
            }
        }
    }

    /// Whether it may be missing.
    pub fn may_be_missing(&self) -> bool {
        match self {
            Self::Field(_) | Self::Interest(_) | Self::Value(_) | Self::Group(_) => true,
            Self::Measure(measure, _) => measure.may_be_missing(),
            Self::Product(..) | Self::Searched(..) | Self::CartAbandoned(_) | Self::Tag(_) | Self::Segment(_) => false,
        }
    }
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less, or before.
    Lt,
    /// At most.
    Le,
    /// More, or after.
    Gt,
    /// At least.
    Ge,
}

impl Op {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Eq, Self::Ne, Self::Lt, Self::Le, Self::Gt, Self::Ge];

    /// As a segment writes it.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }

    /// Whether the order of two values passes.
    pub fn holds(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
        }
    }
}

/// A value to compare with.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A finite number.
    Number(f64),
    /// Words.
    Text(String),
    /// A day.
    Day(Day),
    /// So many days before the cutoff.
    Ago(u32),
}

/// A statement about one term.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// A term of yes or no says yes.
    Yes(Term),
    /// The comparison holds.
    Compare(Term, Op, Literal),
    /// The value is one of these; sorted, without repeats.
    In(Term, Vec<Literal>),
    /// The value lies between these, both included.
    Between(Term, Literal, Literal),
    /// There is no value.
    Missing(Term),
}

impl Test {
    /// What it is about.
    pub fn term(&self) -> &Term {
        match self {
            Self::Yes(t) | Self::Compare(t, ..) | Self::In(t, _) | Self::Between(t, ..) | Self::Missing(t) => t,
        }
    }
}

/// A segment's rule.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// All hold; at least two members, none of them `And`.
    And(Vec<Expr>),
    /// One holds; at least two members, none of them `Or`.
    Or(Vec<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// One statement.
    Test(Test),
}

impl Expr {
    /// `and`, flattened.
    ///
    /// # Panics
    /// Without a member.
    pub fn and(members: Vec<Expr>) -> Self {
        let flat = |e| if let Self::And(inner) = e { inner } else { vec![e] };
        Self::joined(members.into_iter().flat_map(flat).collect(), Self::And)
    }

    /// `or`, flattened.
    ///
    /// # Panics
    /// Without a member.
    pub fn or(members: Vec<Expr>) -> Self {
        let flat = |e| if let Self::Or(inner) = e { inner } else { vec![e] };
        Self::joined(members.into_iter().flat_map(flat).collect(), Self::Or)
    }

    fn joined(mut members: Vec<Expr>, join: impl Fn(Vec<Expr>) -> Self) -> Self {
        assert!(!members.is_empty(), "a rule says something");
        if members.len() == 1 { members.remove(0) } else { join(members) }
    }

    /// `not`.
    #[must_use]
    pub fn negated(self) -> Self {
        Self::Not(Box::new(self))
    }

    /// All statements, left to right.
    pub fn tests(&self) -> Vec<&Test> {
        match self {
            Self::And(members) | Self::Or(members) => members.iter().flat_map(Self::tests).collect(),
            Self::Not(inner) => inner.tests(),
            Self::Test(test) => vec![test],
        }
    }

    /// Names of the groupings it asks for, in order, each once.
    pub fn groupings(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for test in self.tests() {
            if let Term::Group(name) = test.term()
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        }
        names
    }

    /// Names of the segments it refers to, in order, each once.
    pub fn depends_on(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for test in self.tests() {
            if let Term::Segment(name) = test.term()
                && !names.contains(name)
            {
                names.push(name.clone());
            }
        }
        names
    }
}
