//! TAXII 2.1 over HTTP, as clients meet it: a server on the loopback address, over a real store.

mod client;
mod operations;
mod paging;
mod reading;
mod surface;
mod world;
mod writing;
