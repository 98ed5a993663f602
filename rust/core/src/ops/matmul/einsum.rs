//! `einsum`: sums of products by Einstein's notation, as permutations, sums and batched matrix products.

use smallvec::SmallVec;

use crate::error::{Error, Result};
use crate::ops::reductions::reduce;
use crate::ops::{matmul, views};
use crate::tensor::Tensor;

/// An axis name: `A`–`Z` are 0–25, `a`–`z` 26–51 (the order in which an implicit output lists them), axes under an
/// ellipsis follow, the last axis first.
type Label = usize;
type Labels = SmallVec<[Label; 6]>;

const LETTERS: usize = 52;

fn label(letter: u8) -> Option<Label> {
    match letter {
        b'A'..=b'Z' => Some(usize::from(letter - b'A')),
        b'a'..=b'z' => Some(usize::from(letter - b'a') + 26),
        _ => None,
    }
}

fn letter(label: Label) -> char {
    match label {
        0..26 => char::from(b'A' + label as u8),
        26..LETTERS => char::from(b'a' + (label - 26) as u8),
        _ => '.',
    }
}

/// The names of one operand or of the output as written: letters, and where an ellipsis stands.
#[derive(Default)]
struct Term {
    labels: Labels,
    ellipsis: Option<usize>,
}

/// The equation as written: one term per operand, and the output if there is an arrow.
struct Equation {
    inputs: Vec<Term>,
    output: Option<Term>,
}

#[cold]
fn wrong(text: impl Into<String>) -> Box<Error> {
    Error::runtime("einsum", text)
}

impl Equation {
    fn parse(text: &str) -> Result<Self> {
        let bytes = text.as_bytes();
        let mut inputs = vec![Term::default()];
        let mut output: Option<Term> = None;
        let mut at = 0;
        while at < bytes.len() {
            let which = if output.is_some() { "output".to_owned() } else { format!("operand {}", inputs.len() - 1) };
            let in_output = output.is_some();
            let last = inputs.len() - 1;
            let term = output.as_mut().unwrap_or(&mut inputs[last]);
            match bytes[at] {
                b' ' => {}
                b'.' => {
                    if term.ellipsis.is_some() {
                        return Err(wrong(format!("found '.' for {which} for which an ellipsis was already found")));
                    }
                    if !bytes[at..].starts_with(b"...") {
                        return Err(wrong(format!("found '.' for {which} that is not part of any ellipsis (...)")));
                    }
                    term.ellipsis = Some(term.labels.len());
                    at += 2;
                }
                b',' if !in_output => inputs.push(Term::default()),
                b'-' if !in_output && bytes[at..].starts_with(b"->") => {
                    output = Some(Term::default());
                    at += 1;
                }
                byte => match label(byte) {
                    Some(label) => term.labels.push(label),
                    None => {
                        return Err(wrong(format!(
                            "invalid subscript given at index {at} in the equation string, subscripts must be in \
                             [a-zA-Z]"
                        )));
                    }
                },
            }
            at += 1;
        }
        Ok(Self { inputs, output })
    }
}

/// An operand with a name for each of its axes, no name twice.
struct Named {
    tensor: Tensor,
    labels: Labels,
}

impl Named {
    fn size(&self, label: Label) -> Option<usize> {
        self.labels.iter().position(|&own| own == label).map(|axis| self.tensor.shape()[axis])
    }

    /// Without an axis of size 1.
    fn without(self, label: Label) -> Result<Self> {
        let Some(axis) = self.labels.iter().position(|&own| own == label) else { return Ok(self) };
        let mut labels = self.labels;
        labels.remove(axis);
        Ok(Self { tensor: views::squeeze(&self.tensor, Some(&[axis as i64]))?, labels })
    }

    /// Summed over the axes that nobody else needs.
    fn summed(self, needed: impl Fn(Label) -> bool) -> Result<Self> {
        let axes: SmallVec<[i64; 6]> =
            (0..self.labels.len()).filter(|&axis| !needed(self.labels[axis])).map(|axis| axis as i64).collect();
        if axes.is_empty() {
            return Ok(self);
        }
        let dtype = self.tensor.dtype();
        let tensor = reduce::sum(&self.tensor, Some(&axes), false, Some(dtype))?;
        Ok(Self { tensor, labels: self.labels.into_iter().filter(|&label| needed(label)).collect() })
    }

    /// With the axes in the order of `labels`.
    fn ordered(&self, labels: &[Label]) -> Result<Tensor> {
        let order: SmallVec<[i64; 6]> = labels
            .iter()
            .filter_map(|label| self.labels.iter().position(|own| own == label))
            .map(|axis| axis as i64)
            .collect();
        if order.iter().enumerate().all(|(position, &axis)| position as i64 == axis) {
            return Ok(self.tensor.clone());
        }
        views::permute(&self.tensor, &order)
    }
}

/// Names an operand's axes; a name that occurs twice is a diagonal.
fn named(tensor: &Tensor, term: &Term, position: usize) -> Result<Named> {
    let rank = tensor.rank();
    let written = term.labels.len();
    let covered = match term.ellipsis {
        Some(_) if rank >= written => rank - written,
        None if rank == written => 0,
        _ => {
            return Err(wrong(format!(
                "the number of subscripts in the equation ({written}) {} the number of dimensions ({rank}) for operand \
                 {position}{}",
                if term.ellipsis.is_some() { "is more than" } else { "does not match" },
                if term.ellipsis.is_some() { "" } else { " and no ellipsis was given" }
            )));
        }
    };
    let mut labels: Labels = term.labels.clone();
    if let Some(place) = term.ellipsis {
        labels.insert_many(place, (0..covered).rev().map(|axis| LETTERS + axis));
    }
    let mut tensor = tensor.clone();
    let mut axis = 0;
    while axis < labels.len() {
        let Some(first) = labels[..axis].iter().position(|&earlier| earlier == labels[axis]) else {
            axis += 1;
            continue;
        };
        let shape = tensor.shape();
        if shape[first] != shape[axis] {
            return Err(wrong(format!(
                "subscript {} is repeated for operand {position} but the sizes don't match, {} != {}",
                letter(labels[axis]),
                shape[axis],
                shape[first]
            )));
        }
        // The diagonal becomes the last axis; it goes to the place of the first of the two.
        tensor = views::movedim(&views::diagonal(&tensor, 0, first as i64, axis as i64)?, &[-1], &[first as i64])?;
        labels.remove(axis);
    }
    Ok(Named { tensor, labels })
}

/// The product of two operands, summed over what neither the output nor another operand needs.
fn contract(x: Named, y: Named, needed: &impl Fn(Label) -> bool) -> Result<Named> {
    let (mut x, mut y) = (x, y);
    // An axis of size 1 broadcasts: it is dropped where the other operand has more.
    for label in x.labels.clone() {
        match (x.size(label), y.size(label)) {
            (Some(1), Some(size)) if size != 1 => x = x.without(label)?,
            (Some(size), Some(1)) if size != 1 => y = y.without(label)?,
            _ => {}
        }
    }
    let (in_x, in_y) = (x.labels.clone(), y.labels.clone());
    let x = x.summed(|label| needed(label) || in_y.contains(&label))?;
    let y = y.summed(|label| needed(label) || in_x.contains(&label))?;
    let pick = |labels: &Labels, keep: &dyn Fn(Label) -> bool| -> Labels {
        labels.iter().copied().filter(|&label| keep(label)).collect()
    };
    let batch = pick(&x.labels, &|label| y.labels.contains(&label) && needed(label));
    let summed = pick(&x.labels, &|label| y.labels.contains(&label) && !needed(label));
    let left = pick(&x.labels, &|label| !y.labels.contains(&label));
    let right = pick(&y.labels, &|label| !x.labels.contains(&label));
    let count = |named: &Named, labels: &Labels| labels.iter().filter_map(|&label| named.size(label)).product();
    let join = |lists: &[&Labels]| lists.iter().flat_map(|list| list.iter().copied()).collect::<Labels>();
    let labels = join(&[&batch, &left, &right]);
    let mut shape = crate::shape::Shape::new();
    shape.extend(labels.iter().filter_map(|&label| x.size(label).or_else(|| y.size(label))));
    let (b, m, k, n): (usize, usize, usize, usize) =
        (count(&x, &batch), count(&x, &left), count(&x, &summed), count(&y, &right));
    let tensor = if summed.is_empty() {
        // Nothing to sum: an elementwise product, the free axes of each broadcast against the other's.
        let mut wide = x.ordered(&join(&[&batch, &left]))?;
        let mut own = wide.shape();
        own.extend(std::iter::repeat_n(1, right.len()));
        wide = views::reshape_to(&wide, &own)?;
        let other = y.ordered(&join(&[&batch, &right]))?;
        let mut own = other.shape();
        own.insert_many(batch.len(), std::iter::repeat_n(1, left.len()));
        wide.mul(&views::reshape_to(&other, &own)?)?
    } else {
        // Elementwise products promote, sums of products do not.
        let dtypes = [x.tensor.dtype(), y.tensor.dtype()];
        if dtypes[0] != dtypes[1] {
            let [expected, found] = dtypes.map(crate::dtype::torch_name);
            return Err(wrong(format!("expected scalar type {expected} but found {found}")));
        }
        let wide = x.ordered(&join(&[&batch, &left, &summed]))?;
        let other = y.ordered(&join(&[&batch, &summed, &right]))?;
        let product = if batch.is_empty() {
            matmul::mm(&views::reshape_to(&wide, &[m, k])?, &views::reshape_to(&other, &[k, n])?)?
        } else {
            matmul::bmm(&views::reshape_to(&wide, &[b, m, k])?, &views::reshape_to(&other, &[b, k, n])?)?
        };
        views::reshape_to(&product, &shape)?
    };
    Ok(Named { tensor, labels })
}

/// Sum of products over the axes whose names the output does not have, by Einstein's notation.
///
/// With more than two operands the pair whose product is cheapest is multiplied first.
///
/// # Errors
/// When the equation is malformed or does not fit the operands' shapes.
#[track_caller]
pub fn einsum(equation: &str, operands: &[Tensor]) -> Result<Tensor> {
    if operands.is_empty() {
        return Err(Error::value(
            "einsum",
            "must specify the equation string and at least one operand, or at least one operand and its subscripts list",
        ));
    }
    let equation = Equation::parse(equation)?;
    if equation.inputs.len() != operands.len() {
        let few = if equation.inputs.len() > operands.len() { "fewer" } else { "more" };
        return Err(wrong(format!("{few} operands were provided than specified in the equation")));
    }
    let mut left: Vec<Named> = Vec::with_capacity(operands.len());
    for (position, (operand, term)) in operands.iter().zip(&equation.inputs).enumerate() {
        left.push(named(operand, term, position)?);
    }
    check_sizes(&left)?;
    let output = output_labels(&equation, &left)?;
    while left.len() > 1 {
        let (i, j) = if left.len() == 2 { (0, 1) } else { cheapest_pair(&left) };
        let y = left.remove(j);
        let x = left.remove(i);
        let product = {
            let needed =
                |label: Label| output.contains(&label) || left.iter().any(|other| other.labels.contains(&label));
            contract(x, y, &needed)?
        };
        left.insert(i, product);
    }
    let Some(last) = left.pop() else { return Err(wrong("no operand is left")) };
    last.summed(|label| output.contains(&label))?.ordered(&output)
}

/// Axes of one name have one size, or 1.
fn check_sizes(operands: &[Named]) -> Result<()> {
    let mut seen: SmallVec<[(Label, usize); 8]> = SmallVec::new();
    for (position, operand) in operands.iter().enumerate() {
        let shape = operand.tensor.shape();
        for (&label, &size) in operand.labels.iter().zip(&shape) {
            if size == 1 {
                continue;
            }
            match seen.iter().find(|(other, _)| *other == label) {
                None => seen.push((label, size)),
                Some((_, known)) if *known == size => {}
                Some((_, known)) => {
                    return Err(wrong(format!(
                        "subscript {} has size {size} for operand {position} which does not broadcast with previously \
                         seen size {known}",
                        letter(label)
                    )));
                }
            }
        }
    }
    Ok(())
}

/// The output's names: as written, or the ellipsis and what occurs once, in order.
fn output_labels(equation: &Equation, operands: &[Named]) -> Result<Labels> {
    // Axes under an ellipsis, the most there are.
    let covered = operands.iter().flat_map(|operand| &operand.labels).filter(|&&label| label >= LETTERS);
    let ellipsis: Labels = match covered.max() {
        Some(&most) => (LETTERS..=most).rev().collect(),
        None => Labels::new(),
    };
    let Some(term) = &equation.output else {
        let times = |label| equation.inputs.iter().flat_map(|term| &term.labels).filter(|&&own| own == label).count();
        return Ok(ellipsis.into_iter().chain((0..LETTERS).filter(|&label| times(label) == 1)).collect());
    };
    for (position, &label) in term.labels.iter().enumerate() {
        if term.labels[..position].contains(&label) {
            return Err(wrong(format!("output subscript {} appears more than once in the output", letter(label))));
        }
        if !operands.iter().any(|operand| operand.labels.contains(&label)) {
            return Err(wrong(format!(
                "output subscript {} does not appear in the equation for any input operand",
                letter(label)
            )));
        }
    }
    let mut labels = term.labels.clone();
    if let Some(place) = term.ellipsis {
        labels.insert_many(place, ellipsis);
    }
    Ok(labels)
}

/// The two operands whose product takes the fewest multiplications.
fn cheapest_pair(operands: &[Named]) -> (usize, usize) {
    let mut best = (f64::INFINITY, (0, 1));
    for j in 1..operands.len() {
        for i in 0..j {
            let (x, y) = (&operands[i], &operands[j]);
            let cost: f64 = x
                .labels
                .iter()
                .chain(y.labels.iter().filter(|label| !x.labels.contains(label)))
                .map(|&label| x.size(label).unwrap_or(1).max(y.size(label).unwrap_or(1)) as f64)
                .product();
            if cost < best.0 {
                best = (cost, (i, j));
            }
        }
    }
    best.1
}
