//! Network, battery and heat of the device.

/// Which networks are up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// Wi-Fi or wired.
    pub wifi: bool,
    /// Mobile.
    pub mobile: bool,
}

/// The battery, on a device that has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Battery {
    /// Charge in percent, 0 to 100.
    pub percent: u8,
    /// Whether it is being charged.
    pub charging: bool,
}

/// How hot the device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Heat {
    /// Normal or warm.
    Normal = 0,
    /// Hot: what runs may go on, what heat stopped does not start again.
    Hot = 1,
    /// Overheated: transfers stop.
    Overheated = 2,
}

/// The device as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceState {
    /// Networks.
    pub network: Network,
    /// Battery, `None` on a device without one.
    pub battery: Option<Battery>,
    /// Heat.
    pub heat: Heat,
}

/// Reads the device's state. Cheap enough to be asked between batches; must not block for long.
pub trait Conditions: Send + Sync {
    /// The state now.
    fn read(&self) -> DeviceState;
}
