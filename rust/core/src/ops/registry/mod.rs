//! What the library can do, as data: names, signatures, documentation and how to call each operation with dynamic
//! arguments. Bindings, stubs, tests and documentation are driven by these tables.

mod arguments;
pub mod autocast;
pub mod signature;
pub mod tables;

use std::borrow::Cow;

use smallvec::SmallVec;

pub use self::arguments::{Args, Default, Kind, Param, Value};
pub use super::elementwise::Resolved;
use super::elementwise::{Arg, Row, apply, apply_in_place, apply_out};
use super::writing::out::{self, Takes};
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::views::own_result;
use crate::graph::{Modes, modes};
use crate::scalar::Scalar;
use crate::storage::{Device, Placed, is_meta_known};
use crate::tensor::Tensor;

/// Where an operation can be reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Forms(pub u16);

impl Forms {
    /// `arcgrad.name(input, …)`.
    pub const FUNCTION: Self = Self(1 << 0);
    /// `input.name(…)`.
    pub const METHOD: Self = Self(1 << 1);
    /// `input.name_(…)`.
    pub const IN_PLACE: Self = Self(1 << 2);
    /// `out=`.
    pub const OUT: Self = Self(1 << 3);
    /// `arcgrad.nn.functional.name`.
    pub const NN: Self = Self(1 << 4);
    /// `arcgrad.name_(input, …)` (a few in-place operations have a function).
    pub const IN_PLACE_FUNCTION: Self = Self(1 << 5);
    /// `arcgrad.special.name`.
    pub const SPECIAL: Self = Self(1 << 6);
    /// `arcgrad.linalg.name`.
    pub const LINALG: Self = Self(1 << 7);
    /// `out=` that has to have the dtype of the result ([`Takes::Same`]).
    pub const SAME_OUT: Self = Self(1 << 8).and(Self::OUT);
    /// `memory_format=`, which may ask for a row-major result.
    pub const ORDERED: Self = Self(1 << 9);
    /// `memory_format=` of an operation whose result is row-major as it is: nothing is left to be copied.
    pub const ROW_MAJOR: Self = Self(1 << 10).and(Self::ORDERED);
    /// Takes numbers alone, too, as if each were a tensor without axes.
    pub const NUMBERS: Self = Self(1 << 11);
    /// `name_(input, …)` behind `arcgrad.nn.functional`, which has it by this name or as `inplace=True`.
    pub const NN_IN_PLACE: Self = Self(1 << 12);
    /// `out=` of a range, which may have any shape of as many elements.
    pub const FILLED_OUT: Self = Self(1 << 13).and(Self::OUT);
    /// `arcgrad.fft.name`.
    pub const FFT: Self = Self(1 << 14);
    /// `out=` of any dtype ([`Takes::Any`]).
    pub const ANY_OUT: Self = Self(1 << 15).and(Self::OUT);
    /// Function and method.
    pub const BOTH: Self = Self::FUNCTION.and(Self::METHOD);
    /// Function, method, in-place method and `out=`: what most elementwise operations have.
    pub const ALL: Self = Self::BOTH.and(Self::IN_PLACE).and(Self::OUT);

    /// Both sets.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// Whether there is an in-place form, wherever.
    pub const fn in_place(self) -> bool {
        self.has(Self::IN_PLACE) || self.has(Self::NN_IN_PLACE)
    }
    /// Whether all of `other` is in the set.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What a row's calls give back, as signatures and type stubs say it. In place every operation gives its target.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gives {
    /// A tensor.
    Tensor,
    /// A tuple of tensors, as many as the arguments ask for.
    Tensors,
    /// A tuple of so many tensors.
    Tuple(usize),
    /// A tuple of tensors with the names of its fields, in a class that is called like the operation.
    Named(&'static [&'static str]),
    /// A tensor, or a tuple with one more for each of these parameters that is true.
    Asked(&'static [&'static str]),
    /// A tensor, or a tuple of tensors if this parameter is true.
    TupleIf(&'static str),
    /// A truth value.
    Bool,
}

/// A tuple with names.
pub struct Named {
    /// The type's name.
    pub class: &'static str,
    /// Names of the fields.
    pub fields: &'static [&'static str],
    /// The fields.
    pub tensors: Vec<Tensor>,
}

/// What a call gives back. It is handed on from function to function, so what is rare and large lies apart.
pub enum Output {
    /// One tensor.
    Tensor(Tensor),
    /// A tuple of tensors.
    Tensors(Vec<Tensor>),
    /// A tuple with names, as `max(dim)` returns.
    Named(Box<Named>),
    /// The same tuple of the tensors that were given as `out=`.
    NamedOut(Box<Named>),
    /// A number.
    Number(Scalar),
    /// A truth value.
    Bool(bool),
    /// A dtype.
    DType(DType),
    /// Nothing: the first argument was changed in place and is what the call returns.
    InPlace,
}

impl Output {
    /// Results are views of arguments, or of nothing; see [`own_result`].
    fn own(&self, values: &[Value]) {
        let results = match self {
            Self::Tensor(result) => std::slice::from_ref(result),
            Self::Tensors(results) => results,
            Self::Named(named) => &named.tensors,
            _ => return,
        };
        for result in results {
            own_result(result, values.iter().flat_map(Value::tensors));
        }
    }
}

impl From<Tensor> for Output {
    fn from(tensor: Tensor) -> Self {
        Self::Tensor(tensor)
    }
}

impl From<(Tensor, Tensor)> for Output {
    fn from((first, second): (Tensor, Tensor)) -> Self {
        Self::Tensors(vec![first, second])
    }
}

impl From<bool> for Output {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<Vec<Tensor>> for Output {
    fn from(tensors: Vec<Tensor>) -> Self {
        Self::Tensors(tensors)
    }
}

/// Chooses a row by the arguments.
pub type Resolve = for<'a> fn(&Args<'a>) -> Result<Resolved<'a>>;

/// How an operation is called.
#[derive(Clone, Copy)]
pub enum Call {
    /// An elementwise row; its inputs are the parameters in order.
    Row(&'static Row),
    /// Elementwise rows, chosen by the arguments.
    Rows(Resolve),
    /// The same, with rows of its own for the in-place form.
    RowsInPlace(Resolve, Resolve),
    /// An elementwise row of real numbers; where the first argument is complex, something else.
    RowOfReals(&'static Row, Body<Output>),
    /// Elementwise rows of real numbers, chosen by the arguments; where one of them is complex, something else.
    RowsOfReals(Resolve, Body<Output>),
    /// Anything else. `out=` and the in-place form copy the result.
    Structured(Body<Output>),
    /// Anything else that also has an in-place form of its own.
    InPlace(Body<Output>, Body<()>),
    /// Changes its first argument and returns it; there is no other form (`fill_`).
    OnlyInPlace(Body<()>),
}

/// One operation: a name, one signature of it, and how to call it. A name with several signatures has several.
pub struct OpInfo {
    /// PyTorch's name.
    pub name: &'static str,
    /// Other names of the same.
    pub aliases: &'static [&'static str],
    /// The signature.
    pub params: &'static [Param],
    /// Where it can be reached.
    pub forms: Forms,
    /// How it is called.
    pub call: Call,
    /// What it gives back.
    pub gives: Gives,
    /// Documentation; empty for further signatures of a name.
    pub doc: &'static str,
}

/// The parameters of a signature and what is done with what they are given, as [`signature::takes`] says it.
pub type Declared<R = Output> = (&'static [Param], Body<R>);

/// What an operation does with the arguments of a call.
pub type Body<R> = fn(&Args<'_>) -> Result<R>;

/// An operation that is no row, under a name.
pub const fn op(name: &'static str, (params, call): Declared, forms: Forms, doc: &'static str) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::Structured(call), gives: Gives::Tensor, doc }
}

/// One that is done in another way in place.
pub const fn op_in_place(
    name: &'static str,
    (params, value, in_place): (&'static [Param], Body<Output>, Body<()>),
    forms: Forms,
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::InPlace(value, in_place), gives: Gives::Tensor, doc }
}

/// One that changes its first argument and has no other form.
pub const fn only_in_place(
    name: &'static str,
    (params, call): Declared<()>,
    forms: Forms,
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::OnlyInPlace(call), gives: Gives::Tensor, doc }
}

/// Rows that are chosen by the arguments.
pub const fn rows_by(
    name: &'static str,
    (params, resolve): (&'static [Param], Resolve),
    forms: Forms,
    doc: &'static str,
) -> OpInfo {
    OpInfo { name, aliases: &[], params, forms, call: Call::Rows(resolve), gives: Gives::Tensor, doc }
}

/// A row of real numbers, with what it is of complex ones.
pub const fn of_reals(row: &'static Row, (params, of_complex): Declared, forms: Forms) -> OpInfo {
    let call = Call::RowOfReals(row, of_complex);
    OpInfo { name: row.name, aliases: &[], params, forms, call, gives: Gives::Tensor, doc: row.doc }
}

/// Which form of an operation is called.
pub enum Form<'a> {
    /// A new result.
    Value,
    /// The first argument is changed.
    InPlace,
    /// The result goes into a given tensor.
    Out(&'a [Tensor]),
}

/// The arguments with copies in place of the target, which is about to be overwritten and may be saved, and of all
/// others that show its memory.
#[track_caller]
fn spared(target: &Tensor, values: &[Value]) -> Result<Vec<Value>> {
    let written = target.array();
    let spare = |tensor: &Tensor| {
        let array = tensor.array();
        // Without elements nothing is overwritten, but what is saved would be of another version.
        let shown = array.ranges_touch(&written) || array.storage().same_counter(written.storage());
        if shown { super::writing::copy::clone(tensor) } else { Ok(tensor.clone()) }
    };
    let spared = values.iter().map(|value| match value {
        Value::Tensor(tensor) => spare(tensor).map(Value::Tensor),
        Value::Tensors(tensors) => tensors.iter().map(spare).collect::<Result<_>>().map(Value::Tensors),
        other => Ok(other.clone()),
    });
    spared.collect()
}

/// What an operation makes on its way is made where its first operand with axes lies. (Whether all lie there is looked at by
/// the operations that it is made of.)
#[cold]
fn place_of(values: &[Value]) -> Option<Placed> {
    let mut tensors = values.iter().flat_map(|value| match value {
        Value::Tensor(tensor) => std::slice::from_ref(tensor),
        Value::Tensors(tensors) => tensors.as_slice(),
        _ => &[],
    });
    let decides = |tensor: &&Tensor| tensor.device() == Device::Meta || tensor.rank() > 0;
    tensors.find(decides).and_then(|tensor| Placed::unless_said(tensor.device()))
}

impl OpInfo {
    /// Under further names.
    pub const fn also(self, aliases: &'static [&'static str]) -> Self {
        Self { aliases, ..self }
    }

    /// Rows of real numbers, and this where an argument is complex.
    pub const fn of_complex(self, of_complex: Body<Output>) -> Self {
        let call = match self.call {
            Call::Row(row) => Call::RowOfReals(row, of_complex),
            Call::Rows(resolve) => Call::RowsOfReals(resolve, of_complex),
            _ => panic!("only rows have another way for complex numbers"),
        };
        Self { call, ..self }
    }

    /// With something else than one tensor as result.
    pub const fn giving(self, gives: Gives) -> Self {
        Self { gives, ..self }
    }

    /// A tuple with the names of its fields, where the row has some.
    fn named(&self, output: Output) -> Output {
        match (self.gives, output) {
            (Gives::Named(fields), Output::Tensors(tensors)) => {
                Output::Named(Box::new(Named { class: self.name, fields, tensors }))
            }
            (_, output) => output,
        }
    }

    /// Whether a parameter takes the remaining positional arguments as its items. Integers may be given so (`x.view(2, 3)`,
    /// `zeros(2, 3)`) where a list of them is all a caller can give by position.
    pub fn spreads(&self, at: usize, method: bool) -> bool {
        let param = &self.params[at];
        match param.kind {
            Kind::Ints | Kind::IntList => {
                let alone = at == usize::from(method) && self.params.get(at + 1).is_none_or(|next| next.keyword_only);
                alone && !param.nullable
            }
            _ => param.variadic,
        }
    }

    /// Calls the operation.
    #[track_caller]
    pub fn invoke(&'static self, form: &Form<'_>, values: &[Value]) -> Result<Output> {
        let _place = if is_meta_known() { place_of(values) } else { None };
        if modes().any(Modes::AUTOCAST)
            && matches!(form, Form::Value)
            && let Some(values) = autocast::cast(self.name, values)?
        {
            return self.run(form, &values);
        }
        self.run(form, values)
    }

    #[track_caller]
    fn run(&'static self, form: &Form<'_>, values: &[Value]) -> Result<Output> {
        let args = Args { op: self.name, values };
        let is_complex = |value: &Value| matches!(value, Value::Tensor(tensor) if tensor.dtype().is_complex());
        let call = match self.call {
            Call::RowOfReals(_, of_complex) | Call::RowsOfReals(_, of_complex) if values.iter().any(is_complex) => {
                Call::Structured(of_complex)
            }
            call => call,
        };
        match (call, form) {
            (Call::Row(row) | Call::RowOfReals(row, _), form) => {
                let read = |value| signature::read::<signature::TensorOrNumber>(&args, value);
                let inputs: SmallVec<[Arg<'_>; 3]> = values.iter().map(read).collect();
                self.invoke_row(row, &[], &inputs, form)
            }
            (Call::Rows(resolve) | Call::RowsOfReals(resolve, _), form)
            | (Call::RowsInPlace(_, resolve), form @ Form::InPlace)
            | (Call::RowsInPlace(resolve, _), form) => {
                let resolved = resolve(&args)?;
                self.invoke_row(resolved.row, &resolved.params, &resolved.args, form)
            }
            (Call::Structured(value) | Call::InPlace(value, _), Form::Value) => {
                let output = self.named(value(&args)?);
                output.own(values);
                Ok(output)
            }
            (Call::Structured(value) | Call::InPlace(value, _), Form::Out(outs)) => {
                let mut class = self.name;
                let results = {
                    let values = self.values_for(outs, values)?;
                    // A recorded result would be thrown away: `out=` is not differentiable.
                    let result = value(&Args { op: self.name, values: &values })?;
                    match result {
                        Output::Tensor(tensor) => vec![tensor],
                        Output::Tensors(tensors) => tensors,
                        Output::Named(named) => {
                            class = named.class;
                            named.tensors
                        }
                        _ => return Err(Error::type_(self.name, format!("{} has no out= form", self.name))),
                    }
                };
                if results.len() != outs.len() {
                    return Err(Error::type_(
                        self.name,
                        format!("{}(): out= takes {} tensors, got {}", self.name, results.len(), outs.len()),
                    ));
                }
                // All before the first is written: an error leaves every one as it was.
                let fills = self.forms.has(Forms::FILLED_OUT);
                for (out, result) in outs.iter().zip(&results) {
                    out::check(self.name, out, result, self.takes(), fills)?;
                }
                for (out, result) in outs.iter().zip(&results) {
                    out::write(self.name, out, result, fills)?;
                }
                Ok(match (self.gives, outs) {
                    (_, [out]) => Output::Tensor(out.clone()),
                    (Gives::Named(fields), outs) => {
                        Output::NamedOut(Box::new(Named { class, fields, tensors: outs.to_vec() }))
                    }
                    (_, outs) => Output::Tensors(outs.to_vec()),
                })
            }
            (Call::InPlace(_, in_place) | Call::OnlyInPlace(in_place), Form::InPlace) => {
                in_place(&args)?;
                Ok(Output::InPlace)
            }
            (Call::OnlyInPlace(in_place), Form::Value) => {
                in_place(&args)?;
                Ok(Output::InPlace)
            }
            (Call::Structured(value), Form::InPlace) => {
                let target = signature::read::<Tensor>(&args, &values[0]);
                self.check_asked_dtype(target.dtype(), values)?;
                match value(&Args { op: self.name, values: &spared(target, values)? })? {
                    Output::Tensor(result) => {
                        if target.dtype().is_complex() && !result.dtype().is_complex() {
                            let reason = format!("In-place {} is not supported for complex tensors.", self.name);
                            return Err(Error::runtime(self.name, reason));
                        }
                        out::check_cast(self.name, result.dtype(), target.dtype())?;
                        super::writing::copy::copy_(target, &result)?;
                        Ok(Output::InPlace)
                    }
                    _ => Err(Error::type_(self.name, format!("{} has no in-place form", self.name))),
                }
            }
            (Call::OnlyInPlace(_), Form::Out(_)) => {
                Err(Error::type_(self.name, format!("{} has no such form", self.name)))
            }
        }
    }

    /// Which dtypes `out=` may have.
    fn takes(&self) -> Takes {
        if self.forms.has(Forms::SAME_OUT) {
            Takes::Same
        } else if self.forms.has(Forms::ANY_OUT) {
            Takes::Any
        } else {
            Takes::Castable
        }
    }

    /// The arguments of a call with `out=`: where the dtype of the result may be chosen, the output chooses it.
    fn values_for<'a>(&self, outs: &[Tensor], values: &'a [Value]) -> Result<Cow<'a, [Value]>> {
        let chosen = self.params.iter().position(|param| param.kind == Kind::DType);
        let (Some(at), [out], Takes::Castable) = (chosen, outs, self.takes()) else { return Ok(Cow::Borrowed(values)) };
        let own = out.dtype();
        match values[at] {
            Value::DType(asked) if asked != own => Err(Error::runtime(
                self.name,
                format!("dtype {asked} does not match dtype of out parameter ({own}): leave out dtype=, or give that"),
            )),
            Value::DType(_) => Ok(Cow::Borrowed(values)),
            _ => {
                let mut values = values.to_vec();
                values[at] = Value::DType(own);
                Ok(Cow::Owned(values))
            }
        }
    }

    /// In place the result has the target's dtype: no other can be asked for.
    fn check_asked_dtype(&self, own: DType, values: &[Value]) -> Result<()> {
        match values.iter().find_map(|value| if let Value::DType(asked) = value { Some(*asked) } else { None }) {
            Some(asked) if asked != own => Err(Error::runtime(
                self.name,
                format!("Bad in-place call: input tensor dtype {own} and output tensor dtype {asked} should match"),
            )),
            _ => Ok(()),
        }
    }

    #[track_caller]
    fn invoke_row(&self, row: &'static Row, params: &[Scalar], inputs: &[Arg<'_>], form: &Form<'_>) -> Result<Output> {
        let numbers: Option<SmallVec<[Scalar; 3]>> =
            inputs.iter().map(|input| if let Arg::Scalar(number) = input { Some(*number) } else { None }).collect();
        if let Some(numbers) = numbers {
            if !self.forms.has(Forms::NUMBERS) {
                let message = format!("{}(): at least one argument must be a Tensor", self.name);
                return Err(Error::type_(self.name, message));
            }
            let tensors: Result<SmallVec<[Tensor; 3]>> =
                numbers.iter().map(|&number| Tensor::scalar(number, number.dtype())).collect();
            let tensors = tensors?;
            let inputs: SmallVec<[Arg<'_>; 3]> = tensors.iter().map(Arg::Tensor).collect();
            return self.invoke_row(row, params, &inputs, form);
        }
        match form {
            Form::Value => apply(row, params, inputs).map(Output::Tensor),
            Form::InPlace => {
                let Some((Arg::Tensor(target), rest)) = inputs.split_first() else {
                    return Err(Error::type_(row.name, "an in-place form needs a Tensor"));
                };
                apply_in_place(row, params, target, rest)?;
                Ok(Output::InPlace)
            }
            Form::Out(outs) => match outs {
                [out] => {
                    apply_out(row, params, inputs, out, self.takes())?;
                    Ok(Output::Tensor(out.clone()))
                }
                _ => Err(Error::type_(row.name, format!("{}(): out= takes one tensor", row.name))),
            },
        }
    }

    /// The signature as PyTorch's documentation writes it.
    pub fn signature(&self) -> String {
        let mut text = format!("{}(", self.name);
        let mut keyword = false;
        for (position, param) in self.params.iter().enumerate() {
            if position > 0 {
                text.push_str(", ");
            }
            if param.keyword_only && !std::mem::replace(&mut keyword, true) {
                text.push_str("*, ");
            }
            text.push_str(param.name);
            match param.default {
                Default::Required => {}
                Default::None => text.push_str("=None"),
                Default::Int(value) => text.push_str(&format!("={value}")),
                Default::Float(value) => text.push_str(&format!("={value:?}")),
                Default::Bool(value) => text.push_str(if value { "=True" } else { "=False" }),
                Default::Text(value) => text.push_str(&format!("='{value}'")),
                Default::Ints(values) => text.push_str(&format!("={values:?}")),
            }
        }
        if self.forms.has(Forms::OUT) {
            text.push_str(if keyword { ", out=None" } else { ", *, out=None" });
        }
        text.push(')');
        text
    }
}
