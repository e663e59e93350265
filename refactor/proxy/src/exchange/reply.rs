//! The proxy's own answers.

use std::future::poll_fn;

use http::{Method, StatusCode};
use http1::{FieldKind, HeaderField, RequestHead};
use runtime::PROBLEM_JSON;

use super::record::RequestRecord;
use crate::client_exchange::{BodyLength, ClientExchange};
use crate::problem::Problem;

/// What the proxy answers to `GET /`, as the board does.
const GREETING: &[u8] = b"Ready to receive requests";

/// Answers `GET /`.
pub(super) async fn greet<C: ClientExchange>(
    client: &mut C,
    record: &mut RequestRecord<'_>,
    head: &RequestHead<'_>,
) {
    let value = b"text/plain; charset=utf-8";
    let fields = [HeaderField { kind: FieldKind::EndToEnd, name: "content-type", value }];
    answer(client, record, head, StatusCode::OK, &fields, GREETING).await;
}

/// Answers with a problem.
pub(super) async fn refuse<C: ClientExchange>(
    client: &mut C,
    record: &mut RequestRecord<'_>,
    head: &RequestHead<'_>,
    problem: &Problem,
) {
    let retry_after = problem.retry_after.map(|seconds| seconds.to_string());
    let fields = [
        ("content-type", Some(PROBLEM_JSON)),
        ("retry-after", retry_after.as_deref()),
        ("allow", problem.allow),
    ];
    let fields: Vec<_> = fields
        .into_iter()
        .filter_map(|(name, value)| {
            Some(HeaderField { kind: FieldKind::EndToEnd, name, value: value?.as_bytes() })
        })
        .collect();
    answer(client, record, head, problem.status(), &fields, &problem.document()).await;
}

/// The proxy's own answer.
async fn answer<C: ClientExchange>(
    client: &mut C,
    record: &mut RequestRecord<'_>,
    head: &RequestHead<'_>,
    status: StatusCode,
    fields: &[HeaderField<'_>],
    body: &[u8],
) {
    let date = jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&jiff::Timestamp::now())
        .unwrap_or_default();
    let date = HeaderField { kind: FieldKind::Date, name: "date", value: date.as_bytes() };
    let id = record.id.clone();
    let id = HeaderField { kind: FieldKind::RequestId, name: "x-request-id", value: id.as_bytes() };
    let (name, value) = ("x-content-type-options", b"nosniff");
    let nosniff = HeaderField { kind: FieldKind::EndToEnd, name, value };
    let fields: Vec<_> = fields.iter().copied().chain([nosniff, date, id]).collect();
    record.status = status.as_u16();
    client.skip_body();
    let length = body.len() as u64;
    if head.method == Method::HEAD {
        client.begin(record.status, &fields, BodyLength::None(Some(length)));
    } else {
        client.begin(record.status, &fields, BodyLength::Length(length));
        client.push(body);
        record.bytes = length;
    }
    client.end();
    if poll_fn(|context| client.poll_flush(context)).await.is_err() {
        client.abort();
    }
}
