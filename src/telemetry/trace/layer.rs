//! Takes spans from the program.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::sync::mpsc::Sender;
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;
use uuid::Uuid;

use super::{Attribute, EndedSpan};
use crate::clock::Clock;

/// Notes when spans begin and end, and hands them to the exporter.
#[derive(Debug)]
pub(in crate::telemetry) struct SpanLayer {
    ended: Sender<EndedSpan>,
    clock: Arc<dyn Clock>,
    dropped: Arc<AtomicU64>,
}

/// A span that has not ended.
#[derive(Debug)]
struct OpenSpan {
    began: Instant,
    span: EndedSpan,
}

impl SpanLayer {
    pub(super) fn new(ended: Sender<EndedSpan>, clock: Arc<dyn Clock>) -> Self {
        Self {
            ended,
            clock,
            dropped: Arc::default(),
        }
    }

    /// Counts spans that nobody could take.
    pub(super) fn dropped(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.dropped)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for SpanLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else {
            return;
        };
        let above = span.parent().and_then(|parent| {
            let extensions = parent.extensions();
            let open: &OpenSpan = extensions.get()?;
            Some((open.span.trace, open.span.id))
        });
        let mut open = OpenSpan {
            began: Instant::now(),
            span: EndedSpan {
                trace: above.map_or_else(|| Uuid::new_v4().as_u128(), |(trace, _)| trace),
                id: Uuid::new_v4().as_u64_pair().1,
                parent: above.map(|(_, id)| id),
                name: attributes.metadata().name(),
                started: self.clock.now(),
                took: std::time::Duration::ZERO,
                attributes: Vec::new(),
                failed: false,
            },
        };
        attributes.record(&mut open.span);
        span.extensions_mut().insert(open);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(open) = span.extensions_mut().get_mut::<OpenSpan>()
        {
            values.record(&mut open.span);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let open = context
            .span(&id)
            .and_then(|span| span.extensions_mut().remove::<OpenSpan>());
        let Some(OpenSpan { began, mut span }) = open else {
            return;
        };
        span.took = began.elapsed();
        if self.ended.try_send(span).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Visit for EndedSpan {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.attributes
            .push((field.name(), Attribute::Text(value.to_owned())));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.attributes
            .push((field.name(), Attribute::Number(value)));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "failed" {
            self.failed = value;
        }
    }

    /// What has no plain type is not sent: nobody has looked at what it may show.
    fn record_debug(&mut self, _: &Field, _: &dyn fmt::Debug) {}
}
