//! Tensors print as PyTorch prints them: cases with PyTorch's own text, and what no oracle can say.

use arcgrad::display::{
    Class, Elements, Facts, Number, PrintOptions, PrintOptionsChange, change_options, options, scalar_text,
    set_options, tensor_text,
};
use arcgrad::dtype::DType;
use arcgrad::error::Error;
use serde_json::Value;

/// A tensor whose elements are a cycle of numbers.
struct Cycle {
    dtype: DType,
    shape: Vec<usize>,
    numbers: Vec<Number>,
}

impl Elements for Cycle {
    fn dtype(&self) -> DType {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn get(&self, index: &[usize]) -> Number {
        assert_eq!(index.len(), self.shape.len());
        let offset = index.iter().zip(&self.shape).fold(0, |offset, (&index, &size)| {
            assert!(index < size, "index {index} in an axis of {size}");
            (offset * size + index) % self.numbers.len()
        });
        self.numbers[offset]
    }
}

fn dtype(name: &str) -> DType {
    DType::ALL.into_iter().find(|dtype| dtype.name() == name).unwrap()
}

/// The numbers of a case, read in its own precision.
fn numbers(dtype: DType, text: &str) -> Vec<Number> {
    let single = |text: &str| f64::from(text.parse::<f32>().unwrap());
    let double = |text: &str| text.parse::<f64>().unwrap();
    let words: Vec<&str> = text.split_whitespace().collect();
    match dtype {
        DType::Bool => words.iter().map(|text| Number::Bool(*text == "1")).collect(),
        DType::F16 | DType::BF16 | DType::F32 => words.iter().map(|text| Number::Real(single(text))).collect(),
        DType::F64 => words.iter().map(|text| Number::Real(double(text))).collect(),
        DType::C64 => words.chunks(2).map(|pair| Number::Complex(single(pair[0]), single(pair[1]))).collect(),
        DType::C128 => words.chunks(2).map(|pair| Number::Complex(double(pair[0]), double(pair[1]))).collect(),
        _ => words.iter().map(|text| Number::Int(text.parse().unwrap())).collect(),
    }
}

fn print_options(entry: &Value) -> PrintOptions {
    let number = |i: usize| entry[i].as_i64().unwrap();
    PrintOptions {
        precision: number(0).try_into().unwrap(),
        // A negative threshold stands for none.
        threshold: number(1).try_into().unwrap_or(usize::MAX),
        edgeitems: number(2).try_into().unwrap(),
        linewidth: number(3).try_into().unwrap(),
        sci_mode: entry[4].as_bool(),
    }
}

fn facts(entry: &Value) -> Facts<'_> {
    let name = entry[1].as_str().unwrap();
    Facts {
        class: match entry[0].as_str().unwrap() {
            "tensor" => Class::Tensor,
            "parameter" => Class::Parameter,
            "subclass" => Class::Subclass(name),
            "flagged" => Class::FlaggedSubclass(name),
            "parameter_subclass" => Class::ParameterSubclass(name),
            other => panic!("class {other}"),
        },
        default_dtype: dtype(entry[2].as_str().unwrap()),
        grad_fn: entry[3].as_str(),
        requires_grad: entry[4].as_bool().unwrap(),
        tangent: entry[5].as_str(),
    }
}

#[test]
fn every_case_of_the_oracle_is_byte_equal() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/oracle/display.json");
    let data: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = data["cases"].as_array().unwrap();
    assert!(cases.len() >= 1500, "{} cases", cases.len());
    let mut failures = Vec::new();
    for case in cases {
        let dtype = dtype(case[0].as_str().unwrap());
        let shape = case[1].as_array().unwrap().iter().map(|size| size.as_u64().unwrap() as usize).collect();
        let numbers = numbers(dtype, case[2].as_str().unwrap());
        let options = print_options(&data["options"][case[3].as_u64().unwrap() as usize]);
        let facts = facts(&data["facts"][case[4].as_u64().unwrap() as usize]);
        let expected = case[5].as_str().unwrap();
        let text = tensor_text(&Cycle { dtype, shape, numbers }, &facts, &options).unwrap();
        if text != expected {
            failures.push(format!("{options:?}\n{facts:?}\nexpected\n{expected}\ngot\n{text}\n"));
        }
    }
    let shown = failures.iter().take(5).cloned().collect::<String>();
    assert!(failures.is_empty(), "{} of {} cases differ, the first:\n{shown}", failures.len(), cases.len());
}

#[test]
fn a_number_is_formatted_as_a_tensor_without_axes_shows_it() {
    let text = |number| scalar_text(number, &PrintOptions::DEFAULT);
    assert_eq!(text(Number::Bool(true)), "True");
    assert_eq!(text(Number::Int(i64::MIN)), "-9223372036854775808");
    assert_eq!(text(Number::Real(0.5)), "0.5000");
    assert_eq!(text(Number::Real(-3.0)), "-3.");
    assert_eq!(text(Number::Real(-0.0)), "-0.");
    assert_eq!(text(Number::Real(-f64::NAN)), "nan");
    assert_eq!(text(Number::Real(f64::NEG_INFINITY)), "-inf");
    assert_eq!(text(Number::Real(5e-324)), "4.9407e-324");
    assert_eq!(text(Number::Real(1e8)), "100000000.");
    assert_eq!(text(Number::Real(1e8 + 1.0)), "1.0000e+08");
    assert_eq!(text(Number::Complex(1.0, -0.25)), "1.-0.2500j");
    assert_eq!(text(Number::Complex(0.5, f64::NAN)), "0.5000+nanj");
}

#[test]
fn the_greatest_precision_shows_every_digit() {
    let options = PrintOptions { precision: u16::MAX, sci_mode: Some(false), ..PrintOptions::DEFAULT };
    let text = scalar_text(Number::Real(5e-324), &options);
    assert_eq!(text.len(), 2 + usize::from(u16::MAX));
    // 2⁻¹⁰⁷⁴ ends in 625, with 1,074 digits after the point.
    assert_eq!(text.trim_end_matches('0').len(), 2 + 1074);
    assert!(text.trim_end_matches('0').ends_with("625"));
}

#[test]
fn the_largest_options_do_not_overflow() {
    let largest =
        PrintOptions { precision: 4, threshold: 0, edgeitems: usize::MAX, linewidth: usize::MAX, sci_mode: None };
    let tensor = Cycle { dtype: DType::F32, shape: vec![2, 2], numbers: vec![Number::Real(1.0)] };
    let text = tensor_text(&tensor, &Facts { requires_grad: true, ..Facts::default() }, &largest).unwrap();
    assert_eq!(text, "tensor([[1., 1.],\n        [1., 1.]], requires_grad=True)");
}

#[test]
fn a_huge_tensor_is_summarised_without_reading_it_all() {
    let huge = Cycle { dtype: DType::I64, shape: vec![usize::MAX, 2], numbers: vec![Number::Int(7), Number::Int(-8)] };
    let text = tensor_text(&huge, &Facts::default(), &PrintOptions { edgeitems: 1, ..PrintOptions::DEFAULT }).unwrap();
    assert_eq!(text, "tensor([[ 7, -8],\n        ...,\n        [ 7, -8]])");
}

#[test]
fn elements_that_do_not_fit_into_memory_are_an_error() {
    for shape in [vec![usize::MAX; 3], vec![usize::MAX], vec![1 << 31, 1 << 31]] {
        let huge = Cycle { dtype: DType::F32, shape, numbers: vec![Number::Real(1.0)] };
        let error = tensor_text(&huge, &Facts::default(), &PrintOptions::FULL).unwrap_err();
        assert!(matches!(*error, Error::OutOfMemory { op: "repr", bytes } if bytes > 1 << 62), "{error}");
    }
}

#[test]
fn the_number_of_axes_is_not_bounded_by_the_stack() {
    const AXES: usize = 200_000;
    let deep = Cycle { dtype: DType::Bool, shape: vec![1; AXES], numbers: vec![Number::Bool(true)] };
    let text = tensor_text(&deep, &Facts::default(), &PrintOptions::DEFAULT).unwrap();
    assert_eq!(text, format!("tensor({}True{})", "[".repeat(AXES), "]".repeat(AXES)));
}

#[test]
fn profiles_have_the_values_of_pytorch() {
    assert_eq!(PrintOptions::profile("default"), Some(PrintOptions::default()));
    let short = PrintOptions::profile("short").unwrap();
    assert_eq!((short.precision, short.threshold, short.edgeitems, short.linewidth), (2, 1000, 2, 80));
    let full = PrintOptions::profile("full").unwrap();
    assert_eq!(full, PrintOptions { threshold: usize::MAX, ..PrintOptions::DEFAULT });
    assert_eq!(PrintOptions::profile("Full"), None);
}

/// One test for all that concerns the process: tests share it.
#[test]
fn changes_leave_the_options_they_do_not_name_except_the_notation() {
    let change = PrintOptionsChange::default();
    assert_eq!(options(), PrintOptions::DEFAULT);
    change_options(&PrintOptionsChange { linewidth: Some(50), sci_mode: Some(true), ..change }).unwrap();
    assert_eq!(options(), PrintOptions { linewidth: 50, sci_mode: Some(true), ..PrintOptions::DEFAULT });
    change_options(&PrintOptionsChange { edgeitems: Some(1), ..change }).unwrap();
    assert_eq!(options(), PrintOptions { linewidth: 50, edgeitems: 1, ..PrintOptions::DEFAULT });

    let before = options();
    let unknown = PrintOptionsChange { profile: Some("brief"), precision: Some(9), ..change };
    let error = change_options(&unknown).unwrap_err().to_string();
    assert!(error.contains("\"brief\"") && error.contains("'short'"), "{error}");
    assert_eq!(options(), before);

    change_options(&PrintOptionsChange { profile: Some("short"), precision: Some(7), ..change }).unwrap();
    assert_eq!(options(), PrintOptions { precision: 7, ..PrintOptions::SHORT });
    set_options(PrintOptions::DEFAULT);
    assert_eq!(options(), PrintOptions::DEFAULT);
}
