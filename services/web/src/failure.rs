//! What goes wrong, and the page that says so.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};

use crate::api::ApiError;
use crate::layout;

/// Why there is not the page that was asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// There is nothing at this address.
    #[error("there is no such page")]
    NoPage,
    /// The member was deleted, or never existed: `thread`.
    #[error("there is no such {0}")]
    NoMember(&'static str),
    /// The address does not take this method, but these.
    #[error("this address takes other methods: {0}")]
    OtherMethod(&'static str),
    /// The form cannot be read.
    #[error("the form cannot be read")]
    BadForm,
    /// The form is too large.
    #[error("the form is too large")]
    LargeForm,
    /// The form comes from another site.
    #[error("the form comes from another site")]
    OtherOrigin,
    /// The form has not the token of this browser.
    #[error("the form does not have the token of this browser")]
    NoToken,
    /// The program was asked by a name that is not this machine's.
    #[error("this name is not one of this machine")]
    OtherHost,
    /// There are no forms here.
    #[error("this board is read-only")]
    ReadOnly,
    /// Something was to be deleted, and neither that was answered nor can the API be read.
    #[error("it is not known whether it was deleted")]
    PerhapsDeleted,
    /// The API does not answer, or not as it should.
    #[error(transparent)]
    Api(#[from] ApiError),
}

impl Failure {
    /// The title of the page, and what it says.
    fn told(&self) -> (&'static str, String) {
        let (title, text) = match self {
            Self::NoPage => {
                ("Page not found", "There is nothing at this address. Look whether it is complete.")
            }
            Self::NoMember(one) => {
                return ("Not found", format!("There is no such {one}. Perhaps it was deleted."));
            }
            Self::OtherMethod(_) => (
                "This address takes another method",
                "Go back, and use the links and the buttons of the page.",
            ),
            Self::BadForm => {
                ("The form cannot be read", "Nothing was stored. Go back, and send the form again.")
            }
            Self::LargeForm => {
                ("The form is too large", "Nothing was stored. Go back, and write a shorter text.")
            }
            Self::OtherOrigin => (
                "This form comes from another site",
                "Nothing was stored. Only the pages of this board can write to it. If you wanted this, do it here.",
            ),
            Self::NoToken => (
                "This form is too old",
                "Nothing was stored. Your browser sent no cookie of this board, or another one than when it got the form. \
                 Go back, load the page again, and send the form again. The board needs cookies for its forms.",
            ),
            Self::OtherHost => (
                "This board is not known by this name",
                "It runs on one machine, for that machine alone. Ask for it as localhost or 127.0.0.1, with the same port.",
            ),
            Self::ReadOnly => (
                "This board is read-only",
                "Nothing was stored. You can read everything, and write nothing.",
            ),
            Self::PerhapsDeleted => (
                "It is not known whether this was deleted",
                "The board did not answer in time. Go back in a moment, and load the page again: it shows whether this is still there.",
            ),
            Self::Api(ApiError::Unavailable(_)) => (
                "The board does not answer",
                "The program with the board's data cannot be reached just now. Nothing is lost.",
            ),
            Self::Api(ApiError::Unexpected(_)) => (
                "Something went wrong",
                "The board gave an answer that this page does not understand. The log of the program has more.",
            ),
        };
        (title, text.to_owned())
    }

    /// What a form is that actix-web cannot read.
    pub(crate) fn of_form(error: &actix_web::Error) -> Self {
        match error.as_response_error().status_code() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::LargeForm,
            _ => Self::BadForm,
        }
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NoPage | Self::NoMember(_) => StatusCode::NOT_FOUND,
            Self::OtherMethod(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadForm => StatusCode::BAD_REQUEST,
            Self::LargeForm => StatusCode::PAYLOAD_TOO_LARGE,
            Self::OtherOrigin | Self::NoToken | Self::ReadOnly => StatusCode::FORBIDDEN,
            Self::OtherHost => StatusCode::MISDIRECTED_REQUEST,
            Self::PerhapsDeleted => StatusCode::GATEWAY_TIMEOUT,
            Self::Api(ApiError::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Api(ApiError::Unexpected(_)) => StatusCode::BAD_GATEWAY,
        }
    }

    fn error_response(&self) -> HttpResponse {
        if let Self::Api(error @ ApiError::Unexpected(_)) = self {
            log::error!("{error}");
        }
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::Api(ApiError::Unavailable(_)) => {
                _ = response.insert_header((header::RETRY_AFTER, 1))
            }
            Self::OtherMethod(methods) => _ = response.insert_header((header::ALLOW, *methods)),
            _ => {}
        }
        let (title, text) = self.told();
        let again = matches!(self, Self::Api(_));
        response.content_type(layout::HTML).body(layout::message(title, &text, again).into_string())
    }
}
