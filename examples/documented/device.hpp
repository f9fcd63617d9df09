// The device of device.h as a context of C++.
#ifndef DEVICE_HPP
#define DEVICE_HPP

#include <cloudsync.hpp>

#include "device.h"

/** Folders that go with the object, and a context that was opened and synced with them. */
class Device {
public:
  Device() : folders_(), context_(options()) { device_sync(context_.get()); }
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;

  cloudsync::Context &context() { return context_; }

private:
  struct Folders : device {
    Folders() { device_make(this); }
    ~Folders() { device_remove(this); }
  };

  cloudsync::Options options() const {
    const char *const permission = "ohos.permission.CLOUDFILE_SYNC";
    cloudsync::Options options(folders_.state, folders_.gallery, cloudsync::Cloud::embedded(folders_.cloud, "me"));
    cloudsync::check(cloudsync_options_set_bundle_dir(options.get(), DEVICE_APP, folders_.files));
    cloudsync::check(
        cloudsync_options_set_download_policy(options.get(), CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND));
    cloudsync::check(cloudsync_options_set_caller(options.get(), DEVICE_APP, &permission, 1, 1));
    return options;
  }

  Folders folders_;
  cloudsync::Context context_;
};

#endif
