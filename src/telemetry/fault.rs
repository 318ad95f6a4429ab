//! The one place where an inner failure becomes words that may be shown.

use generic_corp_protocol::ErrorCode;
use std::fmt::Display;
use uuid::Uuid;

/// What may be told of a failure. Faults of the hub are logged here, once, under a reference that is
/// all the asker sees of them; refusals are told as they are.
pub fn visible(code: ErrorCode, error: &dyn Display) -> String {
    match code {
        ErrorCode::Internal => {
            // The random half of a time-ordered id.
            let reference = format!("{:012x}", Uuid::now_v7().as_u128() & 0xffff_ffff_ffff);
            tracing::error!(reference, %error, "a fault of the hub");
            format!("a fault of the hub; its operator finds the cause in the log under {reference}")
        }
        ErrorCode::Unavailable => {
            tracing::warn!(%error, "the store does not answer");
            "the store does not answer; whether it happened is not known, try again".to_owned()
        }
        ErrorCode::StorageFull => {
            tracing::error!(%error, "the store takes nothing more");
            "the disk of the hub is full; nothing was accepted".to_owned()
        }
        _ => error.to_string(),
    }
}
