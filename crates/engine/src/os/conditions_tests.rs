use super::*;
use std::fs;

/// A tree that looks like `/sys`.
struct Sys(tempfile::TempDir);

impl Sys {
    fn new() -> Self {
        Sys(tempfile::tempdir().unwrap())
    }

    fn put(&self, dir: &str, attributes: &[(&str, &str)]) -> &Self {
        let dir = self.0.path().join("class").join(dir);
        fs::create_dir_all(&dir).unwrap();
        for (name, text) in attributes {
            fs::write(dir.join(name), format!("{text}\n")).unwrap();
        }
        self
    }

    fn hardware(&self, name: &str, state: &str) -> &Self {
        let dir = format!("net/{name}");
        self.put(&format!("{dir}/device"), &[]).put(&dir, &[("type", "1"), ("operstate", state)])
    }

    fn loopback(&self) -> &Self {
        self.put(
            "net/lo",
            &[("type", "772"), ("operstate", "unknown"), ("carrier", "1"), ("ifindex", "1"), ("iflink", "1")],
        )
    }

    fn state(&self) -> DeviceState {
        SystemConditions::with_root(self.0.path().to_path_buf()).read()
    }

    fn network(&self) -> (bool, bool) {
        let network = self.state().network;
        (network.wifi, network.mobile)
    }

    fn battery(&self) -> Option<(u8, bool)> {
        self.state().battery.map(|battery| (battery.percent, battery.charging))
    }
}

#[test]
fn no_sysfs_is_a_wired_device_without_battery() {
    let normal =
        DeviceState { network: Network { wifi: true, mobile: false }, battery: None, heat: Heat::Normal };
    assert_eq!(Sys::new().state(), normal);
    assert_eq!(SystemConditions::with_root("/nonexistent".into()).read(), normal);
}

#[test]
fn loopback_alone_counts_as_wired() {
    assert_eq!(Sys::new().loopback().network(), (true, false));
}

#[test]
fn dummies_and_bridges_are_no_network_hardware() {
    let sys = Sys::new();
    let virt = [("type", "1"), ("operstate", "down"), ("ifindex", "3"), ("iflink", "3")];
    sys.loopback().put("net/dummy0", &virt).put("net/docker0", &virt).put("net/sit0", &[("type", "776")]);
    assert_eq!(sys.network(), (true, false));
    sys.hardware("eth0", "down").put("net/docker0", &[("operstate", "up")]);
    assert_eq!(sys.network(), (false, false));
}

#[test]
fn cable_and_wifi_count_when_they_are_up() {
    for name in ["eth0", "wlan0", "enp3s0"] {
        for (state, up) in
            [("up", true), ("down", false), ("dormant", false), ("lowerlayerdown", false), ("unknown", false)]
        {
            let sys = Sys::new();
            sys.loopback().hardware(name, state);
            assert_eq!(sys.network(), (up, false), "{name} {state}");
        }
    }
    let sys = Sys::new();
    sys.hardware("eth0", "unknown").put("net/eth0", &[("carrier", "1")]);
    assert_eq!(sys.network(), (true, false));
}

#[test]
fn modems_are_mobile() {
    for name in ["wwan0", "rmnet_data0", "ppp0", "ccmni0"] {
        let sys = Sys::new();
        sys.loopback()
            .put(&format!("net/{name}"), &[("type", "519"), ("operstate", "unknown"), ("carrier", "1")]);
        assert_eq!(sys.network(), (false, true), "{name}");
        sys.hardware("wlan0", "up");
        assert_eq!(sys.network(), (true, true), "{name}");
    }
    let sys = Sys::new();
    sys.hardware("usb0", "up").put("net/usb0", &[("uevent", "DEVTYPE=wwan\nINTERFACE=usb0")]);
    assert_eq!(sys.network(), (false, true));
}

#[test]
fn a_field_bus_is_no_network() {
    let sys = Sys::new();
    sys.loopback().hardware("can0", "up").put("net/can0", &[("type", "280")]);
    assert_eq!(sys.network(), (true, false), "as if there were no interface");
}

#[test]
fn a_container_has_its_end_of_a_pair() {
    for (state, up) in [("up", true), ("lowerlayerdown", false)] {
        let sys = Sys::new();
        let pair = [("type", "1"), ("operstate", state), ("ifindex", "2"), ("iflink", "7")];
        sys.loopback().put("net/eth0", &pair);
        assert_eq!(sys.network(), (up, false));
    }
    let sys = Sys::new();
    sys.put("net/tap0", &[("type", "1"), ("operstate", "down"), ("tun_flags", "0x1002")]);
    assert_eq!(sys.network(), (false, false));
}

#[test]
fn a_battery_and_whether_it_charges() {
    for (status, charging) in [
        ("Charging", true),
        ("Discharging", false),
        ("Full", true),
        ("Not charging", true),
        ("Unknown", false),
    ] {
        let sys = Sys::new();
        sys.put("power_supply/BAT0", &[("type", "Battery"), ("capacity", "42"), ("status", status)]);
        assert_eq!(sys.battery(), Some((42, charging)), "{status}");
    }
}

#[test]
fn the_plug_decides_where_the_battery_does_not_say() {
    for (online, charging) in [("1", true), ("0", false)] {
        let sys = Sys::new();
        sys.put("power_supply/BAT0", &[("type", "Battery"), ("capacity", "42"), ("status", "Unknown")]);
        sys.put("power_supply/AC", &[("type", "Mains"), ("online", online)]);
        sys.put("power_supply/usb", &[("type", "USB_PD"), ("online", "0")]);
        assert_eq!(sys.battery(), Some((42, charging)));
    }
}

#[test]
fn batteries_of_other_devices_and_empty_bays_do_not_count() {
    let sys = Sys::new();
    sys.put("power_supply/mouse", &[("type", "Battery"), ("scope", "Device"), ("capacity", "3")]);
    sys.put("power_supply/bay", &[("type", "Battery"), ("present", "0"), ("capacity", "0")]);
    sys.put("power_supply/AC", &[("type", "Mains"), ("online", "1")]);
    assert_eq!(sys.battery(), None);
}

#[test]
fn several_batteries_add_up_by_energy_or_the_emptiest_counts() {
    let sys = Sys::new();
    let big = [
        ("type", "Battery"),
        ("capacity", "90"),
        ("energy_now", "90000"),
        ("energy_full", "100000"),
        ("status", "Unknown"),
    ];
    sys.put("power_supply/BAT0", &big);
    let small = [("type", "Battery"), ("capacity", "10"), ("energy_now", "2000"), ("energy_full", "20000")];
    sys.put("power_supply/BAT1", &small).put("power_supply/BAT1", &[("status", "Discharging")]);
    assert_eq!(sys.battery(), Some((76, false)));
    sys.put("power_supply/BAT2", &[("type", "Battery"), ("capacity", "5"), ("status", "Charging")]);
    assert_eq!(sys.battery(), Some((5, true)), "one does not tell its energy");
}

#[test]
fn nonsense_is_kept_within_bounds() {
    let sys = Sys::new();
    sys.put("power_supply/BAT0", &[("type", "Battery"), ("capacity", "120"), ("status", "Charging")]);
    assert_eq!(sys.battery(), Some((100, true)));
    sys.put("power_supply/BAT0", &[("capacity", "-5")]);
    assert_eq!(sys.battery(), Some((0, true)));
    sys.put("power_supply/BAT0", &[("capacity", "many")]);
    assert_eq!(sys.battery(), None);
}

#[test]
fn heat_follows_the_hot_and_critical_points_alone() {
    let trips = [
        ("trip_point_0_type", "passive"),
        ("trip_point_0_temp", "50000"),
        ("trip_point_1_type", "hot"),
        ("trip_point_1_temp", "80000"),
        ("trip_point_2_type", "critical"),
        ("trip_point_2_temp", "95000"),
    ];
    for (temp, heat) in [
        ("20000", Heat::Normal),
        ("79999", Heat::Normal),
        ("80000", Heat::Hot),
        ("94999", Heat::Hot),
        ("95000", Heat::Overheated),
    ] {
        let sys = Sys::new();
        sys.put("thermal/thermal_zone0", &trips).put("thermal/thermal_zone0", &[("temp", temp)]);
        sys.put("thermal/thermal_zone1", &[("temp", "200000")]);
        sys.put("thermal/cooling_device0", &[("temp", "200000")]);
        assert_eq!(sys.state().heat, heat, "{temp}");
    }
    let sys = Sys::new();
    let unset = [("temp", "30000"), ("trip_point_0_type", "critical"), ("trip_point_0_temp", "0")];
    sys.put("thermal/thermal_zone0", &unset);
    assert_eq!(sys.state().heat, Heat::Normal, "a driver without such a point");
}

#[test]
fn a_reading_is_kept_for_a_second() {
    let sys = Sys::new();
    let conditions = SystemConditions::with_root(sys.0.path().to_path_buf());
    let first = conditions.read();
    sys.put("power_supply/BAT0", &[("type", "Battery"), ("capacity", "42"), ("status", "Charging")]);
    assert_eq!(conditions.read(), first);
    let mut last = conditions.last.lock();
    let (at, state) = last.unwrap();
    *last = Some((at.saturating_sub(FRESH_NS), state));
    drop(last);
    assert_eq!(conditions.read().battery, Some(Battery { percent: 42, charging: true }));
}

#[test]
fn this_machine_can_be_read() {
    SystemConditions::new().read();
}
