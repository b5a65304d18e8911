//! Every event.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::event::{Count, EventDescription, Field, events};
use super::labels::{FetchPurpose, LabelAction, ResponseCode, ScanResult};
use super::metrics::{METRICS_OF_PROCESS, Metrics};
use crate::model::inventory::FileId;
use crate::model::policy::PolicyName;
use crate::model::{AppName, Reason, TenantName};

events! {
    /// The service begins.
    ServiceStarted<'a> INFO "service_started" "labeld starts" {
        /// The program's version.
        version: &'a str,
    }

    /// The service is ready: the store is open and every task has been started.
    ServiceReady INFO "service_ready" "labeld is ready" {
        /// Seconds since the start.
        seconds: Duration,
    }

    /// The service was asked to stop, and finishes what it has begun.
    ServiceStopping<'a> INFO "service_stopping" "labeld stops" {
        /// Who asked: a signal or the control socket.
        cause: &'a str,
    }

    /// The service has stopped.
    ServiceStopped INFO "service_stopped" "labeld has stopped" {
        /// Seconds that it took to finish what had been begun.
        seconds: Duration,
    }

    /// The configuration was read anew and is in use.
    ConfigReloaded INFO "config_reloaded" "the configuration was reloaded" {
    }

    /// The configuration was read anew and has problems; the old one stays in use.
    ConfigRefused<'a> ERROR "config_refused" "the configuration was not reloaded" {
        /// The problems, with their places.
        error: &'a str,
    }

    /// How far the audit log goes. Kept apart from the store, it shows later whether the log was changed.
    AuditHead<'a> INFO "audit_head" "the head of the audit log" {
        /// Entries in it.
        entries: u64,
        /// The hash of the last one.
        hash: &'a str,
    }

    /// The file that is to hold the head of the audit log could not be written. It is tried again within the hour.
    AuditHeadNotKept<'a> WARN "audit_head_not_kept" "cannot write the head of the audit log to its file" {
        /// The file.
        file: &'a str,
        /// Why.
        error: &'a str,
    }

    /// The store takes no more writes, for example because the disk is full. Work stands still until it does.
    StoreReadOnly<'a> ERROR "store_read_only" "the store cannot be written to" {
        /// Why.
        error: &'a str,
    }

    /// The store takes writes again.
    StoreRecovered INFO "store_recovered" "the store can be written to again" {
        /// Seconds for which it took none.
        seconds: Duration,
    }

    /// The work of other processes that had died or lost their lease was taken up.
    WorkRescued WARN "work_rescued" "the work of processes that are gone was freed" {
        /// Processes.
        workers: u64,
        /// Files that they had been scanning.
        jobs: u64,
        /// Tasks that they had been running.
        tasks: u64,
    }

    /// This process did not renew its lease in time, for example because the machine slept; what it did is stopped,
    /// since others may have taken it up.
    LeaseLost ERROR "lease_lost" "this process lost its lease" {
    }

    /// A scheduled task begins.
    TaskStarted<'a> DEBUG "task_started" "a task starts" {
        /// The task.
        task: &'a str,
    }

    /// A scheduled task ended well.
    TaskEnded<'a> DEBUG "task_ended" "a task has ended" {
        /// The task.
        task: &'a str,
        /// Seconds that it took.
        seconds: Duration,
    }

    /// A scheduled task failed. It is tried again at its next time.
    TaskFailed<'a> WARN "task_failed" "a task failed" {
        /// The task.
        task: &'a str,
        /// Seconds that it took.
        seconds: Duration,
        /// Why.
        error: &'a str,
    }

    /// A scheduled task begins much later than it should have.
    TaskLate<'a> WARN "task_late" "a task is late" {
        /// The task.
        task: &'a str,
        /// Seconds since it was due.
        seconds: Duration,
    }

    /// A tenant's label list was taken over.
    LabelsSynced<'a> INFO "labels_synced" "the label list was taken over" {
        /// The tenant.
        tenant: &'a TenantName,
        /// Labels in the list.
        labels: u64,
        /// Labels that are new, changed or gone.
        changed: u64,
    }

    /// A tenant's label list could not be had; the last good one stays in use.
    LabelSyncFailed<'a> WARN "label_sync_failed" "the label list could not be had" {
        /// The tenant.
        tenant: &'a TenantName,
        /// When a list was last taken over.
        last_success: Option<DateTime<Utc>>,
        /// Why.
        error: &'a str,
    }

    /// A label list lacks so many labels that it is believed only when the next one says the same.
    LabelListShrank<'a> WARN "label_list_shrank" "the label list lacks labels and must be confirmed" {
        /// The tenant.
        tenant: &'a TenantName,
        /// Labels that are known and not in the list.
        missing: u64,
        /// Labels that are known.
        known: u64,
    }

    /// A page of changes was taken over.
    PageTaken<'a> DEBUG "page_taken" "a page of changes was taken over" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// Changes on the page.
        changes: u64,
    }

    /// A feed of changes could not be read. It is tried again, and other feeds go on.
    FeedFailed<'a> WARN "feed_failed" "a feed cannot be read" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// The feed: a drive, a library or a folder.
        feed: &'a str,
        /// Why.
        error: &'a str,
    }

    /// The place in a feed is lost, so everything in the feed is listed again.
    FeedRestarted<'a> WARN "feed_restarted" "a feed is listed anew" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// The feed: a drive, a library or a folder.
        feed: &'a str,
        /// Why.
        error: &'a str,
    }

    /// No more changes are taken over until the queue is shorter.
    FeedPaused<'a> INFO "feed_paused" "the feeds wait for the queue" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// Files in the queue.
        waiting: u64,
    }

    /// The scan of a file ended.
    FileScanned<'a> DEBUG "file_scanned" "a file was scanned" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// The file's row in the store.
        file: FileId,
        /// How it ended.
        result: ScanResult,
    }

    /// Bytes of files were fetched from an app.
    BytesFetched<'a> TRACE "bytes_fetched" "bytes were fetched" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// What for.
        purpose: FetchPurpose,
        /// How many.
        bytes: u64,
    }

    /// A file is left alone.
    FileSkipped<'a> DEBUG "file_skipped" "a file is left alone" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// The file's row in the store.
        file: FileId,
        /// The reason code.
        reason: Reason,
    }

    /// A change was taken over some time ago, and the file has now been scanned.
    ChangeScanned<'a> TRACE "change_scanned" "a changed file was scanned" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// The file's row in the store.
        file: FileId,
        /// Seconds since the change was taken over.
        seconds: Duration,
    }

    /// A file could not be scanned and is tried again.
    JobRetried<'a> DEBUG "job_retried" "a file is tried again later" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// The file's row in the store.
        file: FileId,
        /// The reason code.
        reason: Reason,
        /// Tries so far.
        attempt: u32,
        /// Seconds until the next.
        seconds: Duration,
    }

    /// A file has stopped labeld several times and is kept away from until it changes or a day has passed.
    FilePoisoned<'a> ERROR "file_poisoned" "a file stops labeld and is left out" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// The file's row in the store.
        file: FileId,
        /// How often it did.
        crashes: u32,
    }

    /// A request to a service was answered, or got no answer.
    RequestAnswered<'a> TRACE "request_answered" "a request was answered" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// The status, or `none`.
        code: ResponseCode,
    }

    /// A service asked labeld to wait; no call is made in that time.
    Throttled<'a> DEBUG "throttled" "the service asks to wait" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// Seconds that are added to the wait.
        seconds: Duration,
    }

    /// An app has made the calls that it may make in a month. It makes no more until the next one begins.
    CallsUsedUp<'a> ERROR "calls_used_up" "the calls of the month are used up" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// Calls that it may make in a month.
        budget: u64,
        /// When the next month begins.
        until: DateTime<Utc>,
    }

    /// A service sent a change notification that is genuine; the app's changes are looked at soon.
    HintReceived<'a> DEBUG "hint_received" "a service says that something changed" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// Feeds that it names.
        feeds: u64,
    }

    /// Files of an app were decided: something about them was new, or the rules were.
    FilesDecided<'a> INFO "files_decided" "files were decided" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// How many.
        files: u64,
        /// Label writes that are wanted since.
        proposed: u64,
        /// Label writes that are no longer wanted.
        withdrawn: u64,
    }

    /// It was looked at whether a label can be applied or removed, and it was, or not.
    ActionEnded<'a> INFO "action_ended" "a label write was looked at" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// The file's row in the store.
        file: FileId,
        /// What is done to the label.
        action: LabelAction,
        /// Why it was not done, or not yet; without it, it was.
        reason: Option<Reason>,
        /// Seconds since it was decided.
        seconds: Duration,
    }

    /// The policies of a configuration were taken over and are others than before.
    PoliciesChanged<'a> INFO "policies_changed" "the policies have changed" {
        /// The tenant.
        tenant: &'a TenantName,
        /// Policies that were not there before.
        added: u64,
        /// Policies whose text has changed.
        edited: u64,
        /// Policies that are gone.
        removed: u64,
    }

    /// A policy was switched on or off beside the configuration, or to another mode.
    PolicySwitched<'a> INFO "policy_switched" "a policy was switched" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The policy.
        policy: &'a PolicyName,
        /// `on` or `off`.
        state: &'a str,
        /// Who.
        by: &'a str,
    }

    /// A policy matches more files than it may and was switched off; its label writes are suspended.
    PolicyStopped<'a> ERROR "policy_stopped" "a policy was switched off by its own bound" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The policy.
        policy: &'a PolicyName,
        /// Which bound, and by how much.
        why: &'a str,
    }

    /// What came to an app's address for change notifications was refused: not genuine, too large or too much.
    HintRefused<'a> DEBUG "hint_refused" "a change notification was refused" {
        /// The tenant.
        tenant: &'a TenantName,
        /// The app.
        app: &'a AppName,
        /// The status that was answered.
        status: u32,
    }
}

macro_rules! uncounted {
    ($($type:ty),* $(,)?) => { $(impl Count for $type {})* };
}

uncounted! {
    ServiceStarted<'_>,
    ServiceReady,
    ServiceStopping<'_>,
    ServiceStopped,
    ConfigReloaded,
    ConfigRefused<'_>,
    AuditHead<'_>,
    AuditHeadNotKept<'_>,
    StoreReadOnly<'_>,
    StoreRecovered,
    WorkRescued,
    LeaseLost,
    TaskStarted<'_>,
    TaskEnded<'_>,
    TaskFailed<'_>,
    TaskLate<'_>,
    LabelsSynced<'_>,
    LabelSyncFailed<'_>,
    LabelListShrank<'_>,
    PageTaken<'_>,
    FeedFailed<'_>,
    FeedRestarted<'_>,
    FeedPaused<'_>,
    JobRetried<'_>,
    CallsUsedUp<'_>,
    FilesDecided<'_>,
    PoliciesChanged<'_>,
    PolicySwitched<'_>,
    PolicyStopped<'_>,
    HintReceived<'_>,
    HintRefused<'_>,
}

impl Count for FileScanned<'_> {
    fn count(&self, metrics: &Metrics) {
        metrics.count_scan(self.tenant, self.app, self.result);
    }
}

impl Count for BytesFetched<'_> {
    fn count(&self, metrics: &Metrics) {
        metrics.count_bytes(self.tenant, self.app, self.purpose, self.bytes);
    }
}

impl Count for FileSkipped<'_> {
    fn count(&self, metrics: &Metrics) {
        metrics.count_skip(self.tenant, self.app, self.reason);
    }
}

impl Count for ActionEnded<'_> {
    fn count(&self, metrics: &Metrics) {
        metrics.count_action(self.tenant, self.app, self.action, self.reason);
        if self.action == LabelAction::Apply && self.reason.is_none() {
            metrics.count_change_labelled(self.seconds);
        }
    }
}

impl Count for ChangeScanned<'_> {
    fn count(&self, metrics: &Metrics) {
        metrics.count_change_scanned(self.seconds);
    }
}

impl Count for FilePoisoned<'_> {
    fn count(&self, metrics: &Metrics) {
        metrics.count_skip(self.tenant, self.app, Reason::FilePoison);
    }
}

impl Count for RequestAnswered<'_> {
    fn count(&self, metrics: &Metrics) {
        metrics.count_request(self.tenant, self.app, self.code);
    }
}

impl Count for Throttled<'_> {
    fn count(&self, metrics: &Metrics) {
        metrics.count_throttled(self.tenant, self.app, self.seconds);
    }
}
