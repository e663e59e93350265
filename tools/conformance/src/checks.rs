//! What is checked, in the order in which it is.

pub(crate) mod access;
pub(crate) mod document;

pub(crate) mod clients;
pub(crate) mod feed;
pub(crate) mod writers;

pub(crate) mod compare;
pub(crate) mod copy;

pub(crate) mod fence;
pub(crate) mod handover;

mod follow_back;
mod pages;
mod promotion;
