//! The style and the script of the pages, which are in the program.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use ring::digest;

use crate::answer;
use crate::secret::hex;

const STYLE: &str = include_str!("assets/console.css");
const SCRIPT: &str = include_str!("assets/console.js");
const ICON: &str = include_str!("assets/icon.svg");

/// The URL of the style, which changes with it.
pub(crate) static STYLE_URL: LazyLock<String> = LazyLock::new(|| url("console.css", STYLE));
/// The URL of the script, which changes with it.
pub(crate) static SCRIPT_URL: LazyLock<String> = LazyLock::new(|| url("console.js", SCRIPT));

/// The URL of the icon, which changes with it.
pub(crate) static ICON_URL: LazyLock<String> = LazyLock::new(|| url("icon.svg", ICON));

fn url(name: &str, text: &str) -> String {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    format!("/console/{name}?{}", hex(&digest.as_ref()[..6]))
}

/// `GET /console/console.css`.
pub(crate) async fn style() -> HttpResponse {
    answer::file("text/css; charset=utf-8", STYLE)
}

/// `GET /console/console.js`.
pub(crate) async fn script() -> HttpResponse {
    answer::file("text/javascript; charset=utf-8", SCRIPT)
}

/// `GET /console/icon.svg`.
pub(crate) async fn icon() -> HttpResponse {
    answer::file("image/svg+xml", ICON)
}
