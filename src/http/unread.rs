//! Ends a connection whose request body was not read to its end.
//!
//! actix does so by itself where the body's length is declared. A chunked body, once dropped, it would
//! read on and throw away for as long as the client sends; held until the answer is out, it closes.

use actix_web::Error;
use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::TRANSFER_ENCODING;
use actix_web::middleware::Next;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

type Shared = Rc<RefCell<Payload>>;

/// A middleware: holds a chunked body until its request is answered.
pub(super) async fn hold<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Held<B>>, Error> {
    let mut held = None;
    if request.headers().contains_key(TRANSFER_ENCODING) {
        let payload: Shared = Rc::new(RefCell::new(request.parts_mut().1.take()));
        let reader = Reader(Rc::clone(&payload));
        request.set_payload(Payload::Stream {
            payload: Box::pin(reader),
        });
        held = Some(payload);
    }
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| Held {
        body: Box::pin(body),
        _payload: held,
    }))
}

/// What the handler reads from.
struct Reader(Shared);

impl Stream for Reader {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.borrow_mut().poll_next_unpin(context)
    }
}

/// An answer that keeps its request's body.
pub(super) struct Held<B> {
    body: Pin<Box<B>>,
    _payload: Option<Shared>,
}

impl<B: MessageBody> MessageBody for Held<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.body.as_mut().poll_next(context)
    }
}
