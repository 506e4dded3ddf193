//! Delta debugging: of a list, as few entries as still do it.

/// The smallest sublist that `still` accepts, found by leaving out ever smaller
/// parts (Zeller & Hildebrandt 2002, figure 6, complements only: a fault alone is
/// a complement soon enough). `still` is given what is to be tried; it accepts
/// `all`.
pub(super) fn ddmin<T: Clone>(all: &[T], mut still: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut kept = all.to_vec();
    if !kept.is_empty() && still(&[]) {
        return Vec::new();
    }
    let mut parts = 2;
    while kept.len() > 1 {
        let size = kept.len().div_ceil(parts);
        let mut smaller = None;
        for start in (0..kept.len()).step_by(size) {
            let end = (start + size).min(kept.len());
            let rest: Vec<T> = kept[..start].iter().chain(&kept[end..]).cloned().collect();
            if !rest.is_empty() && still(&rest) {
                smaller = Some(rest);
                break;
            }
        }
        match smaller {
            Some(rest) => {
                kept = rest;
                parts = (parts - 1).max(2);
            }
            None if parts >= kept.len() => break,
            None => parts = (parts * 2).min(kept.len()),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_needed_is_left_out() {
        let all: Vec<u32> = (0..100).collect();
        let needs =
            |wanted: &'static [u32]| move |tried: &[u32]| wanted.iter().all(|w| tried.contains(w));
        assert_eq!(ddmin(&all, needs(&[17])), [17]);
        assert_eq!(ddmin(&all, needs(&[3, 96])), [3, 96]);
        assert_eq!(ddmin(&all, needs(&[0, 50, 99])), [0, 50, 99]);
        assert!(ddmin(&all, needs(&[])).is_empty());
    }

    #[test]
    fn what_is_left_cannot_lose_any_one_entry() {
        let all: Vec<u32> = (0..40).collect();
        // At least three odd ones.
        let still = |tried: &[u32]| tried.iter().filter(|n| *n % 2 == 1).count() >= 3;
        let kept = ddmin(&all, still);
        assert_eq!(kept.len(), 3);
        for n in 0..kept.len() {
            let mut less = kept.clone();
            less.remove(n);
            assert!(!still(&less));
        }
    }
}
