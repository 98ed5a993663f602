//! Layers of networks, and losses.

pub mod attention;
pub mod convolution;
pub mod cross_entropy;
pub mod dropout;
pub mod loss;
pub mod loss_rows;
pub mod loss_table;
pub mod normalization;
pub mod pooling;
pub mod resampling;
pub mod sequence;
pub mod table;
pub(super) mod weighted_sums;
