//! Tells a connection where its organization's month stands: at 80 % and at 100 %, once each.

use super::Connection;
use crate::config::Beyond;
use generic_corp_protocol::ServerFrame;
use generic_corp_protocol::frame::{Usage, UsageLevel};

impl Connection {
    pub(super) fn tell_usage(&self) {
        let mut session = self.session.borrow_mut();
        let Some(session) = session.as_deref_mut() else {
            return;
        };
        let budget = session.scope.budget();
        let at_stop = match session.scope.plan().beyond {
            Beyond::Stop => UsageLevel::Hard,
            Beyond::Overage => UsageLevel::Over,
        };
        let standings = budget.standings();
        let near = standings
            .iter()
            .filter(|standing| standing.monthly && standing.is_at(80));
        let mut notices = Vec::new();
        for standing in near {
            let level = match standing.is_at(100) {
                true => at_stop,
                false => UsageLevel::Warn,
            };
            let told = session.usage_told.get(standing.meter);
            if told == Some(&level) {
                continue;
            }
            notices.push(Usage {
                level,
                meter: standing.meter.into(),
                used: standing.used,
                limit: standing.limit,
                resets_at: budget.resets_at(),
            });
        }
        for usage in notices {
            session.usage_told.insert(usage.meter.clone(), usage.level);
            self.viewer.send(&ServerFrame::Usage(usage));
        }
    }
}
