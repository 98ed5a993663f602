//! Tensors print as PyTorch prints them: cases with PyTorch's own text, and what no oracle can say.

use arcgrad::display::{Class, Elements, Facts, Number, PrintOptions, tensor_text};
use arcgrad::dtype::DType;
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
