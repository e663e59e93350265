//! The pages, asked over HTTP, with a real monolith behind them.

mod api;
mod browser;

mod foreign;
mod headers;
mod hostile;
mod outage;
mod paging;
mod read;
mod read_only;
mod resent;
mod write;
