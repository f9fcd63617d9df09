//! Whose cloud a directory is synced with, and whether a person wants that.

use std::sync::Arc;

use parking_lot::RwLock;

use crate::error::{Code, Error, Result};

/// What becomes of files' own copies when an account's cloud is let go of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalCopies {
    /// They stay, as files that are on this device alone: the documented `RETAIN_DATA`.
    Retain,
    /// Those that the cloud proves to hold go: the documented `CLEAR_DATA`.
    Clear,
}

/// What a person has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloudSwitch {
    /// Signed in to the cloud, or signed out.
    Account(bool),
    /// On or off for this directory's app, which counts while somebody is signed in.
    App(bool),
}

/// How it stands with the account. Kept by the index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Standing {
    /// The account that the cloud's tree was learnt from.
    synced: Option<String>,
    /// The account that answered last.
    answers: Option<String>,
    signed_out: bool,
    switched_off: bool,
    /// It is being let go of: nothing but proofs are asked for.
    leaving: bool,
}

/// How it stands with the account, for everybody who asks the cloud. Only the control thread changes what is kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Account(Arc<RwLock<Standing>>);

const SIGNED_OUT: &str = "signed out";
const SWITCHED_OFF: &str = "switched off";

impl Account {
    /// As the index has it: the account's id, empty where there is none, and [`Account::switches`].
    pub(crate) fn new(synced: &str, switches: &str) -> Self {
        let has = |word: &str| switches.split(',').any(|one| one == word);
        let standing = Standing {
            synced: Some(synced.to_owned()).filter(|id| !id.is_empty()),
            signed_out: has(SIGNED_OUT),
            switched_off: has(SWITCHED_OFF),
            ..Standing::default()
        };
        Account(Arc::new(RwLock::new(standing)))
    }

    /// The account that the files are synced with, for the index.
    pub(crate) fn synced(&self) -> Option<String> {
        self.0.read().synced.clone()
    }

    /// What a person has switched off, for the index.
    pub(crate) fn switches(&self) -> String {
        let standing = self.0.read();
        let words = [(standing.signed_out, SIGNED_OUT), (standing.switched_off, SWITCHED_OFF)];
        words.into_iter().filter(|(set, _)| *set).map(|(_, word)| word).collect::<Vec<_>>().join(",")
    }

    /// Why nothing is asked of the cloud, where a person wants it so.
    pub(crate) fn refusal(&self) -> Option<Error> {
        let standing = self.0.read();
        let text = match *standing {
            Standing { leaving: true, .. } => return None,
            Standing { signed_out: true, .. } => {
                "this device is signed out of the cloud: sign in and start again"
            }
            Standing { switched_off: true, .. } => {
                "the cloud is switched off for this app on this device: switch it on and start again"
            }
            _ => return None,
        };
        Some(Error::new(Code::CloudNotReady, text))
    }

    /// Takes note of who answers. Fails where that is not who the files are synced with.
    pub(crate) fn check(&self, answers: &str) -> Result<()> {
        let known = self.0.read().answers.as_deref() == Some(answers);
        if !known {
            self.0.write().answers = Some(answers.to_owned());
        }
        self.stranger().map_or(Ok(()), Err)
    }

    /// Why the account that answered last is not to be asked, where it is another one than the files are synced with.
    pub(crate) fn stranger(&self) -> Option<Error> {
        let standing = self.0.read();
        let (Some(synced), Some(answers)) = (&standing.synced, &standing.answers) else { return None };
        let text = format!(
            "these files are synced with the account {synced}, and the account {answers} is signed in: sign in to \
             the first one again, or let go of it by cleaning its files"
        );
        (synced != answers).then(|| Error::new(Code::CloudNotReady, text))
    }

    /// The files are synced with whoever answered last, unless they are with somebody already. A cloud that does not
    /// say who answers is nobody's.
    pub(crate) fn adopt(&self) {
        let mut standing = self.0.write();
        if standing.synced.is_none() {
            standing.synced = standing.answers.clone().filter(|id| !id.is_empty());
        }
    }

    /// The files are synced with nobody any more.
    pub(crate) fn forget(&self) {
        self.0.write().synced = None;
    }

    /// Whether it is being let go of.
    pub(crate) fn set_leaving(&self, leaving: bool) {
        self.0.write().leaving = leaving;
    }

    /// A person has changed something.
    pub(crate) fn switch(&self, switch: CloudSwitch) {
        let mut standing = self.0.write();
        match switch {
            CloudSwitch::Account(on) => standing.signed_out = !on,
            CloudSwitch::App(on) => standing.switched_off = !on,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_switched_off_is_kept() {
        for switches in ["", SIGNED_OUT, SWITCHED_OFF, "signed out,switched off"] {
            let account = Account::new("somebody", switches);
            assert_eq!(account.switches(), switches);
            assert_eq!(account.refusal().is_none(), switches.is_empty());
        }
    }

    #[test]
    fn an_apps_switch_counts_while_somebody_is_signed_in() {
        let account = Account::new("", SIGNED_OUT);
        account.switch(CloudSwitch::App(false));
        account.switch(CloudSwitch::App(true));
        assert!(account.refusal().is_some());
        account.switch(CloudSwitch::App(false));
        account.switch(CloudSwitch::Account(true));
        assert!(account.refusal().unwrap().text.contains("for this app"));
        account.switch(CloudSwitch::App(true));
        assert_eq!(account.refusal(), None);
    }

    #[test]
    fn the_first_who_answers_stays_the_only_one() {
        let account = Account::new("", "");
        account.check("first").unwrap();
        account.check("second").unwrap();
        account.adopt();
        assert_eq!(account.synced().as_deref(), Some("second"));
        assert_eq!(account.check("first").unwrap_err().code, Code::CloudNotReady);
        account.adopt();
        account.check("second").unwrap();
        account.forget();
        account.check("first").unwrap();
    }

    #[test]
    fn who_does_not_say_who_they_are_is_nobody() {
        let account = Account::new("", "");
        account.check("").unwrap();
        account.adopt();
        assert_eq!(account.synced(), None);
        account.check("somebody").unwrap();
        account.adopt();
        account.check("").unwrap_err();
    }
}
