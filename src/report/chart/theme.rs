use plotters::style::RGBColor;

use super::scene::Ink;
use crate::protocol::ProtocolKind;

/// On what a chart is to be looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    #[default]
    Light,
    /// Light on dark.
    Dark,
}

/// The colours of what is compared: those of Okabe & Ito (2008), which people with
/// any kind of colour vision tell apart; on dark paper a little lighter. Those of the
/// protocols that ship come first.
const SERIES: [[(u8, u8, u8); 7]; 2] = [
    [
        (90, 90, 90),
        (0, 114, 178),
        (213, 94, 0),
        (0, 158, 115),
        (204, 121, 167),
        (230, 159, 0),
        (86, 180, 233),
    ],
    [
        (190, 190, 190),
        (86, 180, 233),
        (240, 150, 60),
        (60, 200, 160),
        (225, 150, 195),
        (240, 228, 66),
        (120, 140, 250),
    ],
];

const SHIPPED: usize = ProtocolKind::ALL.len();

impl Theme {
    pub(super) fn paper(self) -> RGBColor {
        match self {
            Theme::Light => RGBColor(255, 255, 255),
            Theme::Dark => RGBColor(24, 26, 30),
        }
    }

    pub(super) fn colour(self, ink: Ink) -> RGBColor {
        let light = self == Theme::Light;
        let pick = |on_light: (u8, u8, u8), on_dark: (u8, u8, u8)| {
            let (r, g, b) = if light { on_light } else { on_dark };
            RGBColor(r, g, b)
        };
        match ink {
            Ink::Text => pick((28, 28, 28), (236, 236, 236)),
            Ink::Quiet => pick((96, 96, 96), (168, 168, 168)),
            Ink::Rule => pick((216, 216, 216), (62, 66, 72)),
            Ink::Paper => self.paper(),
            Ink::Panel => pick((247, 247, 247), (32, 35, 40)),
            Ink::Fault => pick((250, 222, 205), (78, 50, 38)),
            Ink::Series(n) => {
                let (shipped, brought) = SERIES[usize::from(!light)].split_at(SHIPPED);
                let colour = match n.checked_sub(SHIPPED) {
                    None => shipped[n],
                    Some(n) => brought[n % brought.len()],
                };
                pick(colour, colour)
            }
        }
    }
}
