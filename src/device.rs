//! The device's conditions, told by the host.

use std::ffi::c_void;

use cloudsync_engine::ports::{Battery, Conditions, DeviceState, Heat, Network};

use crate::callback::call;
use crate::failure::{Answer, bad, null};

/// Heat of the device: normal or warm.
pub const CLOUDSYNC_HEAT_NORMAL: i32 = 0;
/// Heat of the device: hot. What runs goes on; what heat stopped does not start again.
pub const CLOUDSYNC_HEAT_HOT: i32 = 1;
/// Heat of the device: overheated. Transfers stop.
pub const CLOUDSYNC_HEAT_OVERHEATED: i32 = 2;

/// Network, battery and heat as the host sees them, for cloudsync_options_set_device.
///
/// Every function must be there, except destroy. They are called from the library's threads, several at
/// once, often: each answers from memory, returns 0 after writing its results, or any other number for "cannot say",
/// which counts as: no network, no battery, normal heat. So does a number outside its range. Inside them
/// the rules of callbacks hold.
///
/// cbindgen:field-names=[struct_size, self, network, battery, heat, destroy]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CloudSyncDeviceVTable {
    /// sizeof(CloudSyncDeviceVTable), as the program was compiled.
    pub struct_size: usize,
    /// Passed to each function.
    pub context: *mut c_void,
    /// Writes 1 or 0: whether Wi-Fi or a wired network is up, and whether a mobile one is.
    pub network:
        Option<unsafe extern "C-unwind" fn(self_: *mut c_void, wifi: *mut i32, mobile: *mut i32) -> i32>,
    /// Writes the charge in percent, 0 to 100, or -1 for a device without a battery, and whether it is being
    /// charged, 1 or 0.
    pub battery:
        Option<unsafe extern "C-unwind" fn(self_: *mut c_void, percent: *mut i32, charging: *mut i32) -> i32>,
    /// Writes a CLOUDSYNC_HEAT_... number.
    pub heat: Option<unsafe extern "C-unwind" fn(self_: *mut c_void, heat: *mut i32) -> i32>,
    /// Takes self back, once: when the options and every context opened with them are gone, when another
    /// vtable is set, or when setting this one failed. May be NULL.
    pub destroy: Option<unsafe extern "C-unwind" fn(self_: *mut c_void)>,
}

/// A host's vtable, checked.
pub(crate) struct HostDevice {
    context: *mut c_void,
    network: unsafe extern "C-unwind" fn(*mut c_void, *mut i32, *mut i32) -> i32,
    battery: unsafe extern "C-unwind" fn(*mut c_void, *mut i32, *mut i32) -> i32,
    heat: unsafe extern "C-unwind" fn(*mut c_void, *mut i32) -> i32,
    _owned: Owned,
}

/// Runs `destroy` when dropped.
struct Owned(*mut c_void, Option<unsafe extern "C-unwind" fn(*mut c_void)>);

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(destroy) = self.1 {
            // SAFETY: the host gave the two together, and they are used once.
            call(|| unsafe { destroy(self.0) });
        }
    }
}

// SAFETY: the pointer only goes to the host's functions, and that those may be called from several threads
// at once is what the vtable's documentation asks of the host.
unsafe impl Send for HostDevice {}
// SAFETY: as above.
unsafe impl Sync for HostDevice {}

impl HostDevice {
    /// Reads a vtable.
    ///
    /// # Safety
    /// `vtable` is NULL or points to as many bytes as its first field says.
    pub(crate) unsafe fn read(vtable: *const CloudSyncDeviceVTable) -> Answer<Self> {
        if vtable.is_null() {
            return Err(null("the device vtable"));
        }
        // SAFETY: at least the size is there, by the caller's promise.
        let size = unsafe { (*vtable).struct_size };
        if size != size_of::<CloudSyncDeviceVTable>() {
            let ours = size_of::<CloudSyncDeviceVTable>();
            return Err(bad(format!(
                "struct_size is {size}, this library reads {ours}; set it to the sizeof"
            )));
        }
        // SAFETY: all fields are there, by the caller's promise.
        let table = unsafe { *vtable };
        let owned = Owned(table.context, table.destroy);
        Ok(HostDevice {
            context: table.context,
            network: table.network.ok_or_else(|| null("network"))?,
            battery: table.battery.ok_or_else(|| null("battery"))?,
            heat: table.heat.ok_or_else(|| null("heat"))?,
            _owned: owned,
        })
    }

    fn network(&self) -> Network {
        let (mut wifi, mut mobile) = (0, 0);
        // SAFETY: the host's function, its own pointer, and two locals.
        let code = call(|| unsafe { (self.network)(self.context, &raw mut wifi, &raw mut mobile) });
        Network { wifi: code == 0 && wifi != 0, mobile: code == 0 && mobile != 0 }
    }

    fn battery(&self) -> Option<Battery> {
        let (mut percent, mut charging) = (-1, 0);
        // SAFETY: as above.
        let code = call(|| unsafe { (self.battery)(self.context, &raw mut percent, &raw mut charging) });
        let percent = u8::try_from(percent).ok().filter(|percent| *percent <= 100 && code == 0)?;
        Some(Battery { percent, charging: charging != 0 })
    }

    fn heat(&self) -> Heat {
        let mut heat = CLOUDSYNC_HEAT_NORMAL;
        // SAFETY: as above, with one local.
        let code = call(|| unsafe { (self.heat)(self.context, &raw mut heat) });
        match heat {
            CLOUDSYNC_HEAT_HOT if code == 0 => Heat::Hot,
            CLOUDSYNC_HEAT_OVERHEATED if code == 0 => Heat::Overheated,
            _ => Heat::Normal,
        }
    }
}

impl Conditions for HostDevice {
    fn read(&self) -> DeviceState {
        DeviceState { network: self.network(), battery: self.battery(), heat: self.heat() }
    }
}

#[cfg(test)]
mod tests {
    use std::ptr::null_mut;

    use super::*;

    /// Answers what the test put behind the pointer: a code, two numbers, and how often destroy was called.
    unsafe extern "C-unwind" fn two(host: *mut c_void, first: *mut i32, second: *mut i32) -> i32 {
        // SAFETY: the test's array, and two locals of the caller.
        unsafe {
            let told = *host.cast::<[i32; 4]>();
            (*first, *second) = (told[1], told[2]);
            told[0]
        }
    }

    unsafe extern "C-unwind" fn one(host: *mut c_void, heat: *mut i32) -> i32 {
        // SAFETY: as above.
        unsafe {
            *heat = (*host.cast::<[i32; 4]>())[1];
            (*host.cast::<[i32; 4]>())[0]
        }
    }

    unsafe extern "C-unwind" fn destroy(host: *mut c_void) {
        // SAFETY: as above.
        unsafe { (*host.cast::<[i32; 4]>())[3] += 1 };
    }

    fn table(context: *mut c_void) -> CloudSyncDeviceVTable {
        CloudSyncDeviceVTable {
            struct_size: size_of::<CloudSyncDeviceVTable>(),
            context,
            network: Some(two),
            battery: Some(two),
            heat: Some(one),
            destroy: Some(destroy),
        }
    }

    fn read(told: [i32; 3]) -> DeviceState {
        let mut host = [told[0], told[1], told[2], 0];
        let table = table((&raw mut host).cast());
        // SAFETY: a whole vtable.
        let device = unsafe { HostDevice::read(&raw const table) }.unwrap();
        Conditions::read(&device)
    }

    #[test]
    fn the_host_tells_network_battery_and_heat() {
        let state = read([0, 1, 0]);
        assert_eq!(state.network, Network { wifi: true, mobile: false });
        assert_eq!(state.battery, Some(Battery { percent: 1, charging: false }));
        assert_eq!(state.heat, Heat::Hot);
    }

    #[test]
    fn what_the_host_cannot_say_is_no_network_no_battery_and_normal_heat() {
        for told in [[5, 1, 1], [0, -1, 0], [0, 101, 0]] {
            let state = read(told);
            assert_eq!((state.battery, state.heat), (None, Heat::Normal), "{told:?}");
        }
        assert_eq!(read([5, 1, 1]).network, Network { wifi: false, mobile: false });
    }

    #[test]
    fn a_vtable_is_given_back_once_whether_it_is_taken_or_not() {
        let mut host = [0; 4];
        let context = (&raw mut host).cast();
        let refused = CloudSyncDeviceVTable { heat: None, ..table(context) };
        let taken = table(context);
        // SAFETY: whole vtables.
        unsafe {
            assert_eq!(crate::cloudsync_options_set_device(null_mut(), &raw const refused), 401);
            assert_eq!(crate::cloudsync_options_set_device(null_mut(), &raw const taken), 401);
        }
        assert_eq!(host[3], 2);
    }

    #[test]
    fn a_size_that_is_not_ours_is_refused_before_anything_is_read() {
        for struct_size in [0, 8, size_of::<CloudSyncDeviceVTable>() - 1, usize::MAX] {
            let table = CloudSyncDeviceVTable { struct_size, ..table(null_mut()) };
            // SAFETY: nothing but the size is read.
            assert!(unsafe { HostDevice::read(&raw const table) }.is_err());
        }
    }
}
