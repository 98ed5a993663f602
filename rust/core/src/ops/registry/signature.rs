//! Signatures as one writes them: [`takes!`] declares parameters and binds what a call gave for each of them to its name, so
//! that the order of a signature is written once and an argument cannot be taken for another.
//!
//! The types of parameters are named after [`Kind`]s; `Option<…>` accepts `None`. Behind `*` stand parameters that are given by
//! keyword only, as in Python. A parameter with a default may be left out.

use std::marker::PhantomData;

use super::arguments::{Args, Default, Kind, Param, Value, param};
pub use crate::dtype::DType;
use crate::ops::elementwise::Arg;
use crate::random::SharedGenerator;
use crate::scalar::Scalar;
pub use crate::tensor::Tensor;

/// The type of a parameter: what it may be given, and as what an operation reads that.
pub trait Typed {
    /// The parameter, but for its name and what it is when left out.
    const PARAM: Param;
    /// What an operation is given.
    type Read<'a>;
    /// The value as that; `None` if it is of another kind, which the reader of arguments has seen to.
    fn read(value: &Value) -> Option<Self::Read<'_>>;
}

macro_rules! typed {
    ($($(#[$doc:meta])* $kind:ident: $variant:pat => $read:expr, as $type:ty;)*) => {$(
        $(#[$doc])*
        pub struct $kind;
        typed!(impl $kind: $variant => $read, as $type;);
    )*};
    ($(impl $kind:ident: $variant:pat => $read:expr, as $type:ty;)*) => {$(
        impl Typed for $kind {
            const PARAM: Param = param("", Kind::$kind);
            type Read<'a> = $type;
            #[inline]
            fn read(value: &Value) -> Option<Self::Read<'_>> {
                match value {
                    $variant => Some($read),
                    _ => None,
                }
            }
        }
    )*};
}

typed! {
    /// [`Kind::Tensors`].
    Tensors: Value::Tensors(tensors) => tensors, as &'a [Tensor];
    /// [`Kind::Number`].
    Number: Value::Number(number) => *number, as Scalar;
    /// [`Kind::Int`].
    Int: Value::Int(int) => *int, as i64;
    /// [`Kind::Ints`].
    Ints: Value::Ints(ints) => ints, as &'a [i64];
    /// [`Kind::IntList`].
    IntList: Value::Ints(ints) => ints, as &'a [i64];
    /// [`Kind::Float`].
    Float: Value::Float(float) => *float, as f64;
    /// [`Kind::Floats`].
    Floats: Value::Floats(floats) => floats, as &'a [f64];
    /// [`Kind::Bool`].
    Bool: Value::Bool(truth) => *truth, as bool;
    /// [`Kind::Text`].
    Text: Value::Text(text) => text, as &'a str;
    /// [`Kind::Generator`].
    Generator: Value::Generator(generator) => generator, as &'a SharedGenerator;
}

typed! {
    impl Tensor: Value::Tensor(tensor) => tensor, as &'a Tensor;
    impl DType: Value::DType(dtype) => *dtype, as DType;
}

impl<T: Typed> Typed for Option<T> {
    const PARAM: Param = T::PARAM.or_none();
    type Read<'a> = Option<T::Read<'a>>;
    #[inline]
    fn read(value: &Value) -> Option<Self::Read<'_>> {
        match value {
            Value::None => Some(None),
            value => T::read(value).map(Some),
        }
    }
}

/// [`Kind::TensorOrNumber`].
pub struct TensorOrNumber;

impl Typed for TensorOrNumber {
    const PARAM: Param = param("", Kind::TensorOrNumber);
    type Read<'a> = Arg<'a>;
    #[inline]
    fn read(value: &Value) -> Option<Arg<'_>> {
        match value {
            Value::Tensor(tensor) => Some(Arg::Tensor(tensor)),
            Value::Number(number) => Some(Arg::Scalar(*number)),
            _ => None,
        }
    }
}

/// [`Kind::Any`]: the operation looks at the value itself.
pub struct Any;

impl Typed for Any {
    const PARAM: Param = param("", Kind::Any);
    type Read<'a> = &'a Value;
    #[inline]
    fn read(value: &Value) -> Option<&Value> {
        Some(value)
    }
}

/// The same, or `None`, at which the operation looks as well.
pub struct AnyOrNone;

impl Typed for AnyOrNone {
    const PARAM: Param = Any::PARAM.or_none();
    type Read<'a> = &'a Value;
    #[inline]
    fn read(value: &Value) -> Option<&Value> {
        Some(value)
    }
}

/// A parameter that takes the remaining positional arguments as its items.
pub struct Spread<T>(PhantomData<T>);

impl<T: Typed> Typed for Spread<T> {
    const PARAM: Param = T::PARAM.variadic();
    type Read<'a> = T::Read<'a>;
    #[inline]
    fn read(value: &Value) -> Option<Self::Read<'_>> {
        T::read(value)
    }
}

/// A parameter without NumPy's spelling of its name.
pub struct OnlySoNamed<T>(PhantomData<T>);

impl<T: Typed> Typed for OnlySoNamed<T> {
    const PARAM: Param = T::PARAM.only_so_named();
    type Read<'a> = T::Read<'a>;
    #[inline]
    fn read(value: &Value) -> Option<Self::Read<'_>> {
        T::read(value)
    }
}

/// The parameter of a type, under its name.
pub const fn named<T: Typed>(name: &'static str) -> Param {
    Param { name, ..T::PARAM }
}

/// A default as a signature writes it.
pub struct Written<T>(pub T);

macro_rules! written {
    ($($type:ty => $default:ident),*) => {$(
        impl Written<$type> {
            /// It as data.
            pub const fn default(self) -> Default {
                Default::$default(self.0)
            }
        }
    )*};
}

written! { bool => Bool, i64 => Int, f64 => Float, &'static str => Text }

impl<const N: usize> Written<&'static [i64; N]> {
    /// It as data.
    pub const fn default(self) -> Default {
        Default::Ints(self.0)
    }
}

impl Written<Option<std::convert::Infallible>> {
    /// It as data.
    pub const fn default(self) -> Default {
        Default::None
    }
}

/// An argument as its parameter's type.
#[inline]
pub fn read<'a, T: Typed>(args: &Args<'_>, value: &'a Value) -> T::Read<'a> {
    match T::read(value) {
        Some(read) => read,
        None => wrong(args.op),
    }
}

/// The end of a call that should not have come so far. (A function, since each operation's reading of its arguments would have
/// the making of this text in it.)
#[cold]
#[inline(never)]
pub fn wrong(op: &str) -> ! {
    unreachable!("{op}: the arguments are not what the signature promises")
}

/// The parameters of a signature alone, for rows, whose inputs they are.
macro_rules! params {
    ((
        $($name:ident: $type:ty $(= $default:expr)?),* $(, *, $($key:ident: $key_type:ty $(= $key_default:expr)?),+)? $(,)?
    )) => {{
        #[allow(unused_imports, reason = "not every signature has a parameter of these types")]
        use $crate::ops::registry::signature::*;
        const PARAMS: &[$crate::ops::registry::Param] = &[
            $(named::<$type>(stringify!($name))$(.or(Written($default).default()))?,)*
            $($(named::<$key_type>(stringify!($key)).keyword()$(.or(Written($key_default).default()))?,)+)?
        ];
        PARAMS
    }};
}
pub(crate) use params;

/// A signature with what an operation does: an expression behind `=>`, whose result becomes what the call gives, or a block.
/// An operation that is done in another way in place says so behind that.
///
/// ```text
/// takes!((input: Tensor, k: Int, dim: Int = -1, *, sorted: Bool = true) => sorting::topk(input, k, dim, sorted))
/// takes!((input: Tensor) => views::t(input), in place views::in_place(input, views::t))
/// ```
macro_rules! takes {
    ($signature:tt => $value:expr $(, in place $in_place:expr)?) => {
        $crate::ops::registry::signature::takes!($signature { $value.map(Into::into) } $(in place { $in_place })?)
    };
    ($signature:tt $body:block) => {
        (
            $crate::ops::registry::signature::params!($signature),
            $crate::ops::registry::signature::takes!(@call $signature $body),
        )
    };
    ($signature:tt $body:block in place $in_place:block) => {
        (
            $crate::ops::registry::signature::params!($signature),
            $crate::ops::registry::signature::takes!(@call $signature $body),
            $crate::ops::registry::signature::takes!(@call $signature $in_place),
        )
    };
    (@call (
        $($name:ident: $type:ty $(= $default:expr)?),* $(, *, $($key:ident: $key_type:ty $(= $key_default:expr)?),+)? $(,)?
    ) $body:block) => {
        |args| {
            #[allow(non_snake_case, reason = "named as in PyTorch")]
            let [$($name,)* $($($key,)+)?] = args.values else { $crate::ops::registry::signature::wrong(args.op) };
            #[allow(non_snake_case, reason = "named as in PyTorch")]
            let ($($name,)* $($($key,)+)?) = {
                #[allow(unused_imports, reason = "not every signature has a parameter of these types")]
                use $crate::ops::registry::signature::*;
                (
                    $(read::<$type>(args, $name),)*
                    $($(read::<$key_type>(args, $key),)+)?
                )
            };
            $body
        }
    };
}
pub(crate) use takes;

#[cfg(test)]
mod tests {
    use super::super::{Declared, Forms, Output, op};
    use super::*;

    #[test]
    fn a_signature_binds_what_a_call_gives_to_the_names_it_declares() {
        let declared: Declared = takes!((input: Tensor, k: Int, dim: Option<Int> = None, *, largest: Bool = true) {
            Ok(Output::Bool(input.rank() == 1 && k == 3 && dim.is_none() && !largest))
        });
        let (params, call) = declared;
        assert_eq!(op("best", declared, Forms::BOTH, "").signature(), "best(input, k, dim=None, *, largest=True)");
        let kinds: Vec<Kind> = params.iter().map(|param| param.kind).collect();
        assert_eq!(kinds, [Kind::Tensor, Kind::Int, Kind::Int, Kind::Bool]);
        let input = Tensor::from_slice(&[1.0], &[1]).unwrap();
        let values = [Value::Tensor(input), Value::Int(3), Value::None, Value::Bool(false)];
        assert!(matches!(call(&Args { op: "best", values: &values }), Ok(Output::Bool(true))));
    }
}
