//! The floor: actix-web with one handler that sends bytes which it was given. No log, no middleware, one worker.
//!
//! Usage: floor PORT URL. It asks URL once, and answers every request with the same header fields and bytes.

use std::error::Error;

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};

/// What the HTTP layer writes by itself.
const OWN: [&str; 3] = ["content-length", "date", "connection"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(url)) = (arguments.next(), arguments.next()) else {
        return Err("usage: floor PORT URL".into());
    };
    let mut answer = ureq::get(&url).call()?;
    let mut fields = Vec::new();
    for (name, value) in answer.headers() {
        if !OWN.contains(&name.as_str()) {
            let name = HeaderName::from_bytes(name.as_str().as_bytes())?;
            fields.push((name, HeaderValue::from_bytes(value.as_bytes())?));
        }
    }
    let body = Bytes::from(answer.body_mut().read_to_vec()?);
    actix_web::rt::System::new().block_on(async move {
        let app = move || {
            let (fields, body) = (fields.clone(), body.clone());
            let handler = move || {
                let mut response = HttpResponse::Ok();
                for (name, value) in &fields {
                    response.insert_header((name.clone(), value.clone()));
                }
                let response = response.body(body.clone());
                async move { response }
            };
            App::new().default_service(web::to(handler))
        };
        HttpServer::new(app).workers(1).bind(("127.0.0.1", port.parse()?))?.run().await?;
        Ok(())
    })
}
