//! Signatures as Python sees them: the parameters of one row, and text for a name with one row or several.

use arcgrad::ops::registry::{Default, Forms, OpInfo, Param};

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

/// A parameter as a caller sees it.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// The name.
    pub name: String,
    /// NumPy's spellings of the name.
    pub spellings: &'static [&'static str],
    /// What it takes: a kind of the table, or one of the kinds of the keywords that many operations share.
    pub kind: String,
    /// The value that stands for leaving it out; none if it must be given.
    pub default: Option<String>,
    /// It accepts `None`.
    pub nullable: bool,
    /// How it is given.
    pub way: Way,
}

/// What a parameter is when it is left out, as Python writes it.
pub fn default_text(param: &Param) -> Option<String> {
    Some(match param.default {
        Default::Required => return None,
        Default::None => "None".to_owned(),
        Default::Ints(values) => {
            let items: Vec<String> = values.iter().map(i64::to_string).collect();
            format!("({})", items.join(", "))
        }
        Default::Int(value) => value.to_string(),
        Default::Float(value) if value.is_infinite() => {
            if value > 0.0 {
                "inf".to_owned()
            } else {
                "-inf".to_owned()
            }
        }
        Default::Float(value) => format!("{value:?}"),
        Default::Bool(value) => if value { "True" } else { "False" }.to_owned(),
        Default::Text(value) => format!("'{value}'"),
    })
}

/// The parameters of a row, without the object itself for methods, and with the keywords that many rows share.
pub fn parameters(info: &'static OpInfo, method: bool, in_place: bool) -> Vec<Parameter> {
    let own = info.params.iter().enumerate().skip(usize::from(method)).map(|(at, param)| {
        let word = param.name == "from";
        Parameter {
            name: format!("{}{}", param.name, if word { "_" } else { "" }),
            spellings: if param.numpy_spelling { numpy_spellings(param.name) } else { &[] },
            kind: format!("{:?}", param.kind),
            default: default_text(param),
            nullable: param.nullable,
            way: match (param.keyword_only, info.spreads(at, method)) {
                (true, _) => Way::Keyword,
                (_, true) => Way::Spread,
                _ if word => Way::PositionalOnly,
                _ => Way::Positional,
            },
        }
    });
    let mut all: Vec<Parameter> = own.collect();
    let mut keyword = |name: &str, kind: &str, default: &str| {
        all.push(Parameter {
            name: name.to_owned(),
            spellings: &[],
            kind: kind.to_owned(),
            default: Some(default.to_owned()),
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
            left_out.then(|| if parameter.nullable { "None" } else { "..." }.to_owned())
        });
    }
    Shape { parameters, open }
}

/// `(input, dim=None, keepdim=False, *, dtype=None, out=None)`
fn text(shape: &Shape, this: Option<&str>) -> String {
    let mut items: Vec<String> = this.map(str::to_owned).into_iter().collect();
    let alone = shape.parameters.iter().rposition(|parameter| parameter.way == Way::PositionalOnly);
    let named = shape.parameters.iter().position(|parameter| parameter.way == Way::Keyword);
    let spreads = shape.parameters.iter().any(|parameter| parameter.way == Way::Spread);
    for (at, parameter) in shape.parameters.iter().enumerate() {
        if named == Some(at) && !spreads {
            items.push(if shape.open { "*args" } else { "*" }.to_owned());
        }
        items.push(match (parameter.way, &parameter.default) {
            (Way::Spread, _) => format!("*{}", parameter.name),
            (_, Some(default)) => format!("{}={default}", parameter.name),
            (_, None) => parameter.name.clone(),
        });
        if alone == Some(at) {
            items.push("/".to_owned());
        }
    }
    if shape.open {
        if named.is_none() {
            items.push("*args".to_owned());
        }
        items.push("**kwargs".to_owned());
    }
    format!("({})", items.join(", "))
}

/// `sum(input, dim=None, keepdim=False, *, dtype=None, out=None)`: the signature of one row of a name.
pub fn of_row(entry: &Entry, info: &'static OpInfo) -> String {
    let shape = Shape { parameters: parameters(info, entry.method, entry.in_place), open: false };
    format!("{}{}", entry.name, text(&shape, entry.method.then_some("self")))
}

/// The docstring, in the form from which `inspect.signature` reads the signature; a name with several rows lists them.
pub fn docstring(entry: &Entry) -> String {
    let rows: Vec<Vec<Parameter>> =
        entry.overloads.iter().map(|info| parameters(info, entry.method, entry.in_place)).collect();
    let mut doc = format!("{}{}\n--\n\n", entry.name, text(&covering(&rows), entry.method.then_some("$self")));
    if entry.overloads.len() > 1 {
        for info in &entry.overloads {
            doc.push_str(&of_row(entry, info));
            doc.push('\n');
        }
        doc.push('\n');
    }
    doc + entry.doc()
}
