//! What decides whether a run may start, whether one may go on, and whether the cloud is within reach.

use std::sync::Arc;

use cloudsync_cloud::{CloudError, CloudService, ServiceInfo};

use crate::account::Account;
use crate::config::{BatteryMarks, Config};
use crate::error::{Code, Error, Result};
use crate::event::{DownloadErrorType, DownloadState, ErrorType};
use crate::ports::{Conditions, DeviceState, Heat, Ports};

/// Decides whether a run may start.
#[derive(Clone)]
pub struct Gate {
    conditions: Arc<dyn Conditions>,
    cloud: Arc<dyn CloudService>,
    account: Account,
    bundle: String,
    battery: BatteryMarks,
    upload_on_wifi_only: bool,
}

impl Gate {
    pub(crate) fn new(config: &Config, ports: &Ports, account: Account) -> Self {
        Gate {
            conditions: ports.conditions.clone(),
            cloud: ports.cloud.clone(),
            account,
            bundle: config.bundle_name.clone(),
            battery: config.battery,
            upload_on_wifi_only: config.upload_on_wifi_only,
        }
    }

    /// The documented order: network, cloud, battery. Asks the cloud, so it may block.
    pub fn check(&self) -> Result<()> {
        let state = self.conditions.read();
        self.reach(&state)?;
        self.check_battery(&state)
    }

    fn check_battery(&self, state: &DeviceState) -> Result<()> {
        if low(state, self.battery.low) {
            let text =
                format!("the battery is under {} %: charge the device and start again", self.battery.low);
            return Err(Error::new(Code::BatteryLow, text));
        }
        Ok(())
    }

    /// The same for a run that nobody asked for: it also waits for Wi-Fi where uploads do, and until the device is
    /// no longer hot.
    pub(crate) fn check_unasked(&self) -> Result<()> {
        if !self.may_upload() {
            let text = "Wi-Fi is not up, and uploads wait for it";
            return Err(Error::new(Code::NetworkUnavailable, text));
        }
        if self.conditions.read().heat >= Heat::Hot {
            return Err(Error::new(Code::TryAgain, "the device is hot"));
        }
        self.check()
    }

    /// Whether there is a network, and somebody signed in whose cloud is switched on. May block.
    pub(crate) fn reach_cloud(&self) -> Result<()> {
        self.reach(&self.conditions.read())
    }

    fn reach(&self, state: &DeviceState) -> Result<()> {
        check_network(state)?;
        self.check_cloud()
    }

    /// Why a start, or a run, would not be let through now, as far as the device itself knows.
    pub(crate) fn refusal(&self) -> Option<Error> {
        let state = self.conditions.read();
        if state.heat >= Heat::Overheated {
            let text = "the device is too hot: let it cool down and start again";
            return Some(Error::new(Code::TryAgain, text));
        }
        let unasked = || self.account.refusal().or_else(|| self.account.stranger());
        check_network(&state).err().or_else(unasked).or_else(|| self.check_battery(&state).err())
    }

    fn check_cloud(&self) -> Result<()> {
        if let Some(error) = self.account.refusal() {
            return Err(error);
        }
        let not_ready = |text: &str| Err(Error::new(Code::CloudNotReady, text));
        let info = self.service_info()?;
        if !info.enable_cloud {
            return not_ready("the cloud is switched off for this account: switch it on in the settings");
        }
        self.account.check(&info.id)?;
        let apps = self.cloud.get_app_brief_info().unwrap_or_default();
        if apps.get(&self.bundle).is_some_and(|app| !app.cloud_switch) {
            return not_ready("the cloud is switched off for this app: switch it on in the settings");
        }
        Ok(())
    }

    fn service_info(&self) -> Result<ServiceInfo> {
        self.cloud.get_service_info().map_err(|error| match error {
            CloudError::Network(text) => {
                Error::new(Code::NetworkUnavailable, format!("the cloud could not be reached: {text}"))
            }
            CloudError::Disabled => {
                Error::new(Code::CloudNotReady, "nobody is signed in to the cloud: sign in and start again")
            }
            CloudError::TooManyRequests(text) => Error::new(Code::Ipc, asked_too_often(&text)),
            error => Error::new(Code::Ipc, format!("the cloud does not answer: {error}")),
        })
    }

    /// The account that the cloud answers for now. May block.
    pub(crate) fn signed_in(&self) -> Result<String> {
        check_network(&self.conditions.read())?;
        Ok(self.service_info()?.id)
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// Whether it is still the files' own account that answers, after it did. `Disabled` where it is another one, or is
    /// switched off.
    pub(crate) fn check_account(&self) -> std::result::Result<(), CloudError> {
        let info = self.cloud.get_service_info()?;
        let ours = info.enable_cloud && self.account.check(&info.id).is_ok();
        if ours { Ok(()) } else { Err(CloudError::Disabled) }
    }

    /// Why a run may not go on, where it may not.
    pub(crate) fn interrupts(&self) -> Option<ErrorType> {
        let state = self.conditions.read();
        if check_network(&state).is_err() {
            return Some(ErrorType::NetworkUnavailable);
        }
        if low(&state, self.battery.warning) {
            return Some(ErrorType::BatteryLevelWarning);
        }
        if low(&state, self.battery.low) {
            return Some(ErrorType::BatteryLevelLow);
        }
        (state.heat >= Heat::Overheated).then_some(ErrorType::DeviceTemperatureTooHigh)
    }

    /// How downloads that somebody asked for end now, where the device lets none of them go on. The documents have no
    /// error for heat: it stops them. They say nothing of the battery.
    pub(crate) fn ends_downloads(&self) -> Option<(DownloadState, DownloadErrorType)> {
        let state = self.conditions.read();
        if check_network(&state).is_err() {
            return Some((DownloadState::Failed, DownloadErrorType::NetworkUnavailable));
        }
        let hot = state.heat >= Heat::Overheated;
        hot.then_some((DownloadState::Stopped, DownloadErrorType::NoError))
    }

    /// Whether bytes may be sent over the networks that are up.
    pub(crate) fn may_upload(&self) -> bool {
        !self.upload_on_wifi_only || self.conditions.read().network.wifi
    }
}

fn check_network(state: &DeviceState) -> Result<()> {
    if !state.network.wifi && !state.network.mobile {
        let text = "no network is up: connect to Wi-Fi, a wired or a mobile network and start again";
        return Err(Error::new(Code::NetworkUnavailable, text));
    }
    Ok(())
}

fn low(state: &DeviceState, mark: u8) -> bool {
    state.battery.is_some_and(|battery| !battery.charging && battery.percent < mark)
}

/// What a person is told where the cloud says that it was asked too often.
pub(crate) fn asked_too_often(text: &str) -> String {
    format!("the cloud was asked too often: wait some minutes and start again ({text})")
}
