// The documents' examples of optimizeStorage, startOptimizeSpace and stopOptimizeSpace, in their order.
#include "device.hpp"

#include <iostream>

static void optimize_the_storage(cloudsync::Context &context) {
  try {
    context.optimize_storage();
    std::cout << "optimize storage successfully" << std::endl; // whoever waits in the foreground waits until here
  } catch (const std::system_error &err) {
    std::cerr << "optimize storage failed with error message: " << err.what() << ", error code: " << err.code()
              << std::endl;
  }
}

static void on_space(const CloudSyncOptimizeSpaceProgress &data) {
  if (data.state == CLOUDSYNC_OPTIMIZE_STATE_FAILED) {
    std::cout << "optimize space failed" << std::endl;
  } else if (data.state == CLOUDSYNC_OPTIMIZE_STATE_COMPLETED && data.progress == 100) {
    std::cout << "optimize space successfully" << std::endl;
  } else if (data.state == CLOUDSYNC_OPTIMIZE_STATE_RUNNING) {
    std::cout << "optimize space progress: " << data.progress << std::endl;
  }
  if (data.state != CLOUDSYNC_OPTIMIZE_STATE_RUNNING) {
    device_ended();
  }
}

static void start(cloudsync::Context &context) {
  try {
    context.start_optimize_space(1073741824, 30, on_space);
    std::cout << "start optimize space" << std::endl;
  } catch (const std::system_error &err) {
    std::cerr << "start optimize space failed with error message: " << err.what() << ", error code: " << err.code()
              << std::endl;
    return;
  }

  device_await_end();
}

static void stop(cloudsync::Context &context) {
  context.start_optimize_space(1073741824, 30, on_space);
  context.stop_optimize_space(); // stops freeing space

  device_await_end();
}

int main() {
  Device device;
  optimize_the_storage(device.context());
  start(device.context());
  stop(device.context());
}
