//! Metrics in the format that a scraper asks for: Prometheus' text format 0.0.4, which all of them read, or
//! OpenMetrics 1.0, for those that say so.

use std::collections::HashMap;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The answer to a scrape: these metrics, which are written as OpenMetrics.
pub fn scraped(request: &HttpRequest, open_metrics: String) -> HttpResponse {
    let accept = request.headers().get_all(header::ACCEPT);
    let accept: Vec<_> = accept.filter_map(|accept| accept.to_str().ok()).collect();
    let (media_type, body) = match wants_open_metrics(&accept.join(",")) {
        true => (OPEN_METRICS, open_metrics),
        false => (TEXT, text(&open_metrics)),
    };
    HttpResponse::Ok().content_type(media_type).insert_header((header::VARY, "Accept")).body(body)
}

/// Whether OpenMetrics is named, in a version that is written here, and the older format is not liked better
/// (RFC 9110, 12.5.1). A wildcard means the older one, and so does whatever else is asked for.
fn wants_open_metrics(accept: &str) -> bool {
    let mut open_metrics = 0.0_f32;
    // By how exactly they name it.
    let mut text = [None; 3];
    for range in accept.split(',') {
        let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
        let (mut quality, mut known) = (1.0, true);
        for (parameter, value) in parameters.split(';').filter_map(|one| one.split_once('=')) {
            let value = value.trim().trim_matches('"');
            match parameter.trim().to_ascii_lowercase().as_str() {
                "q" => quality = value.parse().unwrap_or(0.0),
                // What was written for 0.0.1 reads 1.0.0 as it is written here.
                "version" => known = ["0.0.1", "1.0.0"].contains(&value),
                _ => {}
            }
        }
        match name.trim().to_ascii_lowercase().as_str() {
            "application/openmetrics-text" if known => open_metrics = open_metrics.max(quality),
            "text/plain" => text[0] = Some(quality),
            "text/*" => text[1] = Some(quality),
            "*/*" => text[2] = Some(quality),
            _ => {}
        }
    }
    open_metrics > 0.0 && open_metrics >= text.into_iter().flatten().next().unwrap_or(0.0)
}

/// OpenMetrics as the older format has it: a family has the name of its samples, and there are no units, exemplars
/// and end, and fewer types.
fn text(open_metrics: &str) -> String {
    let types =
        open_metrics.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let types: HashMap<_, _> = types.collect();
    let mut text = String::with_capacity(open_metrics.len());
    for line in open_metrics.lines() {
        let Some(about) = line.strip_prefix("# ") else {
            text.push_str(without_exemplar(line));
            text.push('\n');
            continue;
        };
        let mut words = about.splitn(3, ' ');
        let (Some(keyword @ ("HELP" | "TYPE")), Some(name)) = (words.next(), words.next()) else {
            continue;
        };
        let suffix = match types.get(name) {
            Some(&"counter") => "_total",
            Some(&"info") => "_info",
            _ => "",
        };
        let rest = match (keyword, words.next().unwrap_or_default()) {
            ("TYPE", "info" | "stateset") => "gauge",
            ("TYPE", "unknown") => "untyped",
            (_, rest) => rest,
        };
        text.extend(["# ", keyword, " ", name, suffix, " ", rest, "\n"]);
    }
    text
}

/// A sample up to its exemplar, which begins with a `#` outside of a label's value.
fn without_exemplar(sample: &str) -> &str {
    let (mut quoted, mut escaped) = (false, false);
    let exemplar = sample.find(|character| {
        quoted ^= character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        character == '#' && !quoted
    });
    exemplar.map_or(sample, |start| sample.get(..start).unwrap_or(sample).trim_end())
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn the_older_format_has_the_names_of_the_samples() {
        let open_metrics = r##"# HELP a Some "a" # b.
# TYPE a counter
# UNIT a seconds
a_total{x="\\\"# {",y="#"} 1 # {trace="z"} 0.5
a_total 2 # {} 1
# HELP i About.
# TYPE i info
i_info{v="1"} 1
# TYPE u unknown
u 1
# TYPE s stateset
s{s="a"} 1
# TYPE h histogram
h_bucket{le="+Inf"} 1 # {t="#\""} 3.0
h_sum 1.5
h_count 1
# EOF
"##;
        let expected = r##"# HELP a_total Some "a" # b.
# TYPE a_total counter
a_total{x="\\\"# {",y="#"} 1
a_total 2
# HELP i_info About.
# TYPE i_info gauge
i_info{v="1"} 1
# TYPE u untyped
u 1
# TYPE s gauge
s{s="a"} 1
# TYPE h histogram
h_bucket{le="+Inf"} 1
h_sum 1.5
h_count 1
"##;
        assert_eq!(text(open_metrics), expected);
    }
}
