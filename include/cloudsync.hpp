/* libcloudsync for C++17: the C interface with RAII, std::function and std::error_code.
 *
 * A call that fails throws std::system_error with a code of cloudsync::category(); the calls whose last argument
 * is a std::error_code & set it instead. Callbacks run where cloudsync.h says; an exception that leaves one ends
 * the process. Objects may be moved, not copied; GallerySync, FileSync, Download and CloudFileCache may outlive
 * their Context, and then answer 13600001. A Context that goes away inside a callback stays open: close it elsewhere first. */

#ifndef CLOUDSYNC_HPP
#define CLOUDSYNC_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "cloudsync.h"

/** Registers a progress callback with an object of any class. */
inline std::int32_t register_progress_cb(CloudSyncGallerySync *h, CloudSyncSyncProgressCallback cb,
                                         void *user_data, CloudSyncDestroy destroy) {
  return gallery_sync_register_progress_cb(h, cb, user_data, destroy);
}

/** Registers a progress callback with an object of any class. */
inline std::int32_t register_progress_cb(CloudSyncFileSync *h, CloudSyncSyncProgressCallback cb,
                                         void *user_data, CloudSyncDestroy destroy) {
  return file_sync_register_progress_cb(h, cb, user_data, destroy);
}

/** Registers a progress callback with an object of any class. */
inline std::int32_t register_progress_cb(CloudSyncDownload *h, CloudSyncDownloadProgressCallback cb,
                                         void *user_data, CloudSyncDestroy destroy) {
  return download_register_progress_cb(h, cb, user_data, destroy);
}

/** Registers a progress callback with an object of any class. */
inline std::int32_t register_progress_cb(CloudSyncCloudFileCache *h, CloudSyncDownloadProgressCallback cb,
                                         void *user_data, CloudSyncDestroy destroy) {
  return cloud_file_cache_register_progress_cb(h, cb, user_data, destroy);
}

/** Unregisters a progress callback of an object of any class; all of them where cb is NULL. */
inline std::int32_t unregister_progress_cb(CloudSyncGallerySync *h, CloudSyncSyncProgressCallback cb,
                                           void *user_data) {
  return gallery_sync_unregister_progress_cb(h, cb, user_data);
}

/** Unregisters a progress callback of an object of any class; all of them where cb is NULL. */
inline std::int32_t unregister_progress_cb(CloudSyncFileSync *h, CloudSyncSyncProgressCallback cb,
                                           void *user_data) {
  return file_sync_unregister_progress_cb(h, cb, user_data);
}

/** Unregisters a progress callback of an object of any class; all of them where cb is NULL. */
inline std::int32_t unregister_progress_cb(CloudSyncDownload *h, CloudSyncDownloadProgressCallback cb,
                                           void *user_data) {
  return download_unregister_progress_cb(h, cb, user_data);
}

/** Unregisters a progress callback of an object of any class; all of them where cb is NULL. */
inline std::int32_t unregister_progress_cb(CloudSyncCloudFileCache *h, CloudSyncDownloadProgressCallback cb,
                                           void *user_data) {
  return cloud_file_cache_unregister_progress_cb(h, cb, user_data);
}

namespace cloudsync {

/** The category of the library's codes. */
inline const std::error_category &category() noexcept {
  struct Category final : std::error_category {
    const char *name() const noexcept override { return "cloudsync"; }
    std::string message(int code) const override { return cloudsync_strerror(code); }
  };
  static const Category instance;
  return instance;
}

/** A code of the library as a std::error_code; 0 is no error. */
inline std::error_code error(std::int32_t code) noexcept { return {code, category()}; }

/** This thread's last failure in detail. */
inline std::string last_error() {
  std::string text(cloudsync_last_error(nullptr, 0), '\0');
  cloudsync_last_error(text.data(), text.size() + 1);
  return text;
}

/** Throws std::system_error where the code is a failure. */
inline void check(std::int32_t code) {
  if (code != CLOUDSYNC_OK) {
    throw std::system_error(error(code), last_error());
  }
}

/** A vendor's failure, with its CLOUDSYNC_ERROR_CODE_... number. */
class CloudFailure : public std::runtime_error {
public:
  CloudFailure(std::int32_t error_code, const std::string &description)
      : std::runtime_error(description), error_code_(error_code) {}

  std::int32_t error_code() const noexcept { return error_code_; }

private:
  std::int32_t error_code_;
};

/** Runs the body of a vendor's method, which may throw: an exception becomes the error of that call with its own text, a CloudFailure
 * with its own number too, on every processor. Of one that leaves a plain method the caller learns the method's name alone,
 * as cloudsync.h says. A method of a table is then `return cloudsync::answer(reply, [&] { … });`. */
template <typename Body>
std::int32_t answer(CloudSyncReply *reply, Body &&body) noexcept {
  try {
    std::forward<Body>(body)();
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
  } catch (const CloudFailure &failure) {
    cloudsync_reply_fail(reply, failure.error_code(), failure.what());
    return failure.error_code();
  } catch (const std::exception &failure) {
    cloudsync_reply_fail(reply, CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR, failure.what());
  } catch (...) {
    cloudsync_reply_fail(reply, CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR, "the vendor threw something");
  }
  return CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
}

/** Told how a call ended: no error, or one of category() and its text. */
using Completion = std::function<void(std::error_code, const std::string &)>;

/** Told how a call that starts a batch ended, and the batch's task id; -1 where it failed. */
using TaskCompletion = std::function<void(std::error_code, const std::string &, std::int64_t)>;

/** Told how a call that asks for states ended, and the states; none where it failed. */
using StatesCompletion =
    std::function<void(std::error_code, const std::string &, const std::vector<std::int32_t> &)>;

namespace detail {

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T *handle) const noexcept {
    Free(handle);
  }
};

template <typename T, auto Free>
using Handle = std::unique_ptr<T, Deleter<Free>>;

template <typename Event>
struct Function {
  static void call(const Event *event, void *self) noexcept {
    (*static_cast<std::function<void(const Event &)> *>(self))(*event);
  }
  static void destroy(void *self) noexcept { delete static_cast<std::function<void(const Event &)> *>(self); }
};

inline void complete(std::int32_t code, const char *message, void *self) noexcept {
  const std::unique_ptr<Completion> done(static_cast<Completion *>(self));
  (*done)(error(code), message);
}

/** Owned by the call that it was handed to, until the final event. */
inline void tell_space(const CloudSyncOptimizeSpaceProgress *event, void *self) noexcept {
  using Progress = std::function<void(const CloudSyncOptimizeSpaceProgress &)>;
  std::unique_ptr<Progress> progress(static_cast<Progress *>(self));
  (*progress)(*event);
  if (event->state == CLOUDSYNC_OPTIMIZE_STATE_RUNNING) {
    static_cast<void>(progress.release());
  }
}

inline void complete_states(std::int32_t code, const char *message, const std::int32_t *states, std::size_t n,
                            void *self) noexcept {
  const std::unique_ptr<StatesCompletion> done(static_cast<StatesCompletion *>(self));
  (*done)(error(code), message, std::vector<std::int32_t>(states, states + n));
}

inline void complete_task(std::int32_t code, const char *message, std::int64_t task, void *self) noexcept {
  const std::unique_ptr<TaskCompletion> done(static_cast<TaskCompletion *>(self));
  (*done)(error(code), message, task);
}

/** Hands a completion over to `start`, which takes it where it returns 0. */
template <typename Start>
void run_async(Completion done, Start start) {
  auto owned = std::make_unique<Completion>(std::move(done));
  check(start(&complete, static_cast<void *>(owned.get())));
  static_cast<void>(owned.release());
}

/** C strings of the strings, which must live longer. */
inline std::vector<const char *> pointers(const std::vector<std::string> &strings) {
  std::vector<const char *> found;
  for (const std::string &string : strings) {
    found.push_back(string.c_str());
  }
  return found;
}

/** Bundles and what is said of each, as the C functions take them; the names live in `pairs`. */
template <typename Value>
std::pair<std::vector<const char *>, std::vector<std::int32_t>>
per_bundle(const std::vector<std::pair<std::string, Value>> &pairs) {
  std::pair<std::vector<const char *>, std::vector<std::int32_t>> parts;
  for (const auto &[name, value] : pairs) {
    parts.first.push_back(name.c_str());
    parts.second.push_back(static_cast<std::int32_t>(value));
  }
  return parts;
}

} // namespace detail

/** A cloud. */
class Cloud {
public:
  /** The embedded cloud in a directory. */
  static Cloud embedded(const std::string &dir, const std::string &account) {
    CloudSyncCloudServiceStub *stub = nullptr;
    check(cloudsync_embedded_cloud_new(dir.c_str(), account.c_str(), &stub));
    return Cloud(stub);
  }

  /** A vendor's cloud: its table of functions, which is copied, and what each of them is passed. */
  static Cloud vendor(const CloudSyncCloudServiceVTable &vtable, void *self) {
    CloudSyncCloudServiceStub *stub = nullptr;
    check(create_cloud_service_stub(&vtable, self, &stub));
    return Cloud(stub);
  }

  /** A cloud that another process serves at "unix:/path". */
  static Cloud connect(const std::string &address) {
    CloudSyncCloudServiceStub *stub = nullptr;
    check(cloudsync_connect(address.c_str(), &stub));
    return Cloud(stub);
  }

  /** Switches the embedded cloud on or off: for a bundle, or for the whole account where its name is empty. */
  void switch_on(bool on, const std::string &bundle_name = {}) {
    check(cloudsync_embedded_cloud_switch(get(), bundle_name.empty() ? nullptr : bundle_name.c_str(), on));
  }

  /** The handle, which stays this object's. */
  CloudSyncCloudServiceStub *get() const noexcept { return handle_.get(); }

private:
  explicit Cloud(CloudSyncCloudServiceStub *stub) noexcept : handle_(stub) {}
  detail::Handle<CloudSyncCloudServiceStub, cloud_service_stub_free> handle_;
};

/** Serves a cloud to other processes at "unix:/path" as long as it lives. */
class CloudServer {
public:
  CloudServer(const Cloud &cloud, const std::string &address) {
    CloudSyncCloudServer *server = nullptr;
    check(cloudsync_serve(cloud.get(), address.c_str(), &server));
    handle_.reset(server);
  }

private:
  detail::Handle<CloudSyncCloudServer, cloudsync_cloud_server_free> handle_;
};

/** What a context is opened with. */
class Options {
public:
  /** Options with a state directory, a gallery directory and a cloud, and the defaults else. */
  Options(const std::string &state_dir, const std::string &gallery_dir, const Cloud &cloud) {
    CloudSyncOptions *options = nullptr;
    check(cloudsync_options_new(&options));
    handle_.reset(options);
    check(cloudsync_options_set_state_dir(options, state_dir.c_str()));
    check(cloudsync_options_set_gallery_dir(options, gallery_dir.c_str()));
    check(cloudsync_options_set_cloud(options, cloud.get()));
  }

  /** The handle, for the setters of cloudsync.h; it stays this object's. */
  CloudSyncOptions *get() const noexcept { return handle_.get(); }

private:
  detail::Handle<CloudSyncOptions, cloudsync_options_free> handle_;
};

/** A page of a listing: its entries live as long as it does. */
class Page {
public:
  explicit Page(CloudSyncPage *handle) : handle_(handle) {
    const char *after = nullptr;
    check(cloudsync_page_read(handle, &entries_, &count_, &after));
    next_ = after != nullptr ? after : "";
  }

  const CloudSyncEntry *const *begin() const noexcept { return entries_; }
  const CloudSyncEntry *const *end() const noexcept { return entries_ + count_; }
  std::size_t size() const noexcept { return count_; }

  /** Where the next page begins; empty after the last. */
  const std::string &next() const noexcept { return next_; }

private:
  detail::Handle<CloudSyncPage, cloudsync_page_free> handle_;
  const CloudSyncEntry *const *entries_ = nullptr;
  std::size_t count_ = 0;
  std::string next_;
};

/** A page of what can be restored: its entries live as long as it does. */
class TrashPage {
public:
  explicit TrashPage(CloudSyncTrashPage *handle) : handle_(handle) {
    const char *after = nullptr;
    check(cloudsync_trash_page_read(handle, &entries_, &count_, &after));
    next_ = after != nullptr ? after : "";
  }

  const CloudSyncTrashEntry *const *begin() const noexcept { return entries_; }
  const CloudSyncTrashEntry *const *end() const noexcept { return entries_ + count_; }
  std::size_t size() const noexcept { return count_; }

  /** Where the next page begins; empty after the last. */
  const std::string &next() const noexcept { return next_; }

private:
  detail::Handle<CloudSyncTrashPage, cloudsync_trash_page_free> handle_;
  const CloudSyncTrashEntry *const *entries_ = nullptr;
  std::size_t count_ = 0;
  std::string next_;
};

/** Why a file is as it is. */
struct Explanation {
  std::error_code code;
  std::int32_t state;
  std::int64_t next_try_ms;
  std::error_code kept;
  std::string text;
};

/** What a start would do: its actions live as long as it does. */
class Plan {
public:
  explicit Plan(CloudSyncPlan *handle) : handle_(handle) {
    check(cloudsync_plan_read(handle, &actions_, &count_, &totals_));
  }

  const CloudSyncPlannedAction *const *begin() const noexcept { return actions_; }
  const CloudSyncPlannedAction *const *end() const noexcept { return actions_ + count_; }
  std::size_t size() const noexcept { return count_; }
  const CloudSyncPlanTotals &totals() const noexcept { return *totals_; }

private:
  detail::Handle<CloudSyncPlan, cloudsync_plan_free> handle_;
  const CloudSyncPlannedAction *const *actions_ = nullptr;
  std::size_t count_ = 0;
  const CloudSyncPlanTotals *totals_ = nullptr;
};

/** One device, one account, one cloud. */
class Context {
public:
  explicit Context(const Options &options) {
    CloudSyncContext *context = nullptr;
    check(cloudsync_open(options.get(), &context));
    handle_.reset(context);
  }

  /** Closes it now rather than when it goes away. */
  void close() {
    check(cloudsync_close(get()));
    static_cast<void>(handle_.release());
  }

  /** Runs waiting callbacks on this thread; a negative timeout waits without end. */
  void dispatch(std::size_t max_events, std::chrono::milliseconds timeout) {
    check(cloudsync_dispatch(get(), max_events, static_cast<std::int32_t>(timeout.count() < 0 ? -1 : timeout.count())));
  }

  /** The descriptor to poll where the host dispatches. */
  int event_fd() const {
    const std::int32_t descriptor = cloudsync_event_fd(get());
    check(descriptor < 0 ? -descriptor : CLOUDSYNC_OK);
    return descriptor;
  }

  /** One file's CLOUDSYNC_FILE_SYNC_STATE_... number. */
  std::int32_t file_sync_state(const std::string &uri) const {
    std::int32_t state = 0;
    check(get_file_sync_state(get(), uri.c_str(), &state));
    return state;
  }

  /** One file's CLOUDSYNC_FILE_SYNC_STATE_... number, or an error. */
  std::int32_t file_sync_state(const std::string &uri, std::error_code &failed) const {
    std::int32_t state = 0;
    failed = error(get_file_sync_state(get(), uri.c_str(), &state));
    return state;
  }

  /** One file's CLOUDSYNC_FILE_STATE_... number. */
  std::int32_t core_file_sync_state(const std::string &uri) const {
    std::int32_t state = 0;
    check(get_core_file_sync_state(get(), uri.c_str(), &state));
    return state;
  }

  /** Many files' CLOUDSYNC_FILE_SYNC_STATE_... numbers, in order. */
  std::vector<std::int32_t> file_sync_states(const std::vector<std::string> &uris) const {
    const std::vector<const char *> pointers = detail::pointers(uris);
    std::vector<std::int32_t> states(uris.size());
    check(get_file_sync_states(get(), pointers.data(), pointers.size(), states.data()));
    return states;
  }

  void file_sync_states(const std::vector<std::string> &uris, StatesCompletion done) const {
    const std::vector<const char *> pointers = detail::pointers(uris);
    auto owned = std::make_unique<StatesCompletion>(std::move(done));
    check(get_file_sync_states_async(get(), pointers.data(), pointers.size(), detail::complete_states, owned.get()));
    static_cast<void>(owned.release());
  }

  /** Signs in, with the cloud on or off for the bundles named. */
  void enable_cloud(const std::string &account_id, const std::vector<std::pair<std::string, bool>> &switches = {}) {
    const auto [names, numbers] = detail::per_bundle(switches);
    check(cloud_sync_manager_enable_cloud(get(), account_id.c_str(), names.data(), numbers.data(), names.size()));
  }

  /** Signs out: what runs stops, nothing is removed. */
  void disable_cloud(const std::string &account_id) {
    check(cloud_sync_manager_disable_cloud(get(), account_id.c_str()));
  }

  /** Switches the cloud on or off for one bundle on this device. */
  void change_app_cloud_switch(const std::string &account_id, const std::string &bundle_name, bool on) {
    check(cloud_sync_manager_change_app_cloud_switch(get(), account_id.c_str(), bundle_name.c_str(), on ? 1 : 0));
  }

  /** Lets go of an account's files, each bundle's with a CLOUDSYNC_ACTION_... number; returns when that is done. */
  void clean(const std::string &account_id, const std::vector<std::pair<std::string, std::int32_t>> &actions) {
    const auto [names, numbers] = detail::per_bundle(actions);
    check(cloud_sync_manager_clean(get(), account_id.c_str(), names.data(), numbers.data(), names.size()));
  }

  /** Says that a bundle's files have changed in the cloud: a sync of them starts. */
  void notify_data_change(const std::string &account_id, const std::string &bundle_name) {
    check(cloud_sync_manager_notify_data_change(get(), account_id.c_str(), bundle_name.c_str()));
  }

  /** The account that a bundle's files are synced with; empty where there is none. */
  std::string account(const std::string &bundle_name) const {
    std::size_t length = 0;
    check(cloudsync_account(get(), bundle_name.c_str(), nullptr, 0, &length));
    std::string id(length + 1, '\0');
    check(cloudsync_account(get(), bundle_name.c_str(), id.data(), id.size(), &length));
    id.resize(std::min(length, id.size() - 1));
    return id;
  }

  /** Frees space by the room that the disk has left, and returns when that is done. */
  void optimize_storage() { check(::optimize_storage(get())); }

  /** Frees so many bytes of what nobody has read for so many days; returns when that has begun. */
  void start_optimize_space(std::int64_t total_size, std::int32_t aging_days,
                            std::function<void(const CloudSyncOptimizeSpaceProgress &)> progress) {
    const CloudSyncOptimizeSpaceParam param = {sizeof param, total_size, aging_days};
    auto owned = std::make_unique<std::function<void(const CloudSyncOptimizeSpaceProgress &)>>(std::move(progress));
    check(::start_optimize_space(get(), &param, detail::tell_space, owned.get()));
    static_cast<void>(owned.release());
  }

  void stop_optimize_space() { check(::stop_optimize_space(get())); }

  /** Keeps a file or a folder on this device, or lets it go again. */
  void pin(const std::string &uri, bool pinned) { check(cloudsync_pin(get(), uri.c_str(), pinned)); }

  /** How many deletions wait for the host's word. */
  std::uint64_t held_deletions() const {
    std::uint64_t held = 0;
    check(cloudsync_get_held_deletions(get(), &held));
    return held;
  }

  /** The host's word on them. */
  void answer_held_deletions(bool carry_out) { check(cloudsync_answer_held_deletions(get(), carry_out)); }

  /** Why a file is as it is: no error where it is in step. */
  Explanation explain(const std::string &uri) const {
    CloudSyncExplanation found{};
    found.struct_size = sizeof found;
    std::string text(512, '\0');
    check(cloudsync_explain(get(), uri.c_str(), &found, &text[0], text.size() + 1));
    if (found.text_length > text.size()) {
      text.resize(found.text_length);
      check(cloudsync_explain(get(), uri.c_str(), &found, &text[0], text.size() + 1));
    }
    text.resize(found.text_length < text.size() ? found.text_length : text.size());
    return {error(found.code), found.state, found.next_try_ms, error(found.kept_code), text};
  }

  /** Moves a file or folder to the trash. */
  void remove(const std::string &uri) { check(cloudsync_remove(get(), uri.c_str())); }

  /** Brings it back. */
  void restore(const std::string &uri) { check(cloudsync_restore(get(), uri.c_str())); }

  /** What a start of a synced directory would do. */
  Plan plan(const std::string &uri) {
    CloudSyncPlan *plan = nullptr;
    check(cloudsync_plan(get(), uri.c_str(), &plan));
    return Plan(plan);
  }

  /** Lets runs of a URI's directory begin by themselves, or no more; of all directories without a URI. */
  void set_auto_sync(bool on) { check(cloudsync_set_auto_sync(get(), nullptr, on)); }
  void set_auto_sync(const std::string &uri, bool on) { check(cloudsync_set_auto_sync(get(), uri.c_str(), on)); }

  /** How many bytes a second go up and down, in all transfers together; 0 for any number. */
  void set_bandwidth_limits(std::uint64_t upload, std::uint64_t download) {
    check(cloudsync_set_bandwidth_limits(get(), upload, download));
  }

  /** A person looked at a photo then: what is freed first goes by that. */
  void report_view(const std::string &uri, std::chrono::system_clock::time_point when) {
    const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch());
    check(cloudsync_report_view(get(), uri.c_str(), static_cast<std::int64_t>(since.count())));
  }

  /** Network, battery, heat or the account are others than before. */
  void conditions_changed() { check(cloudsync_conditions_changed(get())); }

  /** Where a photo's small picture lies on this device; throws 13900010 where it has to be fetched first. */
  std::string preview_path(const std::string &uri, std::int32_t file_type) const {
    std::size_t size = 0;
    check(cloudsync_preview_path(get(), uri.c_str(), file_type, nullptr, 0, &size));
    std::string path(size, '\0');
    check(cloudsync_preview_path(get(), uri.c_str(), file_type, &path[0], size, nullptr));
    path.resize(size - 1);
    return path;
  }

  /** A page of a folder, from where the page before says; from the first on for an empty text. */
  Page list(const std::string &uri, bool recursion, const std::string &after = {}, std::uint32_t max_entries = 1000) const {
    CloudSyncPage *page = nullptr;
    check(cloudsync_list(get(), uri.c_str(), recursion, after.empty() ? nullptr : after.c_str(), max_entries, &page));
    return Page(page);
  }

  /** A page of what can be restored, from where the page before says; from the first on for an empty text. */
  TrashPage list_trash(const std::string &uri, const std::string &after = {}, std::uint32_t max_entries = 1000) const {
    CloudSyncTrashPage *page = nullptr;
    check(cloudsync_list_trash(get(), uri.c_str(), after.empty() ? nullptr : after.c_str(), max_entries, &page));
    return TrashPage(page);
  }

  /** Registers a callback for changes of a file or in a folder; off_change removes all of a URI. */
  void on_change(const std::string &uri, bool recursion, std::function<void(const CloudSyncChangeData &)> changed) {
    using F = detail::Function<CloudSyncChangeData>;
    check(register_change(get(), uri.c_str(), recursion, F::call,
                          new std::function<void(const CloudSyncChangeData &)>(std::move(changed)), F::destroy));
  }

  void off_change(const std::string &uri) { check(unregister_change(get(), uri.c_str())); }

  /** The handle, which stays this object's. */
  CloudSyncContext *get() const noexcept { return handle_.get(); }

private:
  detail::Handle<CloudSyncContext, cloudsync_close> handle_;
};

/** The photos of the device and the cloud, in step. */
class GallerySync {
public:
  using Progress = std::function<void(const CloudSyncSyncProgress &)>;

  explicit GallerySync(const Context &context) {
    CloudSyncGallerySync *handle = nullptr;
    check(gallery_sync_new(context.get(), &handle));
    handle_.reset(handle);
  }

  /** Registers a progress callback; off removes all. */
  void on_progress(Progress progress) {
    using F = detail::Function<CloudSyncSyncProgress>;
    check(gallery_sync_register_progress_cb(get(), F::call, new Progress(std::move(progress)), F::destroy));
  }

  void off_progress() { check(gallery_sync_unregister_progress_cb(get(), nullptr, nullptr)); }
  void start() { check(gallery_sync_start(get())); }
  void stop() { check(gallery_sync_stop(get())); }

  void start(Completion done) {
    detail::run_async(std::move(done), [this](auto cb, void *self) { return gallery_sync_start_async(get(), cb, self); });
  }

  void stop(Completion done) {
    detail::run_async(std::move(done), [this](auto cb, void *self) { return gallery_sync_stop_async(get(), cb, self); });
  }

  /** The handle, which stays this object's. */
  CloudSyncGallerySync *get() const noexcept { return handle_.get(); }

private:
  detail::Handle<CloudSyncGallerySync, gallery_sync_free> handle_;
};

/** The files of a bundle's cloud directory and the cloud, in step. */
class FileSync {
public:
  using Progress = std::function<void(const CloudSyncSyncProgress &)>;

  FileSync(const Context &context, const std::string &bundle_name) {
    CloudSyncFileSync *handle = nullptr;
    check(file_sync_new(context.get(), bundle_name.c_str(), &handle));
    handle_.reset(handle);
  }

  /** Registers a progress callback; off removes all. */
  void on_progress(Progress progress) {
    using F = detail::Function<CloudSyncSyncProgress>;
    check(file_sync_register_progress_cb(get(), F::call, new Progress(std::move(progress)), F::destroy));
  }

  void off_progress() { check(file_sync_unregister_progress_cb(get(), nullptr, nullptr)); }
  void start() { check(file_sync_start(get())); }
  void stop() { check(file_sync_stop(get())); }

  void start(Completion done) {
    detail::run_async(std::move(done), [this](auto cb, void *self) { return file_sync_start_async(get(), cb, self); });
  }

  void stop(Completion done) {
    detail::run_async(std::move(done), [this](auto cb, void *self) { return file_sync_stop_async(get(), cb, self); });
  }

  /** When the last successful run ended; the epoch where none has. */
  std::chrono::system_clock::time_point last_sync_time() const {
    std::int64_t ms = 0;
    check(file_sync_get_last_sync_time(get(), &ms));
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(ms));
  }

  /** The handle, which stays this object's. */
  CloudSyncFileSync *get() const noexcept { return handle_.get(); }

private:
  detail::Handle<CloudSyncFileSync, file_sync_free> handle_;
};

/** The bytes of single files. */
class Download {
public:
  using Progress = std::function<void(const CloudSyncDownloadProgress &)>;

  explicit Download(const Context &context) {
    CloudSyncDownload *handle = nullptr;
    check(download_new(context.get(), &handle));
    handle_.reset(handle);
  }

  /** Registers a progress callback; off removes all. */
  void on_progress(Progress progress) {
    using F = detail::Function<CloudSyncDownloadProgress>;
    check(download_register_progress_cb(get(), F::call, new Progress(std::move(progress)), F::destroy));
  }

  void off_progress() { check(download_unregister_progress_cb(get(), nullptr, nullptr)); }
  void start(const std::string &uri) { check(download_start(get(), uri.c_str())); }
  void stop(const std::string &uri) { check(download_stop(get(), uri.c_str())); }

  void start(const std::string &uri, Completion done) {
    detail::run_async(std::move(done), [&](auto cb, void *self) { return download_start_async(get(), uri.c_str(), cb, self); });
  }

  void stop(const std::string &uri, Completion done) {
    detail::run_async(std::move(done), [&](auto cb, void *self) { return download_stop_async(get(), uri.c_str(), cb, self); });
  }

  /** The handle, which stays this object's. */
  CloudSyncDownload *get() const noexcept { return handle_.get(); }

private:
  detail::Handle<CloudSyncDownload, download_free> handle_;
};

/** The bytes of files of the gallery and of bundles, one by one or many at once. */
class CloudFileCache {
public:
  using Progress = std::function<void(const CloudSyncDownloadProgress &)>;
  using BatchProgress = std::function<void(const CloudSyncMultiDownloadProgress &)>;

  explicit CloudFileCache(const Context &context) {
    CloudSyncCloudFileCache *handle = nullptr;
    check(cloud_file_cache_new(context.get(), &handle));
    handle_.reset(handle);
  }

  /** Registers a progress callback for single files; off removes all. */
  void on_progress(Progress progress) {
    using F = detail::Function<CloudSyncDownloadProgress>;
    check(cloud_file_cache_register_progress_cb(get(), F::call, new Progress(std::move(progress)), F::destroy));
  }

  /** Registers a callback for batches; off removes all. */
  void on_batch_download(BatchProgress progress) {
    using F = detail::Function<CloudSyncMultiDownloadProgress>;
    check(cloud_file_cache_register_batch_download_cb(get(), F::call, new BatchProgress(std::move(progress)), F::destroy));
  }

  void off_progress() { check(cloud_file_cache_unregister_progress_cb(get(), nullptr, nullptr)); }
  void off_batch_download() { check(cloud_file_cache_unregister_batch_download_cb(get(), nullptr, nullptr)); }
  void start(const std::string &uri) { check(cloud_file_cache_start(get(), uri.c_str())); }

  /** Stops one file's download; what was received stays unless `need_clean`. */
  void stop(const std::string &uri, bool need_clean = false) {
    check(cloud_file_cache_stop(get(), uri.c_str(), need_clean));
  }

  /** Frees the space of a file that the cloud holds. */
  void clean_file_cache(const std::string &uri) { check(cloud_file_cache_clean_file_cache(get(), uri.c_str())); }

  /** The same, for a system app with the permission. */
  void clean_cache(const std::string &uri) { check(cloud_file_cache_clean_cache(get(), uri.c_str())); }

  /** Fetches many files; returns the batch's task id. */
  std::int64_t start_batch(const std::vector<std::string> &uris,
                           std::int32_t file_type = CLOUDSYNC_DOWNLOAD_FILE_TYPE_CONTENT) {
    const std::vector<const char *> pointers = detail::pointers(uris);
    std::int64_t task = -1;
    check(cloud_file_cache_start_batch(get(), pointers.data(), pointers.size(), file_type, &task));
    return task;
  }

  void stop_batch(std::int64_t task, bool need_clean = false) { check(cloud_file_cache_stop_batch(get(), task, need_clean)); }

  void start(const std::string &uri, Completion done) {
    detail::run_async(std::move(done),
                      [&](auto cb, void *self) { return cloud_file_cache_start_async(get(), uri.c_str(), cb, self); });
  }

  void stop(const std::string &uri, bool need_clean, Completion done) {
    detail::run_async(std::move(done), [&](auto cb, void *self) {
      return cloud_file_cache_stop_async(get(), uri.c_str(), need_clean, cb, self);
    });
  }

  void start_batch(const std::vector<std::string> &uris, std::int32_t file_type, TaskCompletion done) {
    const std::vector<const char *> pointers = detail::pointers(uris);
    auto owned = std::make_unique<TaskCompletion>(std::move(done));
    check(cloud_file_cache_start_batch_async(get(), pointers.data(), pointers.size(), file_type, detail::complete_task,
                                             owned.get()));
    static_cast<void>(owned.release());
  }

  void stop_batch(std::int64_t task, bool need_clean, Completion done) {
    detail::run_async(std::move(done), [&](auto cb, void *self) {
      return cloud_file_cache_stop_batch_async(get(), task, need_clean, cb, self);
    });
  }

  /** The handle, which stays this object's. */
  CloudSyncCloudFileCache *get() const noexcept { return handle_.get(); }

private:
  detail::Handle<CloudSyncCloudFileCache, cloud_file_cache_free> handle_;
};

} // namespace cloudsync

#endif /* CLOUDSYNC_HPP */
