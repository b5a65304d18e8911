//! The policies in `labeld check`: how many there are, and what about them their author should know.

use super::Report;
use crate::cli::policy;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::model::policy::PolicyMode;
use crate::policy::lint::{self, Remark, Weight};

impl Report {
    pub(super) fn policies(&mut self, config: &Config) {
        if config.policies.is_empty() {
            return;
        }
        let enforcing = config
            .policies
            .iter()
            .filter(|one| one.enabled && one.mode == PolicyMode::Enforce);
        self.line(
            1,
            format_args!(
                "policies: {}, {} of them in `enforce`",
                config.policies.len(),
                enforcing.count()
            ),
        );
        for tenant in &config.tenants {
            // A list that cannot be read is told with the tenant.
            let catalogue = policy::listed(tenant, &mut |_| {}).unwrap_or_default();
            let policies = policy::of_tenant(config, tenant, &catalogue);
            for remark in lint::lint(&policies, SystemClock.now()) {
                self.remark(&remark);
            }
        }
    }

    /// Tenants share policies, and a remark is made once.
    fn remark(&mut self, remark: &Remark) {
        let text = format!(
            "policy {}: {}; {}",
            remark.policy, remark.message, remark.fix
        );
        let list = match remark.weight {
            Weight::Error => &mut self.errors,
            Weight::Warning => &mut self.warnings,
        };
        if !list.contains(&text) {
            list.push(text);
        }
    }
}
