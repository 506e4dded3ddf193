//! When requests come in an open loop.

use crate::scenario::{Arrivals, Burst, Ramp};
use crate::vocab::{Chance, Identity, SimDuration, SimTime, Stream};

/// When the request comes that follows one at `now`; `None` in a closed loop, and
/// where each has its own time.
///
/// A rate that changes is followed exactly: the next request comes when the rate, summed
/// over time, has grown by one; under Poisson, by an exponentially distributed amount
/// with this mean (Lewis & Shedler 1979, section 1: the inversion of the integrated
/// rate). Beside the logarithm only basic operations and square roots are used, which
/// are the same on every machine.
pub(super) fn next(
    arrivals: &Arrivals,
    chance: Chance,
    who: Identity,
    now: SimTime,
) -> Option<SimTime> {
    let &Arrivals::Open {
        every,
        poisson,
        ramp,
        burst,
    } = arrivals
    else {
        return None;
    };
    let rate = Rate { every, ramp, burst };
    Some(match (rate.is_constant(), poisson) {
        (true, true) => now + chance.exponential(Stream::Workload, who, every),
        (true, false) => now + every,
        (false, true) => rate.when(now, -libm::log(1.0 - chance.unit(Stream::Workload, who))),
        (false, false) => rate.when(now, 1.0),
    })
}

/// How often requests come, as it changes with time.
#[derive(Clone, Copy, Debug)]
struct Rate {
    every: SimDuration,
    ramp: Option<Ramp>,
    burst: Option<Burst>,
}

/// A stretch of time in which the rate changes evenly.
struct Stretch {
    /// Requests a microsecond at its beginning.
    from: f64,
    /// By how much that grows a microsecond.
    slope: f64,
    /// When it is over, if ever.
    ends: Option<u64>,
}

impl Rate {
    fn is_constant(self) -> bool {
        self.ramp.is_none() && self.burst.is_none()
    }

    /// When so many more requests have come as at `now`.
    fn when(self, now: SimTime, mut requests: f64) -> SimTime {
        let mut at = now.as_micros();
        loop {
            let Stretch { from, slope, ends } = self.stretch(at);
            let comes = from + libm::sqrt((from * from + 2.0 * slope * requests).max(0.0));
            let after = 2.0 * requests / comes;
            let Some(ends) = ends else {
                return SimTime::from_micros(at + libm::round(after) as u64);
            };
            let long = (ends - at) as f64;
            let until = long * (from + slope * long / 2.0);
            if requests < until {
                return SimTime::from_micros(at + libm::round(after) as u64);
            }
            requests -= until;
            at = ends;
        }
    }

    /// What holds from this microsecond on.
    fn stretch(self, at: u64) -> Stretch {
        let rate = |gap: SimDuration| 1.0 / gap.as_micros() as f64;
        let (mut from, mut slope, mut ends) = match self.ramp {
            Some(Ramp { to, over }) if at < over.as_micros() => {
                let slope = (rate(to) - rate(self.every)) / over.as_micros() as f64;
                let from = rate(self.every) + slope * at as f64;
                (from, slope, Some(over.as_micros()))
            }
            Some(Ramp { to, .. }) => (rate(to), 0.0, None),
            None => (rate(self.every), 0.0, None),
        };
        if let Some(burst) = self.burst {
            let (every, lasts) = (burst.every.as_micros(), burst.lasts.as_micros());
            let since = at % every;
            let bursts = at >= every && since < lasts;
            if bursts {
                from *= f64::from(burst.times);
                slope *= f64::from(burst.times);
            }
            let changes = at - since + if bursts { lasts } else { every };
            ends = Some(ends.map_or(changes, |ends| ends.min(changes)));
        }
        Stretch { from, slope, ends }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocab::Seed;

    /// The milliseconds at which requests come, until this one.
    fn coming(arrivals: &Arrivals, until: u64) -> Vec<u64> {
        let chance = Chance::new(Seed(1));
        let mut at = SimTime::ZERO;
        let times = (0u64..).map_while(|n| {
            let who = Identity::named("arrival").with(n);
            at = next(arrivals, chance, who, at)?;
            Some(at.as_micros() / 1_000)
        });
        times.take_while(|&millis| millis < until).collect()
    }

    fn open(poisson: bool, ramp: Option<Ramp>, burst: Option<Burst>) -> Arrivals {
        Arrivals::Open {
            every: SimDuration::from_millis(10),
            poisson,
            ramp,
            burst,
        }
    }

    fn within(times: &[u64], from: u64, to: u64) -> usize {
        times.iter().filter(|t| (from..to).contains(t)).count()
    }

    const BURST: Burst = Burst {
        every: SimDuration::from_millis(100),
        lasts: SimDuration::from_millis(20),
        times: 5,
    };

    const RAMP: Ramp = Ramp {
        to: SimDuration::from_millis(1),
        over: SimDuration::from_secs(1),
    };

    #[test]
    fn in_a_burst_requests_come_so_many_times_as_often() {
        let times = coming(&open(false, None, Some(BURST)), 300);
        // Ten in the calm before the first, then ten in each burst and eight after it.
        assert_eq!(within(&times, 0, 100), 9);
        assert_eq!(within(&times, 100, 121), 11);
        assert_eq!(within(&times, 121, 200), 7);
        assert_eq!(within(&times, 200, 221), 11);
    }

    #[test]
    fn on_a_ramp_the_rate_grows_evenly_and_then_stays() {
        let times = coming(&open(false, Some(RAMP), None), 2_000);
        // From 100 to 1000 a second: (100 + 325) / 2 a second in the first quarter, and
        // (775 + 1000) / 2 in the last.
        assert_eq!(within(&times, 0, 250), 53);
        assert_eq!(within(&times, 750, 1_000), 221);
        assert_eq!(within(&times, 1_000, 2_000), 1_000);
    }

    #[test]
    fn a_ramp_may_go_down() {
        let down = Arrivals::Open {
            every: RAMP.to,
            poisson: false,
            ramp: Some(Ramp {
                to: SimDuration::from_millis(10),
                ..RAMP
            }),
            burst: None,
        };
        let times = coming(&down, 2_000);
        assert_eq!(within(&times, 0, 1_000), 549);
        assert_eq!(within(&times, 1_000, 2_000), 100);
    }

    #[test]
    fn a_poisson_process_has_the_same_mean_everywhere() {
        let times = coming(&open(true, Some(RAMP), Some(BURST)), 40_000);
        // From the ramp's end on, every 100 ms: 20 at five times 1 a millisecond, 80 at
        // once.
        let bursts: usize = (20..400)
            .map(|n| within(&times, n * 100, n * 100 + 20))
            .sum();
        let calm: usize = (20..400)
            .map(|n| within(&times, n * 100 + 20, n * 100 + 100))
            .sum();
        assert!((bursts as f64 / 38_000.0 - 1.0).abs() < 0.02, "{bursts}");
        assert!((calm as f64 / 30_400.0 - 1.0).abs() < 0.02, "{calm}");
    }

    #[test]
    fn a_ramp_to_the_same_rate_is_none() {
        let flat = Ramp {
            to: SimDuration::from_millis(10),
            over: SimDuration::from_millis(333),
        };
        let plain = coming(&open(true, None, None), 10_000);
        let ramped = coming(&open(true, Some(flat), None), 10_000);
        assert_eq!(plain.len(), ramped.len());
    }
}
