//! The checker on small trees: what it must find, and what it must leave alone.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use check_imports::{Import, Imports, Rooms, RoomsError, circles};

/// Reads a crate of these files.
fn read(files: &[(&str, &str)]) -> Imports {
    let sources: BTreeMap<String, String> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Imports::read("own-name", &sources).unwrap()
}

/// `from:line name to` of every import.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let tell = |Import { from, line, name, to }: &Import| format!("{from}:{line} {name} {to}");
    read(files).imports.iter().map(tell).collect()
}

/// The files of every circle.
fn rings(files: &[(&str, &str)]) -> Vec<String> {
    let ring = |circle: &check_imports::Circle| {
        circle.0.iter().map(|tie| tie.from.as_str()).collect::<Vec<_>>().join(" ")
    };
    circles(&read(files).imports).iter().map(ring).collect()
}

const TWO: &str = "mod a; mod b;";

#[test]
fn two_files_that_import_each_other_are_a_circle() {
    let files = [
        ("lib.rs", TWO),
        ("a.rs", "use crate::b::B;\npub struct A(B);"),
        ("b.rs", "//! b\n\nuse super::a::A;\npub struct B(Box<A>);"),
    ];
    assert_eq!(rings(&files), ["a.rs b.rs"]);
    let circle = circles(&read(&files).imports)[0].to_string();
    assert_eq!(
        circle,
        "circle of 2 files:\n  a.rs takes from b.rs: `crate::b::B` (line 1)\n  \
         b.rs takes from a.rs: `super::a::A` (line 3)\n  \
         remedy: move what both need into a file that imports neither, or pass it as an argument"
    );
}

#[test]
fn three_files_in_a_ring_are_a_circle_and_a_chain_is_none() {
    let ring = |last| {
        rings(&[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "use crate::b::B; pub struct A;"),
            ("b.rs", "use crate::c::C; pub struct B;"),
            ("c.rs", last),
        ])
    };
    assert_eq!(ring("use crate::a::A; pub struct C;"), ["a.rs b.rs c.rs"]);
    assert_eq!(ring("pub struct C;"), [""; 0]);
}

#[test]
fn a_child_that_needs_its_parent_and_is_called_by_it_is_a_circle() {
    let parent = "mod child;\npub struct Error;\npub fn all() { child::read() }";
    let child = "use super::Error;\npub fn read() {}";
    let files = [("lib.rs", "mod room;"), ("room/mod.rs", parent), ("room/child.rs", child)];
    assert_eq!(rings(&files), ["room/child.rs room/mod.rs"]);
    let circle = circles(&read(&files).imports)[0].to_string();
    assert!(circle.ends_with(
        "move Error out of room/mod.rs into a separate file, which room/mod.rs may re-export"
    ));
}

#[test]
fn a_parent_that_only_declares_and_passes_on_imports_nothing() {
    let parent =
        "mod child;\npub use child::Read;\npub(crate) use self::child::*;\npub struct Error;";
    let child = "use super::Error;\npub struct Read;";
    let files = [("lib.rs", "mod room;"), ("room/mod.rs", parent), ("room/child.rs", child)];
    assert_eq!(told(&files), ["room/child.rs:1 super::Error room/mod.rs"]);
}

#[test]
fn what_a_parent_passes_on_and_uses_itself_it_imports() {
    let used = |code: &str| {
        let parent = format!("mod child;\npub use child::{{Read, read}};\n{code}");
        told(&[("lib.rs", &parent), ("child.rs", "pub struct Read; pub fn read() {}")])
    };
    let file = "child.rs";
    assert_eq!(used("fn f(x: Read) {}"), [format!("lib.rs:3 Read {file}")]);
    assert_eq!(used("fn f() { read() }"), [format!("lib.rs:3 read {file}")]);
    assert_eq!(used("fn f(read: u8) { x.read(); Other::Read; <Other>::Read; read + 1; }"), [""; 0]);
    assert_eq!(used("enum Command { Read(u8), #[a] Read }"), [""; 0]);
}

#[test]
fn what_a_parent_takes_for_itself_alone_it_imports() {
    let files = [("lib.rs", "mod child;\nuse child::Read;"), ("child.rs", "pub trait Read {}")];
    assert_eq!(told(&files), ["lib.rs:2 child::Read child.rs"]);
}

#[test]
fn a_variable_with_the_name_of_a_module_is_no_import() {
    let files = [("lib.rs", "mod read;\nfn f(read: fn()) { read() }"), ("read.rs", "")];
    assert_eq!(told(&files), [""; 0]);
}

#[test]
fn what_a_function_imports_for_itself_is_not_passed_on() {
    let files = [
        ("lib.rs", "mod a; mod b; mod user;"),
        ("a.rs", "made_by_a_macro!(X);\nfn f() { use crate::b::X; }"),
        ("b.rs", "pub struct X;"),
        ("user.rs", "use crate::a::X;"),
    ];
    assert_eq!(told(&files), ["a.rs:2 crate::b::X b.rs", "user.rs:1 crate::a::X a.rs"]);
}

#[test]
fn a_re_export_leads_to_the_file_that_defines_the_item() {
    let files = [
        ("lib.rs", "mod room; mod user;"),
        (
            "room/mod.rs",
            "mod inner; mod other; pub use inner::{deep::Foo, Bar as Baz}; pub use other::*;",
        ),
        ("room/inner/mod.rs", "pub mod deep; pub(super) use deep::Bar;"),
        ("room/inner/deep.rs", "pub struct Foo; pub struct Bar;"),
        ("room/other.rs", "use super::Foo; pub const SIZE: usize = 1;"),
        ("user.rs", "use crate::room::{Baz,\n    Foo, SIZE};"),
    ];
    assert_eq!(
        told(&files),
        [
            "room/other.rs:1 super::Foo room/inner/deep.rs",
            "user.rs:1 crate::room::Baz room/inner/deep.rs",
            "user.rs:2 crate::room::Foo room/inner/deep.rs",
            "user.rs:2 crate::room::SIZE room/other.rs",
        ]
    );
}

#[test]
fn a_re_export_from_elsewhere_is_an_import() {
    let files = [("lib.rs", TWO), ("a.rs", "pub use crate::b::B;"), ("b.rs", "pub struct B;")];
    assert_eq!(told(&files), ["a.rs:1 crate::b::B b.rs"]);
}

#[test]
fn all_forms_of_use_are_read() {
    let user = "use crate::{a::{b, c::{self, C}}, d};\nuse super::a::c::{C as D, make as _};\n\
                fn f() { b::call(); d::e::E::new(); c::other() }";
    let files = [
        ("lib.rs", "mod a; mod d; mod user;"),
        ("a.rs", "pub mod b; pub mod c;"),
        ("a/b.rs", "pub fn call() {}"),
        ("a/c.rs", "pub struct C; pub fn make() {} pub fn other() {}"),
        ("d/mod.rs", "pub mod e;"),
        ("d/e.rs", "pub struct E;"),
        ("user.rs", user),
    ];
    assert_eq!(
        told(&files),
        [
            "user.rs:3 b::call a/b.rs",
            "user.rs:3 c::other a/c.rs",
            "user.rs:1 crate::a::c::C a/c.rs",
            "user.rs:2 super::a::c::C a/c.rs",
            "user.rs:2 super::a::c::make a/c.rs",
            "user.rs:3 d::e::E::new d/e.rs",
        ]
    );
}

#[test]
fn a_star_leads_to_the_files_of_the_names_that_are_used() {
    let files = |code: &str| {
        let user = format!("use crate::room::*;\n{code}");
        told(&[
            ("lib.rs", "mod room; mod user;"),
            ("room/mod.rs", "mod one; pub use one::One; pub struct Two;"),
            ("room/one.rs", "pub struct One;"),
            ("user.rs", &user),
        ])
    };
    assert_eq!(files("fn f(one: One) {}"), ["user.rs:2 One room/one.rs"]);
    assert_eq!(files("fn f() {}"), ["user.rs:1 crate::room room/mod.rs"]);
}

#[test]
fn paths_in_code_are_imports() {
    let code = "fn f() -> crate::b::B {\n    let y = 0..crate::b::LAST;\n    log!(super::b::make);\n    {\n        use crate::b::g;\n    }\n}\n\
                #[arg(value_parser = crate::b::parse)]\nmacro_rules! m { () => { $crate::b::inside() } }";
    let all = "pub struct B; pub const LAST: u8 = 1; pub fn make() {} pub fn g() {} pub fn parse() {} pub fn inside() {}";
    assert_eq!(
        told(&[("lib.rs", TWO), ("a.rs", code), ("b.rs", all)]),
        [
            "a.rs:1 crate::b::B b.rs",
            "a.rs:2 crate::b::LAST b.rs",
            "a.rs:5 crate::b::g b.rs",
            "a.rs:9 crate::b::inside b.rs",
            "a.rs:8 crate::b::parse b.rs",
            "a.rs:3 super::b::make b.rs",
        ]
    );
}

#[test]
fn tests_comments_and_strings_do_not_count() {
    let code = r##"
        //! See [`crate::b::B`].
        /* crate::b::B /* nested */ crate::b::B */
        /// [`crate::b::B`]
        const TEXT: &str = "\" crate::b::B";
        const RAW: &str = r#"" crate::b::B "#;
        const BYTES: &[u8] = b"crate::b::B";
        const QUOTE: (char, char, u8) = ('"', '\'', b'"');
        fn f<'a>(x: &'a str) {}
        #[cfg(test)]
        use crate::b::B;
        #[cfg(all(test, unix))]
        #[allow(dead_code)]
        pub(crate) fn helper<A, B>(x: A) -> Vec<B> { crate::b::make() }
        #[cfg(test)]
        const ONE: crate::b::B = if true { ONE } else { crate::b::B };
        #[test]
        fn g() { crate::b::make() }
        #[cfg(test)]
        mod tests { use crate::b::B; mod deeper { use crate::b::B; } }
        #[cfg(test)]
        mod testing;
    "##;
    let files = [
        ("lib.rs", TWO),
        ("a.rs", code),
        ("a/testing.rs", "use crate::b::B;"),
        ("b.rs", "pub struct B;"),
    ];
    let read = read(&files);
    assert_eq!(read.imports, []);
    assert_eq!(read.files.iter().collect::<Vec<_>>(), ["a.rs", "b.rs", "lib.rs"]);
    assert!(read.unseen.is_empty());
}

#[test]
fn code_after_a_test_and_code_that_is_not_only_for_tests_counts() {
    let code = "#[cfg(test)]\nuse std::fmt;\n#[cfg(not(test))]\nuse crate::b::B;\n#[cfg(any(test, unix))]\nuse crate::b::C;\n\
                #[test]\nfn t() { }\nuse crate::b::D;";
    let b = "pub struct B; pub struct C; pub struct D;";
    let names = told(&[("lib.rs", TWO), ("a.rs", code), ("b.rs", b)]);
    assert_eq!(
        names,
        ["a.rs:4 crate::b::B b.rs", "a.rs:6 crate::b::C b.rs", "a.rs:9 crate::b::D b.rs"]
    );
}

#[test]
fn modules_in_braces_are_part_of_their_file() {
    let code = "pub struct Gate;\nmod system {\n    use super::Gate;\n    use super::super::b::B;\n    fn f() { inner::g() }\n    mod inner;\n}";
    let files = [
        ("lib.rs", TWO),
        ("a.rs", code),
        ("a/system/inner.rs", "pub fn g() {}"),
        ("b.rs", "pub struct B;"),
    ];
    assert_eq!(
        told(&files),
        ["a.rs:5 inner::g a/system/inner.rs", "a.rs:4 super::super::b::B b.rs"]
    );
}

#[test]
fn other_crates_do_not_count_and_the_program_sees_its_library() {
    let files = [
        ("lib.rs", "pub mod a; pub mod std_like;"),
        (
            "a.rs",
            "use serde_json::{Value, json};\nuse crate::json;\nuse ::own::a::B;\nfn f() { std::fs::read(); }",
        ),
        ("std_like.rs", ""),
        ("main.rs", "fn main() { own_name::a::run() }"),
    ];
    assert_eq!(told(&files), ["a.rs:2 crate::json lib.rs", "main.rs:1 own_name::a::run a.rs"]);
}

#[test]
fn a_module_with_the_name_of_a_foreign_macro_is_found() {
    let user = "use serde_json::json;\nuse crate::room::json;\nfn f() { json!({}); json::find() }";
    let files = [
        ("lib.rs", "mod room; mod user;"),
        ("room.rs", "pub mod json;"),
        ("room/json.rs", "pub fn find() {}"),
        ("user.rs", user),
    ];
    assert_eq!(told(&files), ["user.rs:3 json::find room/json.rs"]);
}

#[test]
fn names_that_lead_back_to_themselves_end() {
    let files = [
        ("lib.rs", TWO),
        ("a.rs", "pub use crate::b::*; pub use crate::b::X;"),
        ("b.rs", "pub use crate::a::*; pub use crate::a::X;"),
    ];
    assert_eq!(rings(&files), ["a.rs b.rs"]);
}

#[test]
fn halves_of_code_end() {
    for text in [
        "use a::{b; c",
        "use a::{",
        "mod",
        "/* /*",
        "\"",
        "r#\"\"",
        "'",
        "#[cfg(test)]",
        "}}",
        "#!",
        "pub(",
        "a::",
    ] {
        assert_eq!(told(&[("lib.rs", text)]), [""; 0], "{text}");
    }
}

#[test]
fn a_file_that_no_plain_declaration_leads_to_is_named() {
    let files = [("lib.rs", "commands! { mod a; }"), ("a.rs", ""), ("b.rs", "")];
    assert_eq!(read(&files).unseen.iter().collect::<Vec<_>>(), ["b.rs"]);
    let sources = BTreeMap::from([("lib.rs".to_owned(), "\nmod gone;".to_owned())]);
    let missing = Imports::read("x", &sources).unwrap_err().to_string();
    assert_eq!(missing, "lib.rs:2 declares `mod gone;`, but there is no file of that name");
}

const PAGE: &str =
    "# Page\n\n```text\nnot this\n```\n\n```rooms\ntop\nleft right\nbottom\n```\nnor this\n";

fn house(left: &str, bottom: &str) -> Imports {
    read(&[
        ("lib.rs", "mod top; mod left; mod right; mod bottom;"),
        ("top/mod.rs", "use crate::bottom::Low; use hall::High; mod hall;"),
        ("top/hall.rs", "pub struct High; use crate::left::Left;"),
        ("left.rs", left),
        ("right.rs", "pub struct Right;"),
        ("bottom.rs", bottom),
    ])
}

#[test]
fn only_imports_from_lower_floors_are_allowed() {
    let rooms = Rooms::read(PAGE).unwrap();
    let climbs = |left, bottom| {
        let climbs = rooms.climbs(&house(left, bottom).imports);
        climbs.iter().map(|c| format!("{} -> {}", c.from, c.to)).collect::<Vec<_>>()
    };
    assert_eq!(climbs("use crate::bottom::Low;", "pub struct Low;"), [""; 0]);
    assert_eq!(climbs("use crate::right::Right;", ""), ["left -> right"]);
    assert_eq!(climbs("", "fn f() { crate::top::hall::High; }"), ["bottom -> top"]);
    let climb = rooms.climbs(&house("", "\nuse crate::top::hall::High;").imports)[0].to_string();
    assert_eq!(
        climb,
        "climb: bottom.rs:2 takes `crate::top::hall::High` from top/hall.rs, but `top` is not below `bottom`\n  \
         remedy: move `crate::top::hall::High` to a room below both, or pass it as an argument; \
         if the order is wrong, change the block ```rooms"
    );
}

#[test]
fn the_list_names_every_room_and_no_other() {
    let of = house("", "");
    let page = PAGE.replace("left right", "left attic");
    let rooms = Rooms::read(&page).unwrap();
    assert_eq!(
        (rooms.unlisted(&of), rooms.missing(&of)),
        (vec!["right".to_owned()], vec!["attic".to_owned()])
    );
    assert_eq!(Rooms::read("# Page"), Err(RoomsError::NoBlock));
    assert_eq!(Rooms::read(&PAGE.replace("left", "top")), Err(RoomsError::Twice("top".to_owned())));
}
