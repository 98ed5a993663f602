//! All tables under one roof.

use std::sync::LazyLock;

use super::OpInfo;
use crate::ops::{
    arranging, complex, creation, elementwise, fourier, indexing, linalg, matmul, nn, random, reductions, sorting,
    views, writing,
};

/// Every family's table.
pub fn registry() -> &'static [&'static [OpInfo]] {
    static TABLES: LazyLock<Vec<&'static [OpInfo]>> = LazyLock::new(|| {
        vec![
            elementwise::table::TABLE,
            elementwise::special_table::TABLE,
            reductions::table::TABLE,
            reductions::table::VAR,
            reductions::table::STD,
            views::table::TABLE,
            complex::table::TABLE,
            writing::table::TABLE,
            arranging::table::TABLE,
            indexing::table::TABLE,
            sorting::table::TABLE,
            sorting::table::MEDIAN,
            sorting::table::NANMEDIAN,
            sorting::table::STD_MEAN,
            sorting::table::VAR_MEAN,
            creation::table::TABLE,
            random::table::TABLE,
            matmul::table::TABLE,
            linalg::table::TABLE,
            fourier::table::TABLE,
            nn::loss_table::TABLE,
            nn::loss_table::SOFTMAX_FORMS,
            nn::loss_table::LOG_SOFTMAX_FORMS,
            nn::table::TABLE,
            nn::table::MAX_POOL_1D,
            nn::table::MAX_POOL_2D,
            nn::table::MAX_POOL_3D,
        ]
    });
    &TABLES
}
