//! Where an operation works: where what it reads lies, which is the same place for all of it.

use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::storage::{Device, Placed};

/// What an operation makes is made where its operands lie.
///
/// # Errors
/// Where they lie in different places. Numbers (tensors without axes) may lie in memory, and so may positions that are read of
/// what lies nowhere.
#[cold]
pub(crate) fn of_operands<'a>(operands: impl Iterator<Item = &'a Array>) -> Result<Option<Placed>> {
    let mut found = None;
    for array in operands {
        let device = array.storage().device();
        if device == Device::Cpu && array.rank() == 0 {
            continue;
        }
        match found {
            None => found = Some(device),
            Some(expected) if expected == device => {}
            Some(Device::Meta) if array.dtype() == DType::I64 => {}
            Some(expected) => {
                return Err(Error::runtime(
                    "device",
                    format!(
                        "Tensor on device {} is not on the expected device {}! Expected all tensors to be on the same device",
                        device.name(),
                        expected.name()
                    ),
                ));
            }
        }
    }
    Ok(found.and_then(Placed::unless_said))
}
