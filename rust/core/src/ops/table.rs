//! All tables.

use super::registry::OpInfo;

/// Every family's table.
pub fn registry() -> &'static [&'static [OpInfo]] {
    &[]
}
