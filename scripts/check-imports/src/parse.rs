//! One file as nested scopes: what each defines, declares, imports and mentions.

use std::collections::BTreeSet;

use crate::lex::{Token, tokens};

/// The names of a path: `crate::a::B` is `["crate", "a", "B"]`.
pub(crate) type Path = Vec<String>;

/// A file, or a module in braces.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// Names of items, without those in functions and `impl` blocks.
    pub(crate) definitions: BTreeSet<String>,
    /// `mod x;` with its line.
    pub(crate) declared: Vec<(String, usize)>,
    /// `mod x { … }`.
    pub(crate) inline: Vec<(String, Scope)>,
    pub(crate) uses: Vec<Use>,
    pub(crate) mentions: Vec<Mention>,
}

/// One name that a `use` brings.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) path: Path,
    /// What it is called here; none for `*`.
    pub(crate) alias: Option<String>,
    /// `pub use`, `pub(crate) use` and the like.
    pub(crate) is_public: bool,
    /// Inside a function: other files do not see it.
    pub(crate) is_local: bool,
    pub(crate) line: usize,
}

/// A path in code.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    pub(crate) path: Path,
    pub(crate) line: usize,
}

/// Whether test code counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tests {
    Kept,
    LeftOut,
}

/// Reads a file.
pub(crate) fn parse(source: &str, tests: Tests) -> Scope {
    let mut parser = Parser { tokens: tokens(source), at: 0, tests };
    parser.scope()
}

/// After these comes the name of an item.
const DEFINING: &[&str] =
    &["const", "enum", "fn", "macro_rules", "static", "struct", "trait", "type", "union"];

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    tests: Tests,
}

/// Open brackets of a scope, and which of them hold the variants of an enum.
#[derive(Default)]
struct Depth {
    open: usize,
    enums: Vec<usize>,
    is_enum_next: bool,
}

impl Depth {
    fn opens(&mut self, bracket: &str) {
        self.open += 1;
        if bracket == "{" && std::mem::take(&mut self.is_enum_next) {
            self.enums.push(self.open);
        }
    }

    fn closes(&mut self) {
        self.enums.pop_if(|depth| *depth == self.open);
        self.open = self.open.saturating_sub(1);
    }

    fn is_among_variants(&self) -> bool {
        self.enums.last() == Some(&self.open)
    }
}

impl<'a> Parser<'a> {
    /// Text of the token `offset` places from here; empty outside the file.
    fn text(&self, offset: isize) -> &'a str {
        let place = self.at.checked_add_signed(offset);
        place.and_then(|at| self.tokens.get(at)).map_or("", |token| token.text)
    }

    fn is_word(&self, offset: usize) -> bool {
        self.tokens.get(self.at + offset).is_some_and(Token::is_word)
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |token| token.line)
    }

    /// Reads on to the brace that closes this scope.
    fn scope(&mut self) -> Scope {
        let mut scope = Scope::default();
        let mut depth = Depth::default();
        while self.at < self.tokens.len() {
            match self.text(0) {
                "}" if depth.open == 0 => {
                    self.at += 1;
                    break;
                }
                bracket @ ("{" | "(" | "[") => {
                    depth.opens(bracket);
                    self.at += 1;
                }
                "}" | ")" | "]" => {
                    depth.closes();
                    self.at += 1;
                }
                "#" if matches!(self.text(1), "[" | "!") => self.attribute(&mut scope),
                "use" if self.text(1) != "<" => self.use_item(&mut scope, depth.open > 0),
                "mod" if self.is_word(1) => self.module(&mut scope),
                word if DEFINING.contains(&word) && self.defines() => {
                    self.definition(&mut scope, &mut depth);
                }
                _ if self.is_word(0) => self.path(&mut scope, &depth),
                _ => self.at += 1,
            }
        }
        scope
    }

    /// Test code and modules in other places (`#[path]`) are left out; of other attributes only longer paths count
    /// (`#[arg(value_parser = crate::x::y)]`).
    fn attribute(&mut self, scope: &mut Scope) {
        let is_inner = self.text(1) == "!";
        self.at += if is_inner { 2 } else { 1 };
        let end = self.group_end();
        let attribute = words(&self.tokens[self.at..end]);
        let is_test = self.tests == Tests::LeftOut && is_for_tests(&attribute);
        let is_elsewhere = attribute == ["path"];
        while self.at < end {
            if self.is_word(0) {
                let mention = self.mention();
                scope.mentions.extend(mention.filter(|m| m.path.len() > 1));
            } else {
                self.at += 1;
            }
        }
        if is_test && is_inner {
            self.at = self.tokens.len();
        } else if is_test || is_elsewhere {
            self.skip_item();
        }
    }

    /// Place behind the bracket that closes the one at the current place.
    fn group_end(&self) -> usize {
        let mut open = 0_usize;
        for (at, token) in self.tokens.iter().enumerate().skip(self.at) {
            match token.text {
                "{" | "(" | "[" => open += 1,
                "}" | ")" | "]" => open = open.saturating_sub(1),
                _ => {}
            }
            if open == 0 {
                return at + 1;
            }
        }
        self.tokens.len()
    }

    /// Skips an item, a statement or a field with its attributes.
    fn skip_item(&mut self) {
        while self.text(0) == "#" {
            self.at += 1;
            self.at = self.group_end();
        }
        let mut is_value = false;
        let mut is_item = false;
        while self.at < self.tokens.len() {
            match self.text(0) {
                "}" | ")" | "]" => return,
                ";" => {
                    self.at += 1;
                    return;
                }
                "," if !is_item => {
                    self.at += 1;
                    return;
                }
                bracket @ ("{" | "(" | "[") => {
                    self.at = self.group_end();
                    if bracket == "{" && !is_value {
                        return;
                    }
                }
                word => {
                    is_value |= !is_item && matches!(word, "=" | "use");
                    is_item |= matches!(word, "fn" | "impl" | "struct" | "enum" | "trait" | "type");
                    self.at += 1;
                }
            }
        }
    }

    fn module(&mut self, scope: &mut Scope) {
        let (name, line) = (self.text(1).to_owned(), self.line());
        let is_inline = self.text(2) == "{";
        self.at += 3;
        if is_inline {
            scope.inline.push((name, self.scope()));
        } else {
            scope.declared.push((name, line));
        }
    }

    /// Whether the keyword here is before a name: not in `*const T`, `const fn` or `fn(T)`.
    fn defines(&self) -> bool {
        let place = usize::from(matches!(self.text(1), "mut" | "!")) + 1;
        self.text(-1) != "*"
            && self.is_word(place)
            && !matches!(self.text(1), "fn" | "unsafe" | "async")
    }

    fn definition(&mut self, scope: &mut Scope, depth: &mut Depth) {
        depth.is_enum_next |= self.text(0) == "enum";
        self.at += usize::from(matches!(self.text(1), "mut" | "!")) + 1;
        if depth.open == 0 {
            scope.definitions.insert(self.text(0).to_owned());
        }
        self.at += 1;
    }

    fn use_item(&mut self, scope: &mut Scope, is_local: bool) {
        let is_public = self.is_public();
        self.at += 1;
        let mut leaves = Vec::new();
        self.use_tree(Path::new(), &mut leaves);
        scope.uses.extend(leaves.into_iter().map(|leaf| Use { is_public, is_local, ..leaf }));
    }

    /// Whether `pub`, `pub(crate)` or `pub(in a::b)` is before the current place.
    fn is_public(&self) -> bool {
        if self.text(-1) != ")" {
            return self.text(-1) == "pub";
        }
        let open = self.tokens[..self.at].iter().rposition(|token| token.text == "(");
        let before = open.and_then(|open| open.checked_sub(1));
        before.is_some_and(|before| self.tokens[before].text == "pub")
    }

    /// One branch of a `use`: ends before `,`, `}` or `;`.
    fn use_tree(&mut self, mut path: Path, leaves: &mut Vec<Use>) {
        let line = self.line();
        let leaf = |path, alias| Use { path, alias, is_public: false, is_local: false, line };
        loop {
            match self.text(0) {
                "," | "}" | ";" | "" => break,
                "{" => {
                    self.at += 1;
                    while !matches!(self.text(0), "}" | ";" | "") {
                        self.use_tree(path.clone(), leaves);
                        self.at += usize::from(self.text(0) == ",");
                    }
                    self.at += 1;
                    return;
                }
                "*" => {
                    self.at += 1;
                    leaves.push(leaf(path, None));
                    return;
                }
                // `::name` is another crate.
                "::" if path.is_empty() => path.push(String::new()),
                "as" => {
                    leaves.push(leaf(path, Some(self.text(1).to_owned())));
                    self.at += 2;
                    return;
                }
                "self" if !path.is_empty() => {}
                _ if self.is_word(0) => path.push(self.text(0).to_owned()),
                _ => {}
            }
            self.at += 1;
        }
        if let Some(name) = path.last().cloned() {
            leaves.push(leaf(path, Some(name)));
        }
    }

    fn path(&mut self, scope: &mut Scope, depth: &Depth) {
        let is_variant = depth.is_among_variants() && matches!(self.text(-1), "{" | "," | "]");
        let mention = self.mention();
        scope.mentions.extend(mention.filter(|m| !is_variant || m.path.len() > 1));
    }

    /// Reads the path that begins here. None where it is a field, a method, a part of another path, or a single name
    /// that could just as well be a variable: of these only types, constants and what is called count.
    fn mention(&mut self) -> Option<Mention> {
        let before = (self.text(-3), self.text(-2), self.text(-1));
        let line = self.line();
        let mut path = vec![self.text(0).to_owned()];
        self.at += 1;
        while self.text(0) == "::" && self.is_word(1) {
            path.push(self.text(1).to_owned());
            self.at += 2;
        }
        let is_a_place = match before {
            (_, before, ".") => before == ".",
            (_, _, "::") | ("pub", "(", "in") => false,
            (_, _, "$") => path[0] == "crate",
            _ => true,
        };
        let is_telling =
            path.len() > 1 || path[0].starts_with(char::is_uppercase) || self.text(0) == "(";
        (is_a_place && is_telling).then_some(Mention { path, line })
    }
}

fn words<'a>(attribute: &[Token<'a>]) -> Vec<&'a str> {
    attribute.iter().filter(|token| token.is_word()).map(|token| token.text).collect()
}

/// `#[test]`, `#[cfg(test)]`, `#[cfg(all(test, …))]`.
fn is_for_tests(attribute: &[&str]) -> bool {
    match attribute {
        ["test"] | ["cfg", "test"] => true,
        ["cfg", "all", rest @ ..] => {
            rest.contains(&"test") && !rest.iter().any(|word| matches!(*word, "not" | "any"))
        }
        _ => false,
    }
}
