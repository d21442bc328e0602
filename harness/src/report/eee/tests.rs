use super::*;

/// The forms that the store's validator asks for.
#[test]
fn paths_and_ids_have_the_form_of_the_store() {
    let hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    assert_eq!(uuid(hash), "01234567-89ab-4def-8123-456789abcdef");
    assert_eq!(uuid(""), "00000000-0000-4000-8000-000000000000");
    assert_eq!(part("llama.cpp:smollm2"), "llama.cpp-smollm2");
    assert_eq!(part("data"), "x-data");
    assert_eq!(part(".."), "x-");
    assert_eq!(model_id("a b"), "culture-eval/a-b");
}

#[test]
fn details_hold_texts_that_are_not_empty() {
    let found = details([("a", "x".to_owned()), ("b", String::new())]);
    assert_eq!(found, serde_json::json!({"a": "x"}));
}
