//! Rules of the craft, broken by name: refused, then allowed and accepted, and
//! with nothing to allow refused again.

use super::super::*;
use super::{SMALL, small_with};

/// A breach for every name: what is replaced, and by what.
const BREACHES: [(&str, &str, &str); 8] = [
    (
        "compensable-after-pivot",
        "service = \"welcome\"\nkind = \"retriable\"\ndo = [{ perform = \"mail\" }]",
        "service = \"points\"\nkind = \"compensable\"\ndo = [{ take = \"points\", amount = 1 }]\ncompensation = { name = \"back\", do = [{ give = \"points\", amount = 1 }] }",
    ),
    ("second-pivot", "kind = \"retriable\"", "kind = \"pivot\""),
    (
        "retriable-before-pivot",
        "[[steps]]\nname = \"unlock\"",
        "[[steps]]\nname = \"early\"\nservice = \"points\"\nkind = \"retriable\"\ndo = [{ give = \"points\", amount = 1 }]\n\n[[steps]]\nname = \"unlock\"",
    ),
    (
        "no-compensation",
        "compensation = { name = \"refund\", do = [{ give = \"points\", amount = 50 }] }\n",
        "",
    ),
    (
        "irrevocable-before-pivot",
        "[[steps]]\nname = \"unlock\"",
        "[[steps]]\nname = \"early\"\nservice = \"welcome\"\nkind = \"compensable\"\ndo = [{ perform = \"mail\" }]\ncompensation = { name = \"nothing\", do = [{ give = \"sorry\", amount = 1 }] }\n\n[resources.sorry]\nkind = \"counter\"\nservice = \"welcome\"\ninitial = 0\n\n[[steps]]\nname = \"unlock\"",
    ),
    (
        "irrevocable-compensation",
        "[[steps]]\nname = \"unlock\"",
        "[[steps]]\nname = \"early\"\nservice = \"welcome\"\nkind = \"compensable\"\ndo = [{ give = \"sorry\", amount = 1 }]\ncompensation = { name = \"regret\", do = [{ perform = \"mail\" }] }\n\n[resources.sorry]\nkind = \"counter\"\nservice = \"welcome\"\ninitial = 0\n\n[[steps]]\nname = \"unlock\"",
    ),
    (
        "compensation-can-fail",
        "do = [{ take = \"points\", amount = 50 }]\ncompensation = { name = \"refund\", do = [{ give = \"points\", amount = 50 }] }",
        "do = [{ give = \"points\", amount = 50 }]\ncompensation = { name = \"refund\", do = [{ take = \"points\", amount = 50 }] }",
    ),
    (
        "retriable-can-fail",
        "service = \"welcome\"\nkind = \"retriable\"\ndo = [{ perform = \"mail\" }]",
        "service = \"points\"\nkind = \"retriable\"\ndo = [{ take = \"points\", amount = 30 }]",
    ),
];

#[test]
fn a_rule_is_broken_only_by_name() {
    for (rule, replaced, by) in BREACHES {
        let text = small_with(replaced, by);
        let refused = parse("small.toml", &text).expect_err(rule).to_string();
        let hint = format!("allow = [\"{rule}\"]");
        assert!(refused.contains(&hint), "{refused}");

        let allowed = parse("small.toml", &format!("{hint}\n{text}"));
        let allowed = allowed.unwrap_or_else(|errors| panic!("{rule}: {errors}"));
        assert!(!allowed.business.steps.is_empty());

        let idle = parse("small.toml", &format!("{hint}\n{SMALL}"));
        let idle = idle.expect_err(rule).to_string();
        assert!(idle.contains(&format!("nothing here needs `{rule}`")));
    }
}
