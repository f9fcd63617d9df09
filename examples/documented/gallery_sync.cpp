// The documents' examples of GallerySync, in their order.
#include "device.hpp"

#include <iostream>

static void on_state(const CloudSyncSyncProgress &progress) {
  std::cout << "syncState: " << progress.state << std::endl;
  if (progress.state == CLOUDSYNC_SYNC_STATE_COMPLETED) {
    device_ended();
  }
}

static void constructor(cloudsync::Context &context) { cloudsync::GallerySync gallery_sync(context); }

static void on(cloudsync::Context &context) {
  cloudsync::GallerySync gallery_sync(context);

  gallery_sync.on_progress(on_state);
}

static void off(cloudsync::Context &context) {
  cloudsync::GallerySync gallery_sync(context);

  gallery_sync.on_progress([](const CloudSyncSyncProgress &progress) {
    std::cout << "gallery sync state: " << progress.state << " error type: " << progress.error << std::endl;
  });

  gallery_sync.off_progress();
}

static void start_as_a_promise(cloudsync::Context &context) {
  cloudsync::GallerySync gallery_sync(context);

  gallery_sync.on_progress(on_state);

  try {
    gallery_sync.start();
    std::cout << "start sync successfully" << std::endl;
  } catch (const std::system_error &err) {
    std::cerr << "start sync failed with error message: " << err.what() << ", error code: " << err.code() << std::endl;
    return;
  }

  device_await_end();
}

static void start_with_a_callback(cloudsync::Context &context) {
  cloudsync::GallerySync gallery_sync(context);

  gallery_sync.start([](std::error_code err, const std::string &message) {
    if (err) {
      std::cerr << "start sync failed with error message: " << message << ", error code: " << err << std::endl;
    } else {
      std::cout << "start sync successfully" << std::endl;
    }
    device_ended();
  });

  device_await_end();
}

static void stop_as_a_promise(cloudsync::Context &context) {
  cloudsync::GallerySync gallery_sync(context);

  try {
    gallery_sync.stop();
    std::cout << "stop sync successfully" << std::endl;
  } catch (const std::system_error &err) {
    std::cerr << "stop sync failed with error message: " << err.what() << ", error code: " << err.code() << std::endl;
  }
}

static void stop_with_a_callback(cloudsync::Context &context) {
  cloudsync::GallerySync gallery_sync(context);

  gallery_sync.stop([](std::error_code err, const std::string &message) {
    if (err) {
      std::cerr << "stop sync failed with error message: " << message << ", error code: " << err << std::endl;
    } else {
      std::cout << "stop sync successfully" << std::endl;
    }
    device_ended();
  });

  device_await_end();
}

int main() {
  Device device;
  constructor(device.context());
  on(device.context());
  off(device.context());
  start_as_a_promise(device.context());
  start_with_a_callback(device.context());
  stop_as_a_promise(device.context());
  stop_with_a_callback(device.context());
}
