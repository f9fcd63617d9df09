// The documents' examples of FileSync, CloudFileCache and getFileSyncState, in their order.
#include "device.hpp"

#include <iostream>

static void file_sync_constructor(cloudsync::Context &context) {
  cloudsync::FileSync file_sync(context, "com.ohos.demo");
}

static void clean_cache(cloudsync::Context &context) {
  cloudsync::CloudFileCache file_cache(context);
  const std::string path = "/data/storage/el2/cloud/1.txt";

  try {
    file_cache.clean_cache(path);
    std::cout << "clean cache successfully" << std::endl;
  } catch (const std::system_error &error) {
    std::cerr << "clean cache failed with error message: " << error.what() << ", error code: " << error.code()
              << std::endl;
  }
}

static void states_as_a_promise(cloudsync::Context &context) {
  const std::vector<std::string> uris = {"file:///media/Photo/1"};

  try {
    for (const std::int32_t state : context.file_sync_states(uris)) {
      std::cout << "get file sync state successfully " << state << std::endl;
    }
  } catch (const std::system_error &err) {
    std::cerr << "get file sync state failed with error message: " << err.what() << ", error code: " << err.code()
              << std::endl;
  }
}

static void states_with_a_callback(cloudsync::Context &context) {
  const std::vector<std::string> uris = {"file:///media/Photo/1"};

  context.file_sync_states(
      uris, [](std::error_code err, const std::string &message, const std::vector<std::int32_t> &states) {
        if (err) {
          std::cerr << "get file sync state with error message: " << message << ", error code: " << err << std::endl;
        } else {
          for (const std::int32_t state : states) {
            std::cout << "get file sync state successfully " << state << std::endl;
          }
        }
        device_ended();
      });

  device_await_end();
}

static void state_of_one_file(cloudsync::Context &context) {
  const std::string path = "/data/storage/el2/cloud/1.txt";

  try {
    const std::int32_t state = context.file_sync_state(path);
    std::cout << "getFileSyncState successfully " << state << std::endl;
  } catch (const std::system_error &error) {
    std::cerr << "getFileSyncState failed with error: " << error.what() << std::endl;
  }
}

int main() {
  Device device;
  file_sync_constructor(device.context());
  clean_cache(device.context());
  states_as_a_promise(device.context());
  states_with_a_callback(device.context());
  state_of_one_file(device.context());
}
