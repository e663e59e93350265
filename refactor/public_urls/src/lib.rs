//! An application as its clients know it: the URL by which a request was made, and what an answer says of URLs.
//!
//! Nothing here opens a socket. [`Downstream`] is the client of a request and the URL that it asked for, whatever stands in
//! between, as far as [`TrustedProxies`] are believed. [`PublicHosts`] are the names that are answered. [`PublicUrls`]
//! are the URLs of a service in an answer, as that client can ask for them.
//!
//! ```
//! use http1::{RequestHead, ResponseHead};
//! use public_urls::{Downstream, Origin, PublicUrls, TrustedProxies, public_fields};
//!
//! // A load balancer ended TLS, and passed the request on.
//! let head = b"GET /shop/cart HTTP/1.1\r\nHost: www.example.com\r\nX-Forwarded-Proto: https\r\n\r\n";
//! let head = RequestHead::parse(head).unwrap();
//! let trusted: TrustedProxies = "10.0.0.0/8".parse().unwrap();
//! let downstream = Downstream::of(&trusted, [10, 0, 0, 1].into(), (false, 8080), &head);
//! assert!(downstream.https);
//!
//! // The service answers below its own root, and knows nothing of the stage `shop`.
//! let origin = Origin::of(&"http://10.1.1.1:3000".parse().unwrap()).unwrap();
//! let answer = b"HTTP/1.1 302 Found\r\nLocation: http://10.1.1.1:3000/login\r\nContent-Length: 0\r\n\r\n";
//! let answer = ResponseHead::parse_final(answer, &http::Method::GET, None).unwrap();
//! let urls = || PublicUrls::new("shop", "/cart", 0, (&origin, ""), &downstream);
//! assert_eq!(public_fields(&answer.fields, urls)[0].1, "https://www.example.com/shop/login");
//! ```

mod downstream;
mod origin;
mod public_hosts;
mod public_urls;

pub use downstream::{Downstream, ForwardedFields};
pub use origin::Origin;
pub use public_hosts::{NoHosts, PublicHosts};
pub use public_urls::{PublicUrls, public_fields};
pub use runtime::{NoNetworks, TrustedProxies};
