//! Where in a row there is room for words: beside a sign or on a shaft, but
//! never under an arrow of another row, nor over other words.

use textwrap::core::display_width;

/// A letter of the picture's fixed-width type is so wide, in pixels.
pub(super) const LETTER: f64 = 9.7;
/// Words keep so far away from what would cross them.
const CLEAR: f64 = 5.0;
/// Words are not broken into narrower columns than this.
const NARROWEST: f64 = 14.0 * LETTER;
/// Words may stand so far from what they are about, if there is something
/// between.
pub(super) const REACH: f64 = 70.0;

/// Words in their place.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Words {
    pub(super) lines: Vec<String>,
    pub(super) x: f64,
    pub(super) anchor: Anchor,
}

/// What of a line of words stands at its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Anchor {
    #[default]
    Start,
    Middle,
    End,
}

/// Where words may stand: between two places, and which end they seek.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) seek: Anchor,
}

/// From here to there, in one direction.
pub(super) type Extent = (f64, f64);

impl Words {
    /// From where to where a line of them goes.
    pub(super) fn extent(&self, line: &str) -> Extent {
        let wide = long(line);
        match self.anchor {
            Anchor::Start => (self.x, self.x + wide),
            Anchor::Middle => (self.x - wide / 2.0, self.x + wide / 2.0),
            Anchor::End => (self.x - wide, self.x),
        }
    }
}

/// Words in the first of these places that has room for them in so many lines;
/// nearest to what they are about first. `anywhere`: they are about the whole
/// row.
pub(super) fn fit(
    words: &str,
    lines: usize,
    places: &[Place],
    taken: &[Extent],
    anywhere: bool,
) -> Option<Words> {
    for lines in 1..=lines {
        let reaches = match anywhere || lines > 3 {
            true => [0.5, REACH, f64::INFINITY].as_slice(),
            false => &[0.5, REACH],
        };
        for reach in reaches {
            let found = places
                .iter()
                .find_map(|place| place.fit((words, lines), taken, *reach));
            if found.is_some() {
                return found;
            }
        }
    }
    None
}

/// Words as they stand where nothing else would do: at the first place.
pub(super) fn regardless(words: &str, places: &[Place]) -> Words {
    let place = places[0];
    let room = (place.to - place.from).max(NARROWEST);
    Words {
        lines: broken(words, room),
        x: place.anchored((place.from, place.to)),
        anchor: place.seek,
    }
}

impl Place {
    fn anchored(self, (from, to): Extent) -> f64 {
        match self.seek {
            Anchor::Start => from,
            Anchor::Middle => f64::midpoint(from, to),
            Anchor::End => to,
        }
    }

    fn fit(self, (words, most): (&str, usize), taken: &[Extent], reach: f64) -> Option<Words> {
        let mut free = self.free(taken);
        match self.seek {
            Anchor::Start => {}
            Anchor::End => free.reverse(),
            Anchor::Middle => return self.on_shaft(words, &free),
        }
        free.into_iter().find_map(|(from, to)| {
            let away = match self.seek {
                Anchor::Start => from - self.from,
                _ => self.to - to,
            };
            let (room, needed) = (to - from, long(words));
            if away > reach || room < needed.min(NARROWEST) {
                return None;
            }
            let lines = broken(words, room);
            let fits = lines.len() <= most && lines.iter().all(|line| long(line) <= room);
            fits.then(|| Words {
                lines,
                x: self.anchored((from, to)),
                anchor: self.seek,
            })
        })
    }

    /// In the middle of a shaft, or as near to it as there is room.
    fn on_shaft(self, words: &str, free: &[Extent]) -> Option<Words> {
        let half = long(words) / 2.0;
        let middle = f64::midpoint(self.from, self.to);
        let places = free
            .iter()
            .filter(|(from, to)| to - from >= 2.0 * half)
            .map(|(from, to)| middle.clamp(from + half, to - half));
        let x = places.min_by(|a, b| (a - middle).abs().total_cmp(&(b - middle).abs()))?;
        Some(Words {
            lines: vec![words.to_owned()],
            x,
            anchor: Anchor::Middle,
        })
    }

    /// What of it is not taken, from left to right.
    fn free(self, taken: &[Extent]) -> Vec<Extent> {
        let mut taken: Vec<Extent> = taken.to_vec();
        taken.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut free = Vec::new();
        let mut from = self.from;
        for (left, right) in taken {
            if right + CLEAR <= from || left - CLEAR >= self.to {
                continue;
            }
            if left - CLEAR > from {
                free.push((from, left - CLEAR));
            }
            from = from.max(right + CLEAR);
        }
        if from < self.to {
            free.push((from, self.to));
        }
        free
    }
}

/// How long words are, in pixels.
pub(super) fn long(words: &str) -> f64 {
    LETTER * display_width(words) as f64
}

fn broken(words: &str, room: f64) -> Vec<String> {
    let letters = (room / LETTER + 0.01) as usize;
    let lines = textwrap::wrap(words, letters.max(1));
    lines.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten letters wide, from 0.
    fn place(letters: f64, seek: Anchor) -> Place {
        Place {
            from: 0.0,
            to: letters * LETTER,
            seek,
        }
    }

    #[test]
    fn words_go_around_what_would_cross_them() {
        let crossed = [(8.0 * LETTER, 8.0 * LETTER)];
        let beside = |lines| {
            let right = place(40.0, Anchor::Start);
            fit("rolls back: a conflict", lines, &[right], &crossed, false)
        };
        assert_eq!(beside(1), None, "too far away");
        let short = fit("ack", 1, &[place(40.0, Anchor::Start)], &crossed, false);
        assert_eq!(short.map(|words| words.x), Some(0.0));
        let anywhere = fit(
            "a long way off",
            1,
            &[place(40.0, Anchor::Start)],
            &crossed,
            true,
        );
        assert_eq!(anywhere.map(|words| words.x), Some(8.0 * LETTER + CLEAR));
    }

    #[test]
    fn words_stand_in_the_middle_of_their_shaft_unless_something_crosses_it() {
        let on = |taken: &[Extent]| {
            let words = fit("vote", 1, &[place(20.0, Anchor::Middle)], taken, false);
            words.map(|words| words.x)
        };
        assert_eq!(on(&[]), Some(10.0 * LETTER));
        let crossed = 9.0 * LETTER;
        assert_eq!(
            on(&[(crossed, crossed)]),
            Some(crossed + CLEAR + 2.0 * LETTER)
        );
        assert_eq!(on(&[(0.0, 20.0 * LETTER)]), None);
    }

    #[test]
    fn what_has_no_room_in_a_line_is_broken() {
        let words = fit(
            "waits for points[ash]",
            2,
            &[place(15.0, Anchor::End)],
            &[],
            false,
        );
        let words = words.expect("two lines are enough");
        assert_eq!(words.lines, ["waits for", "points[ash]"]);
        let (from, to) = words.extent("points[ash]");
        assert_eq!((libm::round(from), to), (39.0, 15.0 * LETTER));
    }
}
