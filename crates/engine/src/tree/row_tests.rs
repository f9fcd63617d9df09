//! Rows are what nodes are, and nothing else is a row.

use proptest::option::of;
use proptest::prelude::*;

use super::*;
use crate::Code;
use crate::bytes::put_number;
use crate::ports::Stamp;

/// From few values, so that the trees often agree, wholly or in part.
fn any_place() -> impl Strategy<Value = Place> {
    let parent = prop_oneof![0..3_u32, Just(u32::MAX)];
    (parent, "[a-c]|ü|").prop_map(|(parent, name)| Place { parent: NodeId(parent), name: name.into() })
}

fn any_content() -> impl Strategy<Value = Content> {
    let size = prop_oneof![0..2_u64, Just(u64::MAX)];
    let time = prop_oneof![0..2_i64, Just(i64::MIN), Just(i64::MAX)];
    (0..2_u8, size, time, of(0..2_u8)).prop_map(|(digest, size, mtime_ns, identifier)| Content {
        digest: [digest; 32],
        size,
        mtime_ns,
        identifier: identifier.map(|byte| [byte; 16]),
    })
}

fn any_stamp() -> impl Strategy<Value = Stamp> {
    let number = prop_oneof![0..2_u64, any::<u64>()];
    let time = || prop_oneof![0..2_i64, any::<i64>()];
    (any::<u64>(), number, time(), time()).prop_map(|(ino, size, mtime_ns, ctime_ns)| Stamp {
        ino,
        size,
        mtime_ns,
        ctime_ns,
    })
}

fn any_local() -> impl Strategy<Value = Local> {
    let content = prop_oneof![
        any::<u64>().prop_map(LocalContent::Dir),
        any_content().prop_map(LocalContent::CloudOnly),
        (any_content(), any_stamp()).prop_map(|(content, stamp)| LocalContent::Here(content, stamp)),
        any_stamp().prop_map(LocalContent::Unread),
    ];
    (any_place(), content).prop_map(|(place, content)| Local { place, content })
}

fn any_synced() -> impl Strategy<Value = Synced> {
    (any_place(), of(any_content())).prop_map(|(place, content)| Synced { place, content })
}

fn any_preview() -> impl Strategy<Value = Preview> {
    let asset = prop_oneof![
        any::<[u8; 32]>().prop_map(PreviewAsset::Digest),
        "[a-z]{0,9}".prop_map(|name| PreviewAsset::Named(name.into())),
    ];
    (asset, any::<u32>()).prop_map(|(asset, size)| Preview { asset, size })
}

fn any_remote() -> impl Strategy<Value = Remote> {
    let assets = (of("[a-z]{0,9}"), of(any_preview()), of(any_preview()));
    (any_place(), of(any_content()), assets, any::<u64>(), any::<bool>()).prop_map(
        |(place, content, (asset, thumbnail, lcd), version, deleted)| Remote {
            place,
            content,
            asset: asset.map(Into::into),
            previews: Previews { thumbnail, lcd },
            version,
            deleted,
        },
    )
}

fn any_trouble() -> impl Strategy<Value = Trouble> {
    let code = prop_oneof![Just(Code::NoSpace), Just(Code::PermissionDenied), Just(Code::TaskRunning)];
    (code, ".{0,20}", any::<u32>(), of(any::<i64>())).prop_map(|(code, text, attempts, due_ns)| Trouble {
        code,
        text: text.into(),
        attempts,
        due_ns,
    })
}

pub(crate) fn any_node() -> impl Strategy<Value = Node> {
    let kind = prop_oneof![Just(Kind::File), Just(Kind::Dir)];
    let trees = (of(any_local()), of(any_synced()), of(any_remote()));
    let keep =
        prop_oneof![Just(Keep::AsConfigured), Just(Keep::Pinned), Just(Keep::Away), Just(Keep::Leaving)];
    let own_copy = (any::<bool>(), of((any_content(), any::<u64>())), keep, any::<bool>(), of(any::<i64>()));
    (kind, of("[a-f0-9]{0,8}"), trees, own_copy, of(any_trouble())).prop_map(
        |(
            kind,
            record,
            (local, synced, remote),
            (sent_from_here, arriving, keep, removed, viewed_ms),
            trouble,
        )| {
            Node {
                kind,
                record: record.map(Into::into),
                local,
                synced,
                remote,
                sent_from_here,
                arriving: arriving.map(|(content, ino)| Arrival { content, ino }),
                keep,
                removed,
                viewed_ms,
                trouble,
            }
        },
    )
}

proptest! {
    #[test]
    fn whatever_a_node_is_it_comes_back_the_same(node in any_node()) {
        let row = Row::of(&node.as_ref());
        // Their own equality leaves out the times of contents.
        prop_assert_eq!(format!("{:?}", row.node()), format!("{:?}", node.as_ref()));
        prop_assert_eq!(Row::from_bytes(row.as_bytes()), Ok(row));
    }

    #[test]
    fn what_is_at_a_place_is_told_without_the_rest(node in any_node()) {
        let row = Row::of(&node.as_ref());
        for place in node.as_ref().places().into_iter().flatten() {
            let there = node.local.as_ref().filter(|local| local.place.as_ref() == place);
            let content = there.map(|local| local.content);
            prop_assert_eq!(row.hold_at(place), content.map(|content| content.hold()));
            prop_assert_eq!(row.local_at(place), content);
            prop_assert_eq!(row.hold_at(PlaceRef { name: "elsewhere", ..place }), None);
        }
    }

    #[test]
    fn a_row_that_ends_early_or_late_is_refused(node in any_node()) {
        let mut body = Row::of(&node.as_ref()).as_bytes().to_vec();
        for end in 0..body.len() {
            prop_assert!(Row::from_bytes(&body[..end]).is_err(), "{}", end);
        }
        body.push(0);
        prop_assert!(Row::from_bytes(&body).is_err());
    }
}

#[test]
fn a_row_with_unknown_bits_is_refused() {
    for flags in [1 << 23, 1 << 31, 1 << 40, 3 << 7, 1 << 7 | 1 << 9, 1 << 7 | 3 << 15, 1 << 19] {
        let mut body = Vec::new();
        put_number(&mut body, flags);
        body.extend([0; 12]);
        assert!(Row::from_bytes(&body).is_err(), "{flags:b}");
    }
}

#[test]
fn a_file_in_step_takes_up_little_room() {
    let content =
        Content { digest: [7; 32], size: 3_000_000, mtime_ns: 1_700_000_000_000_000_000, identifier: None };
    let place = Place { parent: NodeId(100), name: "IMG_00000001.jpg" };
    let stamp = Stamp { ino: 1_000_000, size: content.size, mtime_ns: content.mtime_ns, ctime_ns: 1 };
    let node = NodeRef {
        record: Some("00000000000000000000000000000001"),
        local: Some(Local { place, content: LocalContent::Here(content, stamp) }),
        synced: Some(Synced { place, content: Some(content) }),
        remote: Some(Remote {
            place,
            content: Some(content),
            asset: None,
            previews: Previews::NONE,
            version: 3,
            deleted: false,
        }),
        ..NodeRef::new(Kind::File)
    };
    assert!(node.in_step(true));
    let length = Row::of(&node).as_bytes().len();
    assert!(length <= 128, "{length}");
    // A photo's previews are two digests and two sizes more.
    let preview = Some(Preview { asset: PreviewAsset::Digest([8; 32]), size: 400_000 });
    let remote = node
        .remote
        .map(|remote| Remote { previews: Previews { thumbnail: preview, lcd: preview }, ..remote });
    let with_previews = Row::of(&NodeRef { remote, ..node }).as_bytes().len();
    assert!(with_previews <= length + 72, "{with_previews}");
}
