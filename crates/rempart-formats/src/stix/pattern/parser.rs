//! From words to a pattern, by recursive descent of bounded depth.

use super::PatternError;
use super::ast::{Comparison, Literal, Observation, Operator, Path, Pattern, Qualifier, Step, Test};
use super::token::{Lexer, Token, wrong};

/// Deepest nesting of parentheses.
const DEEPEST: usize = 40;

/// Reads a pattern. Keywords are taken in upper and lower case.
///
/// # Errors
/// Where the text is not a pattern, or nests its parentheses too deeply.
pub fn parse(text: &str) -> Result<Pattern, PatternError> {
    let mut lexer = Lexer::new(text);
    let (at, token) = lexer.next()?;
    let mut parser = Parser { lexer, at, token, depth: 0 };
    let root = parser.observations()?;
    match parser.token {
        Token::End => Ok(Pattern { root }),
        _ => Err(parser.expected("AND, OR, FOLLOWEDBY, a qualifier or the end")),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    at: usize,
    token: Token<'a>,
    depth: usize,
}

impl<'a> Parser<'a> {
    fn advance(&mut self) -> Result<Token<'a>, PatternError> {
        let (at, next) = self.lexer.next()?;
        self.at = at;
        Ok(std::mem::replace(&mut self.token, next))
    }

    fn expected(&self, what: &str) -> PatternError {
        wrong(self.at, format!("{what} expected"))
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.token, Token::Word(found) if found.eq_ignore_ascii_case(word))
    }

    fn take_word(&mut self, word: &str) -> Result<bool, PatternError> {
        let found = self.is_word(word);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn take_sign(&mut self, sign: &str) -> Result<bool, PatternError> {
        let found = matches!(self.token, Token::Sign(found) if found == sign);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn want_sign(&mut self, sign: &str) -> Result<(), PatternError> {
        if self.take_sign(sign)? { Ok(()) } else { Err(self.expected(sign)) }
    }

    fn want_word(&mut self, word: &str) -> Result<(), PatternError> {
        if self.take_word(word)? { Ok(()) } else { Err(self.expected(word)) }
    }

    fn deeper(&mut self) -> Result<(), PatternError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(wrong(self.at, format!("parentheses nested deeper than {DEEPEST} levels")));
        }
        Ok(())
    }

    /// A list joined by one keyword; alone, its element stands for itself.
    fn list<T>(
        &mut self,
        word: &str,
        element: fn(&mut Self) -> Result<T, PatternError>,
        join: fn(Vec<T>) -> T,
    ) -> Result<T, PatternError> {
        let first = element(self)?;
        if !self.is_word(word) {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.take_word(word)? {
            all.push(element(self)?);
        }
        Ok(join(all))
    }

    fn observations(&mut self) -> Result<Observation, PatternError> {
        self.list("FOLLOWEDBY", Self::observation_or, Observation::FollowedBy)
    }

    fn observation_or(&mut self) -> Result<Observation, PatternError> {
        self.list("OR", Self::observation_and, Observation::Or)
    }

    fn observation_and(&mut self) -> Result<Observation, PatternError> {
        self.list("AND", Self::observation, Observation::And)
    }

    fn observation(&mut self) -> Result<Observation, PatternError> {
        let mut observation = if self.take_sign("[")? {
            let comparison = self.comparison_or()?;
            self.want_sign("]")?;
            Observation::Single(comparison)
        } else if self.take_sign("(")? {
            self.deeper()?;
            let inner = self.observations()?;
            self.depth -= 1;
            self.want_sign(")")?;
            inner
        } else {
            return Err(self.expected("[ or ("));
        };
        let mut qualifiers = 0;
        while let Some(qualifier) = self.qualifier()? {
            qualifiers += 1;
            if qualifiers > DEEPEST {
                return Err(wrong(self.at, "too many qualifiers of one observation"));
            }
            observation = Observation::Qualified(Box::new(observation), qualifier);
        }
        Ok(observation)
    }

    fn qualifier(&mut self) -> Result<Option<Qualifier>, PatternError> {
        if self.take_word("WITHIN")? {
            let seconds = match self.token {
                Token::Integer(seconds) if seconds >= 0 => seconds as f64,
                Token::Float(seconds) if seconds >= 0.0 => seconds,
                _ => return Err(self.expected("a number of seconds")),
            };
            self.advance()?;
            self.want_word("SECONDS")?;
            return Ok(Some(Qualifier::Within(seconds)));
        }
        if self.take_word("REPEATS")? {
            let Token::Integer(times @ 1..) = self.token else {
                return Err(self.expected("a number of times"));
            };
            self.advance()?;
            self.want_word("TIMES")?;
            return Ok(Some(Qualifier::Repeats(times)));
        }
        if self.take_word("START")? {
            let start = self.time()?;
            self.want_word("STOP")?;
            return Ok(Some(Qualifier::StartStop(start, self.time()?)));
        }
        Ok(None)
    }

    /// A time; STIX 2.0 wrote it as a text.
    fn time(&mut self) -> Result<Box<str>, PatternError> {
        let time: Box<str> = match &self.token {
            Token::Typed(b't', time) => (*time).into(),
            Token::Text(time) if rempart_model::Timestamp::parse(time).is_ok() => (&**time).into(),
            _ => return Err(self.expected("a time such as t'2026-01-31T00:00:00Z'")),
        };
        self.advance()?;
        Ok(time)
    }

    fn comparison_or(&mut self) -> Result<Comparison, PatternError> {
        self.list("OR", Self::comparison_and, Comparison::Or)
    }

    fn comparison_and(&mut self) -> Result<Comparison, PatternError> {
        self.list("AND", Self::comparison, Comparison::And)
    }

    fn comparison(&mut self) -> Result<Comparison, PatternError> {
        if self.take_sign("(")? {
            self.deeper()?;
            let inner = self.comparison_or()?;
            self.depth -= 1;
            self.want_sign(")")?;
            return Ok(inner);
        }
        if self.is_word("NOT") {
            self.advance()?;
            self.want_word("EXISTS")?;
            return Ok(Comparison::Exists(self.path()?, true));
        }
        if self.take_word("EXISTS")? {
            return Ok(Comparison::Exists(self.path()?, false));
        }
        let path = self.path()?;
        let negated = self.take_word("NOT")?;
        let operator = self.operator()?;
        let values = if operator == Operator::In { self.set()? } else { vec![self.literal()?] };
        let texts = matches!(
            operator,
            Operator::Like | Operator::Matches | Operator::IsSubset | Operator::IsSuperset
        );
        if texts && !matches!(values.first(), Some(Literal::Text(_))) {
            return Err(wrong(self.at, format!("{} takes a text in quotes", operator.text())));
        }
        Ok(Comparison::Test(Test { path, negated, operator, values }))
    }

    fn operator(&mut self) -> Result<Operator, PatternError> {
        let operator = match self.token {
            Token::Sign("=" | "==") => Operator::Equal,
            Token::Sign("!=" | "<>" | "≠") => Operator::NotEqual,
            Token::Sign("<") => Operator::Less,
            Token::Sign("<=") => Operator::LessOrEqual,
            Token::Sign(">") => Operator::Greater,
            Token::Sign(">=") => Operator::GreaterOrEqual,
            Token::Word(word) => {
                use Operator::{In, IsSubset, IsSuperset, Like, Matches};
                [In, Like, Matches, IsSubset, IsSuperset]
                    .into_iter()
                    .find(|operator| operator.text().eq_ignore_ascii_case(word))
                    .ok_or_else(|| self.expected("a comparison operator"))?
            }
            _ => return Err(self.expected("a comparison operator")),
        };
        self.advance()?;
        Ok(operator)
    }

    fn set(&mut self) -> Result<Vec<Literal>, PatternError> {
        self.want_sign("(")?;
        let mut values = Vec::new();
        if self.take_sign(")")? {
            return Ok(values);
        }
        loop {
            values.push(self.literal()?);
            if !self.take_sign(",")? {
                self.want_sign(")")?;
                return Ok(values);
            }
        }
    }

    fn literal(&mut self) -> Result<Literal, PatternError> {
        let literal = match &self.token {
            Token::Text(text) => Literal::Text((&**text).into()),
            Token::Integer(number) => Literal::Integer(*number),
            Token::Float(number) => Literal::Float(*number),
            Token::Typed(b'b', text) => Literal::Binary((*text).into()),
            Token::Typed(b'h', text) => Literal::Hex((*text).into()),
            Token::Typed(_, text) => Literal::Time((*text).into()),
            Token::Word(word) if word.eq_ignore_ascii_case("true") => Literal::Boolean(true),
            Token::Word(word) if word.eq_ignore_ascii_case("false") => Literal::Boolean(false),
            _ => return Err(self.expected("a constant")),
        };
        self.advance()?;
        Ok(literal)
    }

    fn path(&mut self) -> Result<Path, PatternError> {
        let Token::Word(object) = self.token else {
            return Err(self.expected("an object path such as domain-name:value"));
        };
        self.advance()?;
        self.want_sign(":")?;
        let mut steps = vec![self.key()?];
        loop {
            if self.take_sign(".")? {
                steps.push(self.key()?);
            } else if self.take_sign("[")? {
                steps.push(match self.token {
                    Token::Sign("*") => Step::Any,
                    Token::Integer(at) => Step::Index(at),
                    _ => return Err(self.expected("an index or *")),
                });
                self.advance()?;
                self.want_sign("]")?;
            } else {
                return Ok(Path { object: object.into(), steps });
            }
        }
    }

    fn key(&mut self) -> Result<Step, PatternError> {
        let key = match &self.token {
            Token::Word(word) => Step::Key((*word).into()),
            Token::Text(text) => Step::Key((&**text).into()),
            _ => return Err(self.expected("a property")),
        };
        self.advance()?;
        Ok(key)
    }
}
