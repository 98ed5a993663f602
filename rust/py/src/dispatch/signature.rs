//! Signatures as Python sees them: the parameters of one row, and text for a name with one row or several.

use std::borrow::Cow;

use arcgrad::ops::registry::{Default, Forms, Kind, OpInfo, Param};

use super::Entry;
use super::parse::{is_creation, numpy_spellings};

/// How an argument may be given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// By position alone: the name is a word of Python's grammar (`from`), written with an underscore behind it.
    PositionalOnly,
    /// By position or by name.
    Positional,
    /// All that is left of what was given by position.
    Spread,
    /// By name.
    Keyword,
}

/// What an argument may be.
#[derive(Clone, Copy, Debug)]
pub enum Takes {
    /// A kind of the table.
    Own(Kind),
    /// One of the kinds of the keywords that many operations share.
    Shared(&'static str),
}

impl Takes {
    /// The kind's name.
    pub fn name(self) -> String {
        match self {
            Self::Own(kind) => format!("{kind:?}"),
            Self::Shared(name) => name.to_owned(),
        }
    }
}

/// A parameter as a caller sees it. All of them are made when the module is imported: nothing is put together before it
/// is asked for.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The name.
    pub name: &'static str,
    /// NumPy's spellings of the name.
    pub spellings: &'static [&'static str],
    /// What it takes.
    pub kind: Takes,
    /// The value that stands for leaving it out; none if it must be given.
    pub default: Option<Cow<'static, str>>,
    /// It accepts `None`.
    pub nullable: bool,
    /// How it is given.
    pub way: Way,
}

/// What a parameter is when it is left out, as Python writes it.
pub fn default_text(param: &Param) -> Option<Cow<'static, str>> {
    Some(match param.default {
        Default::Required => return None,
        Default::None => "None".into(),
        Default::Ints(values) => {
            let items: Vec<String> = values.iter().map(i64::to_string).collect();
            format!("({})", items.join(", ")).into()
        }
        Default::Int(0) => "0".into(),
        Default::Int(1) => "1".into(),
        Default::Int(-1) => "-1".into(),
        Default::Int(value) => value.to_string().into(),
        Default::Float(value) if value.is_infinite() => if value > 0.0 { "inf" } else { "-inf" }.into(),
        Default::Float(value) => format!("{value:?}").into(),
        Default::Bool(value) => if value { "True" } else { "False" }.into(),
        Default::Text(value) => format!("'{value}'").into(),
    })
}

/// The parameters of a row, without the object itself for methods, and with the keywords that many rows share.
pub fn parameters(info: &'static OpInfo, method: bool, in_place: bool) -> Vec<Parameter> {
    // With room for the shared keywords of most rows.
    let mut all = Vec::with_capacity(info.params.len() + 1);
    for (at, param) in info.params.iter().enumerate().skip(usize::from(method)) {
        let word = param.name == "from";
        all.push(Parameter {
            name: if word { "from_" } else { param.name },
            spellings: if param.numpy_spelling { numpy_spellings(param.name) } else { &[] },
            kind: Takes::Own(param.kind),
            default: default_text(param),
            nullable: param.nullable,
            way: match (param.keyword_only, info.spreads(at, method)) {
                (true, _) => Way::Keyword,
                (_, true) => Way::Spread,
                _ if word => Way::PositionalOnly,
                _ => Way::Positional,
            },
        });
    }
    let mut keyword = |name: &'static str, kind: &'static str, default: &'static str| {
        all.push(Parameter {
            name,
            spellings: &[],
            kind: Takes::Shared(kind),
            default: Some(default.into()),
            nullable: default == "None",
            way: Way::Keyword,
        });
    };
    if info.forms.has(Forms::OUT) && !in_place && !method {
        keyword("out", "Out", "None");
    }
    if is_creation(info) {
        keyword("layout", "Layout", "None");
        keyword("device", "Device", "None");
        keyword("requires_grad", "Bool", "False");
        keyword("pin_memory", "Bool", "False");
    }
    if info.forms.has(Forms::ORDERED) {
        keyword("memory_format", "MemoryFormat", "None");
    }
    all
}

/// What a call may look like: parameters, and whether anything else is taken as well.
struct Shape {
    parameters: Vec<Parameter>,
    /// `*args` behind the positional parameters and `**kwargs` at the end.
    open: bool,
}

/// A call that fits each of the rows: the positional parameters of the longest, of which some may be left out, and every
/// keyword. Where the rows part by position, what they have in common and `*args, **kwargs`.
fn covering(rows: &[Vec<Parameter>]) -> Shape {
    let positional = |row: &[Parameter]| row.iter().take_while(|parameter| parameter.way != Way::Keyword).count();
    let same = |a: &Parameter, b: &Parameter| a.name == b.name && a.way == b.way;
    let longest = rows.iter().max_by_key(|row| positional(row)).expect("a name has rows");
    let common = (0..positional(longest))
        .take_while(|&at| rows.iter().all(|row| at >= positional(row) || same(&row[at], &longest[at])))
        .count();
    let open = common < positional(longest);
    let shared = if open { rows.iter().map(|row| positional(row).min(common)).min().unwrap_or(0) } else { common };
    let mut parameters: Vec<Parameter> = longest[..shared].to_vec();
    // Those of the row with the most first: its order is one that a row has.
    let mut in_order: Vec<&Vec<Parameter>> = rows.iter().collect();
    in_order.sort_by_key(|row| std::cmp::Reverse(row.len() - positional(row)));
    for keyword in in_order.into_iter().flatten().filter(|parameter| parameter.way == Way::Keyword) {
        let everywhere = || rows.iter().all(|row| row.iter().any(|parameter| same(parameter, keyword)));
        if !parameters.iter().any(|known| known.name == keyword.name) && (!open || everywhere()) {
            parameters.push(keyword.clone());
        }
    }
    for parameter in &mut parameters {
        let of_rows = || rows.iter().map(|row| row.iter().find(|other| other.name == parameter.name));
        parameter.default = of_rows().flatten().find_map(|other| other.default.clone()).or_else(|| {
            let left_out = of_rows().any(|found| found.is_none()) && parameter.way != Way::Spread;
            // No value stands for leaving it out: another row is chosen.
            left_out.then(|| if parameter.nullable { "None" } else { "..." }.into())
        });
    }
    Shape { parameters, open }
}

/// Writes `(input, dim=None, keepdim=False, *, dtype=None, out=None)`.
fn write_parameters(parameters: &[Parameter], open: bool, this: Option<&str>, out: &mut String) {
    fn next<'a>(out: &'a mut String, is_first: &mut bool, item: &str) -> &'a mut String {
        if !std::mem::take(is_first) {
            out.push_str(", ");
        }
        out.push_str(item);
        out
    }
    let alone = parameters.iter().rposition(|parameter| parameter.way == Way::PositionalOnly);
    let named = parameters.iter().position(|parameter| parameter.way == Way::Keyword);
    let spreads = parameters.iter().any(|parameter| parameter.way == Way::Spread);
    let mut is_first = true;
    out.push('(');
    if let Some(this) = this {
        next(out, &mut is_first, this);
    }
    for (at, parameter) in parameters.iter().enumerate() {
        if named == Some(at) && !spreads {
            next(out, &mut is_first, if open { "*args" } else { "*" });
        }
        match (parameter.way, &parameter.default) {
            (Way::Spread, _) => next(out, &mut is_first, "*").push_str(parameter.name),
            (_, None) => {
                next(out, &mut is_first, parameter.name);
            }
            (_, Some(default)) => {
                let out = next(out, &mut is_first, parameter.name);
                out.push('=');
                out.push_str(default);
            }
        }
        if alone == Some(at) {
            next(out, &mut is_first, "/");
        }
    }
    if open {
        if named.is_none() {
            next(out, &mut is_first, "*args");
        }
        next(out, &mut is_first, "**kwargs");
    }
    out.push(')');
}

/// `sum(input, dim=None, keepdim=False, *, dtype=None, out=None)`: the signature of one row of a name.
pub fn of_row(entry: &Entry, info: &'static OpInfo) -> String {
    let mut text = entry.name.to_owned();
    let parameters = parameters(info, entry.method, entry.in_place);
    write_parameters(&parameters, false, entry.method.then_some("self"), &mut text);
    text
}

/// Writes the docstring, in the form from which `inspect.signature` reads the signature; a name with several rows lists
/// them.
pub fn write_docstring(entry: &Entry, out: &mut String) {
    let this = entry.method.then_some("$self");
    out.push_str(entry.name);
    if let [only] = entry.overloads[..] {
        write_parameters(&parameters(only, entry.method, entry.in_place), false, this, out);
        out.push_str("\n--\n\n");
    } else {
        let rows: Vec<Vec<Parameter>> =
            entry.overloads.iter().map(|info| parameters(info, entry.method, entry.in_place)).collect();
        let shape = covering(&rows);
        write_parameters(&shape.parameters, shape.open, this, out);
        out.push_str("\n--\n\n");
        for parameters in &rows {
            out.push_str(entry.name);
            write_parameters(parameters, false, entry.method.then_some("self"), out);
            out.push('\n');
        }
        out.push('\n');
    }
    out.push_str(entry.doc());
}
