//! The gallery, from outside: what is committed is what is drawn.

use std::fs;

use indoubt::report::gallery::Gallery;

use crate::support::{code, err, folder, out, path, run};

/// Those that are drawn in no time. All of them: `indoubt gallery --check`.
const QUICK: [&str; 6] = [
    "costs",
    "participants",
    "lock-hold",
    "latency",
    "queues",
    "in-doubt",
];

#[test]
fn the_committed_charts_are_those_that_their_commands_draw() {
    let only = QUICK.iter().flat_map(|name| ["--only", name]);
    let arguments: Vec<&str> = ["gallery", "--check"].into_iter().chain(only).collect();
    let checked = run(&arguments);
    assert_eq!(code(&checked), 0, "{}{}", out(&checked), err(&checked));
    assert_eq!(out(&checked), "12 of 12 files are as they were.\n");
}

#[test]
fn the_committed_page_is_that_of_the_gallery_and_shows_every_chart() {
    let text = fs::read_to_string(path("reports/gallery.toml")).expect("it is committed");
    let gallery = Gallery::parse(&text).expect("a gallery");
    let page = fs::read_to_string(path("reports/README.md")).expect("it is committed");
    assert_eq!(page, gallery.page(), "`indoubt gallery` writes it anew");
    for entry in &gallery.charts {
        let picture = entry.picture();
        for file in [picture.light, picture.dark] {
            let file = path("reports").join(file);
            assert!(file.exists(), "{} is not there", file.display());
        }
    }
}

#[test]
fn a_gallery_of_one_s_own_is_drawn_and_what_differs_is_said() {
    let folder = folder("gallery");
    let file = folder.join("talk.toml");
    let entry = "title = \"Talk\"\nabout = \"\"\n[[chart]]\nname = \"bill\"\nheading = \"The bill\"\n\
                 text = \"\"\ncommand = \"chart scenarios/lessons/01-happy-path.toml --of costs\"\n";
    fs::write(&file, entry).expect("it is writable");
    let shown = file.display().to_string();
    let drawn = run(&["gallery", &shown]);
    assert_eq!(code(&drawn), 0, "{}", err(&drawn));
    assert_eq!(code(&run(&["gallery", &shown, "--check"])), 0);
    fs::write(folder.join("gallery/bill.svg"), "<svg/>").expect("it is writable");
    let other = run(&["gallery", &shown, "--check"]);
    assert_eq!(code(&other), 1);
    assert!(
        out(&other).contains("bill.svg is not as it is drawn now"),
        "{}",
        out(&other)
    );

    for (command, why) in [
        (
            "run scenarios/points-mall.toml",
            "a chart is drawn by `chart` or by `measure`",
        ),
        ("chart --of nothing", "invalid value 'nothing'"),
        ("chart 'a", "a quotation mark of the command has no other"),
    ] {
        fs::write(
            &file,
            entry.replace(
                "chart scenarios/lessons/01-happy-path.toml --of costs",
                command,
            ),
        )
        .expect("it is writable");
        let refused = run(&["gallery", &shown]);
        assert_eq!(code(&refused), 2, "{command}");
        assert!(err(&refused).contains(why), "{command}: {}", err(&refused));
    }
    let unknown = run(&["gallery", "--only", "cliff"]);
    assert_eq!(code(&unknown), 2);
    assert!(err(&unknown).contains("there is no chart `cliff`; there are costs, "));
}
