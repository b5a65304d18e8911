use labeld_connector::{Exposure, FileKind, FileRef, Version};

use super::ScanDemand::{AutoScan, Nobody, Policy, Reread, Rescan};
use super::ScanVerdict::{AlreadyRead, ContentScan, InventoryOnly, Nothing, Reevaluate};
use super::*;

/// Rules §7, cell by cell: what becomes of a file whose version was not read, and of one that was.
#[test]
fn the_table() {
    type Row = (ScanEvent, [(ScanVerdict, ScanVerdict); 5]);
    let inventory = (InventoryOnly, InventoryOnly);
    let scan = (ContentScan, AlreadyRead);
    let reread = (ContentScan, ContentScan);
    let policies = (Reevaluate, Reevaluate);
    let nothing = (Nothing, Nothing);
    let table: [Row; 6] = [
        (ScanEvent::New, [inventory, scan, scan, scan, reread]),
        (ScanEvent::Modified, [inventory, scan, scan, scan, reread]),
        (
            ScanEvent::MetadataOnly,
            [policies, policies, policies, scan, reread],
        ),
        (
            ScanEvent::Existing,
            [inventory, inventory, scan, scan, reread],
        ),
        (ScanEvent::Viewed, [nothing; 5]),
        (
            ScanEvent::PolicyEdited,
            [
                policies,
                policies,
                (ContentScan, Reevaluate),
                nothing,
                nothing,
            ],
        ),
    ];
    assert_eq!(table.map(|(event, _)| event), ScanEvent::ALL);
    for (event, cells) in table {
        let columns = [Nobody, AutoScan, Policy, Rescan, Reread];
        assert_eq!(columns, ScanDemand::ALL);
        for (demand, (unread, read)) in columns.into_iter().zip(cells) {
            for (is_read, verdict) in [(false, unread), (true, read)] {
                let expected = ScanDecision {
                    event,
                    demand,
                    verdict,
                };
                let decision = decide(event, demand, is_read);
                assert_eq!(decision, expected, "read: {is_read}");
                assert_eq!(decision.scans(), verdict == ContentScan);
            }
        }
    }
}

#[test]
fn the_words_of_rules_7() {
    let decision = decide(ScanEvent::Existing, AutoScan, false);
    assert_eq!(
        decision.explanation(),
        "existing, unmodified since connect; no enabled policy looks inside"
    );
}

/// Looks inside files of one name.
#[derive(Debug)]
struct Only(&'static str);

impl PolicyInterest for Only {
    fn looks_inside(&self, file: &FileMeta) -> bool {
        file.name == self.0
    }

    fn access_need(&self, _: &dyn Fn(&PolicyName) -> bool) -> AccessNeed {
        AccessNeed::Nothing
    }
}

#[test]
fn settings_choose_the_column_and_the_reach() {
    let file = |name: &str| FileMeta {
        file: FileRef(name.to_owned()),
        name: name.to_owned(),
        folder: String::new(),
        parent: None,
        owner: None,
        own_write: None,
        kind: FileKind::File,
        size: 1,
        version: Version("1".to_owned()),
        created: None,
        modified: None,
        barrier: None,
        exposure: Exposure::Unknown,
        collaborators: None,
    };
    let table = [
        (false, "plan.docx", Nobody, ScanReach::Nothing),
        (true, "plan.docx", AutoScan, ScanReach::Arrivals),
        (false, "pay.docx", Policy, ScanReach::Everything),
        (true, "pay.docx", Policy, ScanReach::Everything),
    ];
    for (auto_scan, name, demand, reach) in table {
        let scope = ScanScope {
            auto_scan,
            policies: Arc::new(Only("pay.docx")),
        };
        let file = file(name);
        assert_eq!((scope.demand(&file), scope.reach(&file)), (demand, reach));
        let decision = scope.decide(ScanEvent::Existing, &file, false);
        assert_eq!(decision.scans(), reach == ScanReach::Everything, "{name}");
    }
    let without = ScanScope::without_policies(true);
    assert_eq!(without.demand(&file("pay.docx")), AutoScan);
}
