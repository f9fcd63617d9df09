// The documents' examples of Download, in their order.
#include "device.hpp"

#include <iostream>

static const std::string uri = "file:///media/Photo/1";

static void on_state(const CloudSyncDownloadProgress &progress) {
  std::cout << "download state: " << progress.state << std::endl;
  if (progress.state != CLOUDSYNC_DOWNLOAD_STATE_RUNNING) {
    device_ended();
  }
}

static void constructor(cloudsync::Context &context) { cloudsync::Download download(context); }

static void on(cloudsync::Context &context) {
  cloudsync::Download download(context);

  download.on_progress(on_state);
}

static void off(cloudsync::Context &context) {
  cloudsync::Download download(context);

  download.on_progress(on_state);

  download.off_progress();
}

static void start_as_a_promise(cloudsync::Context &context) {
  cloudsync::Download download(context);

  download.on_progress(on_state);

  try {
    download.start(uri);
    std::cout << "start download successfully" << std::endl;
  } catch (const std::system_error &err) {
    std::cerr << "start download failed with error message: " << err.what() << ", error code: " << err.code()
              << std::endl;
    return;
  }

  device_await_end();
}

static void start_with_a_callback(cloudsync::Context &context) {
  cloudsync::Download download(context);

  download.start(uri, [](std::error_code err, const std::string &message) {
    if (err) {
      std::cerr << "start download failed with error message: " << message << ", error code: " << err << std::endl;
    } else {
      std::cout << "start download successfully" << std::endl;
    }
    device_ended();
  });

  device_await_end();
}

static void stop_as_a_promise(cloudsync::Context &context) {
  cloudsync::Download download(context);

  try {
    download.stop(uri);
    std::cout << "stop download successfully" << std::endl;
  } catch (const std::system_error &err) {
    std::cerr << "stop download failed with error message: " << err.what() << ", error code: " << err.code()
              << std::endl;
  }
}

static void stop_with_a_callback(cloudsync::Context &context) {
  cloudsync::Download download(context);

  download.stop(uri, [](std::error_code err, const std::string &message) {
    if (err) {
      std::cerr << "stop download failed with error message: " << message << ", error code: " << err << std::endl;
    } else {
      std::cout << "stop download successfully" << std::endl;
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
