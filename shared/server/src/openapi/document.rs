//! The OpenAPI document.

use models::{Collection, Field, Rule};
use serde_json::{Map, Value, json};
use store::IDEMPOTENCY_HOURS;

use crate::body::Body;
use crate::collection::{Endpoint, Success, endpoints};
use crate::idempotency;
use crate::limits;
use crate::problem::IDEMPOTENCY_KEY;
use crate::query::{MEMBER_NAME, QueryParameter};

use super::access::Access;

/// The end of the path of a member by its name.
const NAME_PARAMETER: &str = "/{name}";

/// A reference to one of the document's own schemas.
fn schema(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// The collection's document.
pub(super) fn document(collection: &Collection, access: &Access) -> Value {
    let names = Names::new(collection);
    let root = format!("/api/{}", names.all);
    let mut paths = Map::new();
    for path in endpoints(collection, access.tokens) {
        let mut item = Map::new();
        for endpoint in &path.endpoints {
            let method = endpoint.method.as_str().to_lowercase();
            item.insert(method, operation(endpoint, &path.path, &names, access));
        }
        if path.path.ends_with("{id}") {
            item.insert("parameters".into(), json!([id_parameter()]));
        } else if let (true, Some(field)) =
            (path.path.ends_with(NAME_PARAMETER), collection.unique())
        {
            item.insert("parameters".into(), json!([name_parameter(field)]));
        }
        paths.insert(format!("{root}{}", path.path), item.into());
    }
    let mut components = json!({ "schemas": schemas(collection, &names, access) });
    access.describe(&mut components);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": names.all,
            "version": env!("CARGO_PKG_VERSION"),
            "description": format!(
                "The {} of the board. Errors are problem documents (RFC 9457). A path may end in a \
                 slash; HEAD works where GET does.", names.all
            ),
        },
        "paths": paths,
        "components": components,
    })
}

/// What things are called in sentences and in the document.
struct Names<'a> {
    /// `users`
    all: &'a str,
    /// `user`
    one: &'a str,
    /// `User`
    schema: String,
    /// The field in which no two members agree.
    unique: Option<&'a str>,
}

impl<'a> Names<'a> {
    fn new(collection: &'a Collection) -> Self {
        let one = &*collection.member;
        let (head, tail) = one.split_at(1);
        let schema = head.to_uppercase() + tail;
        let unique = collection.unique().map(|field| &*field.name);
        Self { all: &collection.name, one, schema, unique }
    }
}

fn id_schema() -> Value {
    json!({"type": "integer", "minimum": 1, "maximum": models::MAX_ID})
}

fn id_parameter() -> Value {
    json!({"name": "id", "in": "path", "required": true, "schema": id_schema()})
}

fn name_parameter(field: &Field) -> Value {
    json!({"name": MEMBER_NAME, "in": "path", "required": true, "schema": field_schema(field)})
}

fn schemas(collection: &Collection, names: &Names<'_>, access: &Access) -> Value {
    let fields = &collection.fields;
    let content: Properties =
        fields.iter().map(|field| (field.name.to_string(), field_schema(field))).collect();
    let id = || [("id".to_owned(), id_schema())];
    let time = |name: &str| (name.to_owned(), json!({"type": "string", "format": "date-time"}));
    let basic: Properties = if collection.basic_has_id {
        id().into_iter().chain(content.clone()).collect()
    } else {
        content.clone()
    };
    let times = [time("createdAt"), time("updatedAt")];
    let full: Properties = id().into_iter().chain(content.clone()).chain(times).collect();
    let all = |properties: &Properties| properties.keys().cloned().collect::<Vec<_>>();
    let needed = fields.iter().filter(|field| field.required);
    let needed = needed.map(|field| field.name.to_string()).collect();
    let needed = access.needed(collection.author.as_deref(), needed);
    let mut patch = content.clone();
    for schema in patch.values_mut().filter_map(Value::as_object_mut) {
        // What a patch leaves out stays as it is.
        schema.remove("default");
    }
    let (one, name) = (names.one, &names.schema);
    json!({
        name.as_str(): object(format!("A {one} in the basic view."), all(&basic), basic),
        format!("{name}Full"): object(format!("A {one} in the full view."), all(&full), full),
        format!("New{name}"): object(format!("A {one} to store."), needed, content),
        format!("{name}Patch"): object(
            format!(
                "The fields of a {one} to change (RFC 7396); none can be removed, so none is null."
            ),
            Vec::new(),
            patch
        ),
        "Problem": problem_schema(),
    })
}

type Properties = Map<String, Value>;

fn object(about: String, required: Vec<String>, properties: Properties) -> Value {
    json!({
        "type": "object",
        "description": about,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn field_schema(field: &Field) -> Value {
    let mut schema = match &field.rule {
        Rule::Text { min, max, alphabet } => json!({
            "type": "string",
            "description": format!("{} {}", field.about, alphabet.about()),
            "minLength": min,
            "maxLength": max,
            "pattern": alphabet.pattern(),
        }),
        Rule::Integer { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Rule::Boolean => json!({"type": "boolean"}),
        Rule::Time => json!({"type": "string", "format": "date-time"}),
        Rule::Reference(_) => id_schema(),
    };
    if schema.get("description").is_none() {
        schema["description"] = (*field.about).into();
    }
    if let Some(empty) = field.empty() {
        schema["default"] = json!(empty.as_ref());
    }
    schema
}

fn problem_schema() -> Value {
    let text = |about: &str| json!({"type": "string", "description": about});
    json!({
        "type": "object",
        "description": "A problem document (RFC 9457).",
        "properties": {
            "type": text("Always about:blank: the status says it all."),
            "title": text("The status in words."),
            "status": {"type": "integer", "description": "The status."},
            "detail": text("What was wrong, and what to do next."),
            "errors": {
                "type": "array",
                "description": "One entry for each thing that is wrong.",
                "items": {
                    "type": "object",
                    "properties": {
                        "pointer": text("The place in the body (a JSON Pointer, RFC 6901)."),
                        "parameter": text("Which parameter of the path or query."),
                        "header": text("Which header."),
                        "detail": text("What is wrong with it."),
                    },
                    "required": ["detail"],
                },
            },
        },
        "required": ["type", "title", "status", "detail"],
    })
}

fn operation(endpoint: &Endpoint, path: &str, names: &Names<'_>, access: &Access) -> Value {
    let method = endpoint.method.as_str().to_lowercase();
    let mut parameters: Vec<_> = endpoint.parameters.iter().map(query_parameter).collect();
    parameters.extend(headers(endpoint));
    let place = path.trim_matches('/').replace("/{id}", "").replace("{id}", "one");
    let place = place.replace(NAME_PARAMETER, "");
    let place = if place.is_empty() { "all".to_owned() } else { place };
    let mut operation = json!({
        "operationId": format!("{method}-{}-{place}", names.all),
        "summary": endpoint.summary,
        "parameters": parameters,
        "responses": responses(endpoint, path, names, access),
    });
    if endpoint.is_write() {
        access.require(&mut operation);
    }
    if let Some(body) = endpoint.body {
        let content: Map<_, _> = body
            .media_types()
            .iter()
            .map(|media_type| {
                let name = match body {
                    Body::Whole => format!("New{}", names.schema),
                    Body::Patch => format!("{}Patch", names.schema),
                };
                ((*media_type).to_owned(), json!({"schema": schema(&name)}))
            })
            .collect();
        let about = format!("At most {} bytes.", limits::BODY_BYTES);
        operation["requestBody"] =
            json!({"required": true, "description": about, "content": content});
    }
    operation
}

fn query_parameter(parameter: &QueryParameter) -> Value {
    json!({
        "name": parameter.name,
        "in": "query",
        "description": parameter.about,
        "schema": (parameter.schema)(),
    })
}

fn headers(endpoint: &Endpoint) -> Vec<Value> {
    let header = |name: &str, about: &str, schema: Value| json!({"name": name, "in": "header", "description": about, "schema": schema});
    let text = || json!({"type": "string"});
    match endpoint.success {
        Success::List | Success::Member => {
            vec![header("If-None-Match", "Answers 304 if the ETag is among these.", text())]
        }
        Success::Created => vec![header(
            IDEMPOTENCY_KEY,
            &format!("A repeat within {IDEMPOTENCY_HOURS} hours gets the first answer again."),
            json!({"type": "string", "pattern": idempotency::pattern()}),
        )],
        Success::Changed | Success::Deleted => {
            vec![header("If-Match", "Answers 412 unless the ETag is among these.", text())]
        }
    }
}

fn responses(endpoint: &Endpoint, path: &str, names: &Names<'_>, access: &Access) -> Value {
    let mut responses = Map::new();
    let (status, success) = success(endpoint.success, names);
    responses.insert(status.into(), success);
    let mut problem = |status: u16, about: &str| {
        let content = json!({ runtime::PROBLEM_JSON: {"schema": schema("Problem")} });
        responses.insert(status.to_string(), json!({"description": about, "content": content}));
    };
    problem(400, "The request cannot be read.");
    if path.ends_with('}') && endpoint.success != Success::List {
        problem(404, &format!("There is no such {}.", names.one));
    }
    if matches!(endpoint.success, Success::Changed | Success::Deleted) {
        problem(412, &format!("The {} is not in the state that If-Match asks for.", names.one));
    }
    if endpoint.body.is_some() {
        problem(408, "The body did not arrive in time.");
        if let Some(unique) = names.unique {
            problem(409, &format!("The {unique} is taken."));
        }
        problem(413, "The body is too large.");
        problem(415, "The body is of another type.");
        problem(
            422,
            "Fields break rules or name a member that does not exist; or the Idempotency-Key came with another body.",
        );
    }
    if endpoint.is_write() {
        for (status, about) in access.refusals() {
            problem(status, about);
        }
        problem(
            502,
            "The store's answer was lost while it committed: the write may be stored, or not. Send a POST \
             again with the same Idempotency-Key.",
        );
        problem(
            504,
            "The store took too long to commit: the write may be stored, or not, as with 502.",
        );
        problem(507, "There is no space left; nothing was stored.");
    }
    problem(
        421,
        "Another service is the primary of this collection (Banyan-Primary says where), or it is being handed over. \
         Nothing was stored. The proxy sends such a request on by itself.",
    );
    problem(
        503,
        "The store, or a service that must be asked, cannot be reached. Nothing was stored. Try again.",
    );
    if matches!(endpoint.success, Success::List | Success::Member) {
        responses.insert("304".into(), json!({"description": "It is what If-None-Match names."}));
    }
    responses.into()
}

fn success(success: Success, names: &Names<'_>) -> (&'static str, Value) {
    let header = |about: &str| json!({"description": about, "schema": {"type": "string"}});
    let etag = || header("Names this state (RFC 9110, 8.8.3).");
    let location = || header("The path of the member.");
    let json_of = |schema: Value| json!({ runtime::JSON: {"schema": schema} });
    let basic = || schema(&names.schema);
    let full = || schema(&format!("{}Full", names.schema));
    match success {
        Success::List => {
            let array = |items: Value| json!({"type": "array", "items": items});
            let content = json_of(json!({"anyOf": [array(basic()), array(full())]}));
            let link = header("The pages around this one: next, prev (RFC 8288).");
            let headers = json!({"ETag": etag(), "Link": link});
            ("200", json!({"description": "A page.", "headers": headers, "content": content}))
        }
        Success::Member => {
            let content = json_of(json!({"anyOf": [basic(), full()]}));
            let about = format!("The {}.", names.one);
            ("200", json!({"description": about, "headers": {"ETag": etag()}, "content": content}))
        }
        Success::Created | Success::Changed => {
            let status = if success == Success::Created { "201" } else { "200" };
            let headers = json!({"ETag": etag(), "Location": location()});
            let about = format!("The {} as it is stored.", names.one);
            (status, json!({"description": about, "headers": headers, "content": json_of(full())}))
        }
        Success::Deleted => ("204", json!({"description": "It is deleted."})),
    }
}
