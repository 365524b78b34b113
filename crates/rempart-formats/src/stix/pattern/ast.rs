//! The parts of a pattern, and how they are written.

use std::fmt::{self, Display, Formatter};

/// A whole pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// The outermost expression.
    pub root: Observation,
}

/// An observation expression (section 9.4).
#[derive(Debug, Clone, PartialEq)]
pub enum Observation {
    /// `[ … ]`: one observation that meets a comparison.
    Single(Comparison),
    /// All of them, in any order.
    And(Vec<Observation>),
    /// One of them.
    Or(Vec<Observation>),
    /// All of them, one after the other.
    FollowedBy(Vec<Observation>),
    /// One of them, as often or in such a time as the qualifier says.
    Qualified(Box<Observation>, Qualifier),
}

/// A qualifier (section 9.5).
#[derive(Debug, Clone, PartialEq)]
pub enum Qualifier {
    /// `WITHIN n SECONDS`.
    Within(f64),
    /// `REPEATS n TIMES`.
    Repeats(i64),
    /// `START t'…' STOP t'…'`; the times as they were written.
    StartStop(Box<str>, Box<str>),
}

/// A comparison expression (section 9.6).
#[derive(Debug, Clone, PartialEq)]
pub enum Comparison {
    /// One test.
    Test(Test),
    /// `EXISTS path`, or with `true` its negation.
    Exists(Path, bool),
    /// All of them.
    And(Vec<Comparison>),
    /// One of them.
    Or(Vec<Comparison>),
}

/// A path, an operator and a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// What is compared.
    pub path: Path,
    /// Whether `NOT` stands before the operator.
    pub negated: bool,
    /// The operator.
    pub operator: Operator,
    /// The values: several for [`Operator::In`], else one.
    pub values: Vec<Literal>,
}

/// A comparison operator (section 9.6.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `IN`
    In,
    /// `LIKE`
    Like,
    /// `MATCHES`
    Matches,
    /// `ISSUBSET`
    IsSubset,
    /// `ISSUPERSET`
    IsSuperset,
}

impl Operator {
    /// How it is written.
    pub fn text(self) -> &'static str {
        match self {
            Operator::Equal => "=",
            Operator::NotEqual => "!=",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::In => "IN",
            Operator::Like => "LIKE",
            Operator::Matches => "MATCHES",
            Operator::IsSubset => "ISSUBSET",
            Operator::IsSuperset => "ISSUPERSET",
        }
    }
}

/// An object path (section 9.7): the type of an object and the way to a property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The type, for example `domain-name`.
    pub object: Box<str>,
    /// The steps; the first one is a [`Step::Key`].
    pub steps: Vec<Step>,
}

/// One step of an object path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A property, or a key of a dictionary.
    Key(Box<str>),
    /// An element of a list, `[0]`.
    Index(i64),
    /// Any element of a list, `[*]`.
    Any,
}

/// A constant (section 9.2).
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `'text'`
    Text(Box<str>),
    /// `1`
    Integer(i64),
    /// `1.5`
    Float(f64),
    /// `true`
    Boolean(bool),
    /// `b'…'`, in base 64.
    Binary(Box<str>),
    /// `h'…'`, in hexadecimal.
    Hex(Box<str>),
    /// `t'…'`
    Time(Box<str>),
}

impl Display for Pattern {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

impl Display for Observation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Observation::Single(comparison) => write!(f, "[{comparison}]"),
            Observation::And(list) => joined(f, list, " AND ", Observation::is_joined),
            Observation::Or(list) => {
                joined(f, list, " OR ", |one| matches!(one, Observation::Or(_) | Observation::FollowedBy(_)))
            }
            Observation::FollowedBy(list) => {
                joined(f, list, " FOLLOWEDBY ", |one| matches!(one, Observation::FollowedBy(_)))
            }
            Observation::Qualified(inner, qualifier) => {
                if inner.is_joined() {
                    write!(f, "({inner}) {qualifier}")
                } else {
                    write!(f, "{inner} {qualifier}")
                }
            }
        }
    }
}

impl Observation {
    fn is_joined(&self) -> bool {
        matches!(self, Observation::And(_) | Observation::Or(_) | Observation::FollowedBy(_))
    }
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Comparison::Test(test) => test.fmt(f),
            Comparison::Exists(path, negated) => {
                write!(f, "{}EXISTS {path}", if *negated { "NOT " } else { "" })
            }
            Comparison::And(list) => {
                joined(f, list, " AND ", |one| matches!(one, Comparison::And(_) | Comparison::Or(_)))
            }
            Comparison::Or(list) => joined(f, list, " OR ", |one| matches!(one, Comparison::Or(_))),
        }
    }
}

/// Writes a list, with parentheses around the elements that bind no closer than what joins them.
fn joined<T: Display>(
    f: &mut Formatter<'_>,
    list: &[T],
    word: &str,
    looser: impl Fn(&T) -> bool,
) -> fmt::Result {
    for (index, one) in list.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        if looser(one) {
            write!(f, "({one})")?;
        } else {
            one.fmt(f)?;
        }
    }
    Ok(())
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let not = if self.negated { "NOT " } else { "" };
        write!(f, "{} {not}{} ", self.path, self.operator.text())?;
        if self.operator == Operator::In {
            f.write_str("(")?;
            joined(f, &self.values, ", ", |_| false)?;
            return f.write_str(")");
        }
        joined(f, &self.values, ", ", |_| false)
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.object)?;
        for (index, step) in self.steps.iter().enumerate() {
            match step {
                Step::Key(key) => {
                    if index > 0 {
                        f.write_str(".")?;
                    }
                    if is_identifier(key) {
                        f.write_str(key)?;
                    } else {
                        quoted(f, key)?;
                    }
                }
                Step::Index(at) => write!(f, "[{at}]")?,
                Step::Any => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

/// Whether a key may be written without quotes: `[a-zA-Z_][a-zA-Z0-9_]*`.
fn is_identifier(key: &str) -> bool {
    key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && key.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

impl Display for Qualifier {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Qualifier::Within(seconds) => write!(f, "WITHIN {seconds} SECONDS"),
            Qualifier::Repeats(times) => write!(f, "REPEATS {times} TIMES"),
            Qualifier::StartStop(start, stop) => write!(f, "START t'{start}' STOP t'{stop}'"),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Text(text) => quoted(f, text),
            Literal::Integer(number) => number.fmt(f),
            Literal::Float(number) if number.fract() == 0.0 => write!(f, "{number}.0"),
            Literal::Float(number) => number.fmt(f),
            Literal::Boolean(value) => value.fmt(f),
            Literal::Binary(text) => write!(f, "b'{text}'"),
            Literal::Hex(text) => write!(f, "h'{text}'"),
            Literal::Time(text) => write!(f, "t'{text}'"),
        }
    }
}

fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("'")?;
    for part in text.split_inclusive(['\'', '\\']) {
        match part.char_indices().next_back() {
            Some((at, mark @ ('\'' | '\\'))) => {
                write!(f, "{}\\{mark}", part.get(..at).unwrap_or_default())?;
            }
            _ => f.write_str(part)?,
        }
    }
    f.write_str("'")
}
