//! The words that stand in the labels of metrics.

use std::fmt;

use prometheus_client::encoding::{EncodeLabelValue, LabelValueEncoder};

/// Gives an enum its words, for log lines and metrics alike.
macro_rules! words {
    (
        $(#[$doc:meta])*
        $type:ident { $( $(#[$word_doc:meta])* $word:ident = $text:literal, )* }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $type { $( $(#[$word_doc])* $word, )* }

        impl $type {
            /// The word in log lines and metrics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$word => $text, )* }
            }
        }

        impl EncodeLabelValue for $type {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
                self.as_str().encode(encoder)
            }
        }
    };
}

words! {
    /// How the scan of a file ended.
    ScanResult {
        /// Facts were stored, and a label is among them, also where the file is refused otherwise.
        Labelled = "labelled",
        /// The file was read to the end and has no label.
        Unlabelled = "unlabelled",
        /// The file's own state forbids reading it: encrypted, damaged, not a known format.
        Unreadable = "unreadable",
        /// What may go away by itself; the file is tried again.
        Failed = "failed",
    }
}

words! {
    /// What bytes were fetched for.
    FetchPurpose {
        /// Reading a file's labels.
        Scan = "scan",
        /// A file that is to be written back with another label.
        Write = "write",
        /// Looking at what was written.
        Verify = "verify",
    }
}

words! {
    /// What is done to a file's label.
    LabelAction {
        /// A label is applied.
        Apply = "apply",
        /// The label is removed.
        Remove = "remove",
        /// What labeld did is taken back.
        Restore = "restore",
    }
}

words! {
    /// The HTTP status of an answer, bounded: the ones that services are known for, and a class for the
    /// rest.
    ResponseCode {
        /// OK.
        Ok = "200",
        /// Created.
        Created = "201",
        /// Accepted.
        Accepted = "202",
        /// No content.
        NoContent = "204",
        /// A range.
        PartialContent = "206",
        /// Some other success.
        Success = "2xx",
        /// A redirect, or not modified.
        Redirect = "3xx",
        /// Bad request.
        BadRequest = "400",
        /// The token was refused.
        Unauthorized = "401",
        /// Not paid for.
        PaymentRequired = "402",
        /// Not allowed.
        Forbidden = "403",
        /// Not there.
        NotFound = "404",
        /// A conflict.
        Conflict = "409",
        /// Gone: mostly a cursor.
        Gone = "410",
        /// Another version than expected.
        PreconditionFailed = "412",
        /// A range that is not there.
        RangeNotSatisfiable = "416",
        /// Locked.
        Locked = "423",
        /// Too many calls.
        TooManyRequests = "429",
        /// Some other refusal.
        ClientError = "4xx",
        /// The service broke down.
        InternalServerError = "500",
        /// A gateway got no good answer.
        BadGateway = "502",
        /// Not available, or too many calls.
        ServiceUnavailable = "503",
        /// A gateway got no answer in time.
        GatewayTimeout = "504",
        /// Storage is full.
        InsufficientStorage = "507",
        /// Some other failure of the service.
        ServerError = "5xx",
        /// What HTTP does not know.
        Strange = "other",
        /// No answer came: no connection, or too late.
        None = "none",
    }
}

impl ResponseCode {
    /// The label of an HTTP status.
    #[must_use]
    pub const fn of(status: u16) -> Self {
        match status {
            200 => Self::Ok,
            201 => Self::Created,
            202 => Self::Accepted,
            204 => Self::NoContent,
            206 => Self::PartialContent,
            400 => Self::BadRequest,
            401 => Self::Unauthorized,
            402 => Self::PaymentRequired,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            409 => Self::Conflict,
            410 => Self::Gone,
            412 => Self::PreconditionFailed,
            416 => Self::RangeNotSatisfiable,
            423 => Self::Locked,
            429 => Self::TooManyRequests,
            500 => Self::InternalServerError,
            502 => Self::BadGateway,
            503 => Self::ServiceUnavailable,
            504 => Self::GatewayTimeout,
            507 => Self::InsufficientStorage,
            _ => Self::class(status),
        }
    }

    const fn class(status: u16) -> Self {
        match status {
            200..300 => Self::Success,
            300..400 => Self::Redirect,
            400..500 => Self::ClientError,
            500..600 => Self::ServerError,
            _ => Self::Strange,
        }
    }
}
