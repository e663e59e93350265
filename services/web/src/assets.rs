//! The style sheet and the icon, in the binary.
//!
//! The name of each has a hash of what it is, so a browser may keep it forever: another content has another name.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::ServiceConfig;
use runtime::readable;
use xxhash_rust::xxh3::xxh3_64;

/// A file that pages refer to.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Its path, with the hash.
    pub(crate) path: String,
    content: &'static str,
    media_type: &'static str,
}

/// The style sheet of every page.
pub(crate) static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("style", "css", include_str!("style.css"), "text/css; charset=utf-8")
});
/// The icon of the board.
pub(crate) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", include_str!("icon.svg"), "image/svg+xml"));

impl Asset {
    fn new(name: &str, end: &str, content: &'static str, media_type: &'static str) -> Self {
        let hash = xxh3_64(content.as_bytes());
        Self { path: format!("/{name}-{hash:016x}.{end}"), content, media_type }
    }

    fn mount(&'static self, config: &mut ServiceConfig) {
        config.service(readable(&self.path, move || async move {
            let mut response = HttpResponse::Ok();
            response.insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"));
            response.content_type(self.media_type).body(self.content)
        }));
    }
}

/// Adds both.
pub(crate) fn mount(config: &mut ServiceConfig) {
    STYLE.mount(config);
    ICON.mount(config);
}
