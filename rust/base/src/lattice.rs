//! Whether elements of strided arrays share memory.
//!
//! Element `i` of an array lies at `start + Σ strideₖ·iₖ`. Two elements coincide where a sum of strides, each times an
//! integer of an interval, is a given distance: for an array and itself the integers are differences of two indices, for
//! two arrays the indices in one and in the other. The sums are searched from the longest stride to the shortest, and a
//! branch ends where what is left cannot be reached any more. For the layouts that views make that takes some dozens of steps.

use smallvec::SmallVec;

/// Steps after which memory counts as shared, some 0.1 ms: in general the question is as hard as packing a knapsack.
const MOST_STEPS: usize = 1 << 15;

/// A stride, and the interval of the integers it is taken times.
#[derive(Clone, Copy)]
struct Term {
    stride: i128,
    low: i128,
    high: i128,
}

impl Term {
    fn least(&self) -> i128 {
        self.stride * self.low
    }

    fn most(&self) -> i128 {
        self.stride * self.high
    }
}

/// Terms from the longest stride to the shortest, those of one stride as one.
fn ordered(mut terms: SmallVec<[Term; 8]>) -> SmallVec<[Term; 8]> {
    terms.sort_unstable_by_key(|term| std::cmp::Reverse(term.stride));
    terms.dedup_by(|next, kept| {
        let same = next.stride == kept.stride;
        if same {
            kept.low += next.low;
            kept.high += next.high;
        }
        same
    });
    terms
}

/// Whether the terms can add up to `distance`, if `some` then with not all integers zero.
fn reaches(terms: &[Term], distance: i128, some: bool, steps: &mut usize) -> bool {
    let Some((term, rest)) = terms.split_first() else { return distance == 0 && !some };
    let (least, most) = rest.iter().fold((0, 0), |(low, high), term| (low + term.least(), high + term.most()));
    let step = rest.iter().fold(0, |step, term| gcd(step, term.stride));
    let first = (distance - most).div_euclid(term.stride) + i128::from((distance - most).rem_euclid(term.stride) != 0);
    let last = (distance - least).div_euclid(term.stride);
    // What sums to zero does so with all signs changed, too: the first integer other than zero may be a positive one.
    let low = if some && distance == 0 { 0 } else { term.low };
    for times in first.max(low)..=last.min(term.high) {
        if *steps == 0 {
            return true;
        }
        *steps -= 1;
        let left = distance - times * term.stride;
        let divides = if step == 0 { left == 0 } else { left % step == 0 };
        if divides && reaches(rest, left, some && times == 0, steps) {
            return true;
        }
    }
    false
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// Whether two elements of an array of this layout share memory.
pub fn overlaps_itself(shape: &[usize], strides: &[isize]) -> bool {
    if shape.contains(&0) {
        return false;
    }
    let mut terms: SmallVec<[Term; 8]> = SmallVec::new();
    for (&size, &stride) in shape.iter().zip(strides).filter(|(size, _)| **size > 1) {
        let (stride, most) = (stride.unsigned_abs() as i128, size as i128 - 1);
        // Two axes of one stride meet after a step along each, one of none after a step.
        if stride == 0 || terms.iter().any(|other| other.stride == stride) {
            return true;
        }
        terms.push(Term { stride, low: -most, high: most });
    }
    reaches(&ordered(terms), 0, true, &mut { MOST_STEPS })
}

/// Elements in memory: where the first begins, how many bytes each has, and the layout, in elements.
#[derive(Clone, Copy)]
pub struct Placed<'a> {
    /// Address of the first element.
    pub start: usize,
    /// Bytes of an element.
    pub width: usize,
    /// Sizes per axis.
    pub shape: &'a [usize],
    /// Strides in elements.
    pub strides: &'a [isize],
}

impl Placed<'_> {
    /// Its bytes along the axes; those of the second of two arrays count the other way.
    fn terms(&self, negated: bool) -> impl Iterator<Item = Term> {
        let width = self.width as i128;
        let axes = self.shape.iter().zip(self.strides).map(move |(&size, &stride)| (size, stride as i128 * width));
        let whole = axes.chain([(self.width, 1)]).filter(|(size, stride)| *size > 1 && *stride != 0);
        whole.map(move |(size, stride)| {
            let most = size as i128 - 1;
            let (low, high) = if (stride < 0) == negated { (0, most) } else { (-most, 0) };
            Term { stride: stride.abs(), low, high }
        })
    }
}

/// Whether an element of one shares a byte with an element of the other.
pub fn share_elements(a: Placed<'_>, b: Placed<'_>) -> bool {
    if a.shape.contains(&0) || b.shape.contains(&0) {
        return false;
    }
    let terms = ordered(a.terms(false).chain(b.terms(true)).collect());
    reaches(&terms, b.start as i128 - a.start as i128, false, &mut { MOST_STEPS })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Offsets of all elements, in row-major order.
    fn offsets(shape: &[usize], strides: &[isize]) -> Vec<isize> {
        shape.iter().zip(strides).fold(vec![0], |offsets, (&size, &stride)| {
            offsets.iter().flat_map(|offset| (0..size as isize).map(move |i| offset + i * stride)).collect()
        })
    }

    /// Small numbers, the same every time.
    fn draws(most: u64) -> impl FnMut() -> u64 {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % most
        }
    }

    fn layout(draw: &mut impl FnMut() -> u64) -> (Vec<usize>, Vec<isize>) {
        let rank = draw() % 4;
        (0..rank).map(|_| ((draw() % 5) as usize, draw() as isize - 6)).unzip()
    }

    #[test]
    fn overlap_with_itself_is_what_the_offsets_say() {
        let mut draw = draws(13);
        for _ in 0..20_000 {
            let (shape, strides) = layout(&mut draw);
            let mut all = offsets(&shape, &strides);
            let count = all.len();
            all.sort_unstable();
            all.dedup();
            assert_eq!(overlaps_itself(&shape, &strides), all.len() < count, "{shape:?} {strides:?}");
        }
    }

    #[test]
    fn elements_are_shared_where_their_bytes_are() {
        let mut draw = draws(13);
        for _ in 0..20_000 {
            let (a, b) = (layout(&mut draw), layout(&mut draw));
            let (widths, starts) = ([1 << (draw() % 3), 1 << (draw() % 3)], [1000, 1000 + draw() as usize]);
            let bytes = |layout: &(Vec<usize>, Vec<isize>), n: usize| -> Vec<isize> {
                let first = offsets(&layout.0, &layout.1).into_iter();
                let width: usize = widths[n];
                first
                    .flat_map(|o| (0..width as isize).map(move |i| starts[n] as isize + o * width as isize + i))
                    .collect()
            };
            let (in_a, in_b) = (bytes(&a, 0), bytes(&b, 1));
            let placed = |layout: &'_ (Vec<usize>, Vec<isize>), n: usize| (layout.0.clone(), layout.1.clone(), n);
            let ((sa, ta, na), (sb, tb, nb)) = (placed(&a, 0), placed(&b, 1));
            let found = share_elements(
                Placed { start: starts[na], width: widths[na], shape: &sa, strides: &ta },
                Placed { start: starts[nb], width: widths[nb], shape: &sb, strides: &tb },
            );
            assert_eq!(found, in_a.iter().any(|byte| in_b.contains(byte)), "{a:?} {b:?} {widths:?} {starts:?}");
        }
    }

    #[test]
    fn layouts_of_views_take_few_steps() {
        // 4096 × 4096 of windows of 3 × 3, two apart, and of 3 apart.
        let windows = |apart: isize| ([1365, 1365, 3, 3], [4096 * apart, apart, 4096, 1]);
        assert!(overlaps_itself(&windows(2).0, &windows(2).1));
        assert!(!overlaps_itself(&windows(3).0, &windows(3).1));
        let mut steps = MOST_STEPS;
        let terms = [(4096 * 3, 1364), (4096, 2), (3, 1364), (1, 2)].map(|(stride, most)| Term {
            stride,
            low: -most,
            high: most,
        });
        assert!(!reaches(&terms, 0, true, &mut steps));
        assert!(MOST_STEPS - steps < 100, "{} steps", MOST_STEPS - steps);
    }

    #[test]
    fn what_takes_too_long_counts_as_shared() {
        let terms = [(1_000_003, 5_000), (999_983, 5_000), (999_979, 5_000), (999_961, 5_000), (999_959, 5_000)];
        let terms = terms.map(|(stride, most)| Term { stride, low: 0, high: most });
        assert!(reaches(&terms, 12_345_678_901, false, &mut 1_000));
    }
}
