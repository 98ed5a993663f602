//! All tables under one roof.

use std::sync::LazyLock;

use super::registry::OpInfo;

/// Every family's table.
pub fn registry() -> &'static [&'static [OpInfo]] {
    static TABLES: LazyLock<Vec<&'static [OpInfo]>> = LazyLock::new(|| {
        vec![
            super::elementwise_table::TABLE,
            super::special_table::TABLE,
            super::reductions::table::TABLE,
            super::reductions::table::VAR,
            super::reductions::table::STD,
            super::views::table::TABLE,
            super::complex::table::TABLE,
            super::writing::table::TABLE,
            super::arranging::table::TABLE,
            super::indexing::table::TABLE,
            super::sorting::table::TABLE,
            super::sorting::table::MEDIAN,
            super::sorting::table::NANMEDIAN,
            super::sorting::table::STD_MEAN,
            super::sorting::table::VAR_MEAN,
            super::creation::table::TABLE,
            super::random::table::TABLE,
            super::matmul::table::TABLE,
            super::linalg::table::TABLE,
            super::fourier::table::TABLE,
            super::nn::loss_table::TABLE,
            super::nn::loss_table::SOFTMAX_FORMS,
            super::nn::loss_table::LOG_SOFTMAX_FORMS,
            super::nn::table::TABLE,
            super::nn::table::MAX_POOL_1D,
            super::nn::table::MAX_POOL_2D,
            super::nn::table::MAX_POOL_3D,
        ]
    });
    &TABLES
}
