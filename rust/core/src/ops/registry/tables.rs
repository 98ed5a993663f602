//! All tables under one roof.

use crate::ops::elementwise::{special_table, table};
use crate::ops::nn::{loss_table, table};
use std::sync::LazyLock;

use super::OpInfo;

/// Every family's table.
pub fn registry() -> &'static [&'static [OpInfo]] {
    static TABLES: LazyLock<Vec<&'static [OpInfo]>> = LazyLock::new(|| {
        vec![
            table::TABLE,
            special_table::TABLE,
            table::TABLE,
            table::VAR,
            table::STD,
            table::TABLE,
            table::TABLE,
            table::TABLE,
            table::TABLE,
            table::TABLE,
            table::TABLE,
            table::MEDIAN,
            table::NANMEDIAN,
            table::STD_MEAN,
            table::VAR_MEAN,
            table::TABLE,
            table::TABLE,
            table::TABLE,
            table::TABLE,
            table::TABLE,
            loss_table::TABLE,
            loss_table::SOFTMAX_FORMS,
            loss_table::LOG_SOFTMAX_FORMS,
            table::TABLE,
            table::MAX_POOL_1D,
            table::MAX_POOL_2D,
            table::MAX_POOL_3D,
        ]
    });
    &TABLES
}
