/* A vendor that is written in C++ and catches nothing: an exception that leaves a method of any of its tables is the error of
 * that call, whether the method had answered or not, and is ended. A gallery that syncs with such a cloud comes to no harm. */
#include "throwing.hpp"

#include <exception>
#include <string>

#include "vendor_cloud.h"

namespace {

using throwing::When;
using Service = CloudSyncCloudServiceVTable;
using Db = CloudSyncCloudDbVTable;
using Loader = CloudSyncAssetLoaderVTable;
using Share = CloudSyncShareCenterVTable;

const char bundle[] = "com.example.throws";

template <typename Form>
Form form() {
    Form form{};
    form.struct_size = sizeof form;
    return form;
}

/* --- What an exception leaves behind ---------------------------------------------------------- */

void nothing_is_left() {
    assert_int_equal(throwing::Exception::living, 0);
    assert_int_equal(std::uncaught_exceptions(), 0);
    assert_true(std::current_exception() == nullptr);
}

/* Calls a method that throws in every way; `call` gives the text of its failure. */
template <auto Method, typename Call>
void throws(const char *name, const Call &call) {
    for (const When when : {When::before, When::after, When::number_before, When::number_after}) {
        const unsigned before = throwing::thrown;
        throwing::next<Method> = when;
        const std::string text = call();
        if (text.find(std::string(name) + " threw an exception") == std::string::npos) {
            fail_msg("'%s' does not say that %s threw", text.c_str(), name);
        }
        assert_int_equal(throwing::thrown, before + 1);
        nothing_is_left();
    }
}

std::string last_error() {
    char text[512];
    cloudsync_last_error(text, sizeof text);
    return text;
}

#define failed(call) (assert_code(call, CLOUDSYNC_E_UNKNOWN), expect_unknown(), last_error())
#define sharing_failed(call) (assert_code(call, CLOUDSYNC_E_UNKNOWN), expect_inner_error(), last_error())

void expect_unknown() { assert_int_equal(cloudsync_last_error_code(), CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR); }
void expect_inner_error() { assert_int_equal(cloudsync_last_sharing_code(), CLOUDSYNC_SHARING_CODE_INNER_ERROR); }

/* --- Each method ------------------------------------------------------------------------------ */

struct Cloud {
    CloudSyncCloudServiceStub *service = nullptr;
    CloudSyncDatabase database = form<CloudSyncDatabase>();
    CloudSyncResult *result = nullptr;
    CloudSyncRows *rows = nullptr;

    Cloud() {
        database.name = database.alias = "notes";
        assert_ok(vendor_cloud_new(&service));
        const auto id = [] {
            auto value = form<CloudSyncExtensionValue>();
            value.id = "record";
            return value;
        }();
        assert_ok(cloudsync_rows_new(&rows));
        assert_ok(cloudsync_rows_add(rows, &id));
        assert_ok(cloudsync_rows_set_number(rows, "number", 1));
    }

    ~Cloud() {
        assert_ok(cloudsync_rows_free(rows));
        assert_ok(cloud_service_stub_free(service));
    }
};

void ignore_news(const char *, void *) {}
void on_destroy(void *gate) { gate_raise(static_cast<struct gate *>(gate)); }

/* A subscription that did not come about lets go of what it was to tell. */
void subscribe_throws(Cloud &cloud) {
    const char *const bundles[] = {bundle};
    const CloudSyncDatabase *const databases[] = {&cloud.database};
    throws<&Service::subscribe>("subscribe", [&] {
        struct gate gone;
        gate_init(&gone);
        std::string text = failed(cloud_service_subscribe(cloud.service, bundles, databases, 1, 60000, ignore_news,
                                                          &gone, on_destroy, &cloud.result));
        gate_wait(&gone, 1);
        gate_destroy(&gone);
        return text;
    });
}

void every_method_of_a_service(void **) {
    Cloud cloud;
    CloudSyncCloudDbStub *db = nullptr;
    CloudSyncAssetLoaderStub *loader = nullptr;
    CloudSyncShareServiceStub *center = nullptr;
    auto id = form<CloudSyncSubscribeId>();
    id.bundle_name = bundle;
    id.database_alias = id.id = "notes";
    const CloudSyncSubscribeId *const ids[] = {&id};
    throws<&Service::get_service_info>("get_service_info", [&] {
        return failed(cloud_service_get_service_info(cloud.service, &cloud.result));
    });
    throws<&Service::get_app_brief_info>("get_app_brief_info", [&] {
        return failed(cloud_service_get_app_brief_info(cloud.service, &cloud.result));
    });
    throws<&Service::get_app_schema>("get_app_schema", [&] {
        return failed(cloud_service_get_app_schema(cloud.service, bundle, &cloud.result));
    });
    subscribe_throws(cloud);
    throws<&Service::unsubscribe>("unsubscribe", [&] {
        return failed(cloud_service_unsubscribe(cloud.service, ids, 1));
    });
    throws<&Service::connect_db>("connect_db", [&] {
        return failed(cloud_service_connect_db(cloud.service, bundle, &cloud.database, &db));
    });
    throws<&Service::connect_asset_loader>("connect_asset_loader", [&] {
        return failed(cloud_service_connect_asset_loader(cloud.service, bundle, &cloud.database, &loader));
    });
    throws<&Service::connect_share_center>("connect_share_center", [&] {
        return failed(cloud_service_connect_share_center(cloud.service, 100, bundle, &center));
    });
}

void every_method_of_a_database(void **) {
    Cloud cloud;
    CloudSyncCloudDbStub *db = nullptr;
    CloudSyncRows *answers = nullptr;
    auto lock = form<CloudSyncLockInfo>();
    assert_ok(cloud_service_connect_db(cloud.service, bundle, &cloud.database, &db));
    throws<&Db::generate_id>("generate_id", [&] { return failed(cloud_db_generate_id(db, 2, &cloud.result)); });
    throws<&Db::insert>("insert", [&] { return failed(cloud_db_insert(db, "notes", cloud.rows, &answers)); });
    throws<&Db::update>("update", [&] { return failed(cloud_db_update(db, "notes", cloud.rows, &answers)); });
    throws<&Db::delete_>("delete", [&] { return failed(cloud_db_delete(db, "notes", cloud.rows, &answers)); });
    throws<&Db::query>("query", [&] {
        return failed(cloud_db_query(db, "notes", nullptr, 0, 10, "", &answers));
    });
    throws<&Db::lock>("lock", [&] { return failed(cloud_db_lock(db, &lock)); });
    throws<&Db::heartbeat>("heartbeat", [&] { return failed(cloud_db_heartbeat(db, 1, &lock)); });
    throws<&Db::unlock>("unlock", [&] { return failed(cloud_db_unlock(db, 1, nullptr)); });
    assert_ok(cloud_db_stub_free(db));
}

/* The text of the one asset's failure. */
std::string asset_failed(int32_t code, CloudSyncResult *result) {
    const CloudSyncAssetResult *const *answers;
    size_t count;
    assert_ok(code);
    assert_ok(cloudsync_result_assets(result, &answers, &count));
    assert_int_equal(count, 1);
    assert_int_equal(answers[0]->code, CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR);
    std::string text = answers[0]->description;
    assert_ok(cloudsync_result_free(result));
    return text;
}

void moving_assets(void **) {
    Cloud cloud;
    char path[PATH_MAX];
    CloudSyncAssetLoaderStub *loader = nullptr;
    auto asset = form<CloudSyncCloudAsset>();
    const CloudSyncCloudAsset *const assets[] = {&asset};
    asset.name = "photo.jpg";
    asset.path = join(path, root, "photo.jpg");
    write_photo(root, "photo.jpg", 300000, 1);
    assert_ok(cloud_service_connect_asset_loader(cloud.service, bundle, &cloud.database, &loader));
    throws<&Loader::upload>("upload", [&] {
        const int32_t code = asset_loader_upload(loader, "notes", "record", assets, 1, &cloud.result);
        return asset_failed(code, cloud.result);
    });
    asset.asset_id = "there";
    asset.path = "back.jpg";
    throws<&Loader::download>("download", [&] {
        const int32_t code = asset_loader_download(loader, "notes", "record", root, assets, 1, &cloud.result);
        return asset_failed(code, cloud.result);
    });
    assert_ok(asset_loader_stub_free(loader));
}

void every_method_of_a_share_center(void **) {
    Cloud cloud;
    CloudSyncShareServiceStub *center = nullptr;
    auto somebody = form<CloudSyncParticipant>();
    const CloudSyncParticipant *const one[] = {&somebody};
    CloudSyncResult **const out = &cloud.result;
    somebody.identity = "somebody";
    assert_ok(cloud_service_connect_share_center(cloud.service, 100, bundle, &center));
    throws<&Share::share>("share", [&] {
        return sharing_failed(share_center_share(center, 100, bundle, "album", one, 1, out));
    });
    throws<&Share::unshare>("unshare", [&] {
        return sharing_failed(share_center_unshare(center, 100, bundle, "album", one, 1, out));
    });
    throws<&Share::change_privilege>("change_privilege", [&] {
        return sharing_failed(share_center_change_privilege(center, 100, bundle, "album", one, 1, out));
    });
    throws<&Share::exit>("exit", [&] { return sharing_failed(share_center_exit(center, 100, bundle, "album")); });
    throws<&Share::query_participants>("query_participants", [&] {
        return sharing_failed(share_center_query_participants(center, 100, bundle, "album", out));
    });
    throws<&Share::query_participants_by_invitation>("query_participants_by_invitation", [&] {
        return sharing_failed(share_center_query_participants_by_invitation(center, 100, bundle, "code", out));
    });
    throws<&Share::confirm_invitation>("confirm_invitation", [&] {
        return sharing_failed(
            share_center_confirm_invitation(center, 100, bundle, "code", CLOUDSYNC_STATE_ACCEPTED, out));
    });
    throws<&Share::change_confirmation>("change_confirmation", [&] {
        return sharing_failed(
            share_center_change_confirmation(center, 100, bundle, "album", CLOUDSYNC_STATE_ACCEPTED));
    });
    throws<&Share::alloc_resource>("alloc_resource", [&] {
        return sharing_failed(share_center_alloc_resource(center, 100, bundle, "notes", "notes", "record", out));
    });
    assert_ok(share_service_stub_free(center));
}

/* --- Elsewhere than in a call ----------------------------------------------------------------- */

struct Log {
    struct gate lines;
    char last[256] = "";
};

void on_log(int32_t, const char *line, void *data) {
    auto *log = static_cast<Log *>(data);
    snprintf(log->last, sizeof log->last, "%s", line);
    gate_raise(&log->lines);
}

/* There is no call to fail: the log has it. */
void a_destroy(void **) {
    Log log;
    gate_init(&log.lines);
    assert_ok(cloudsync_set_log_cb(CLOUDSYNC_LOG_ERROR, on_log, &log, nullptr));
    {
        Cloud cloud;
        throwing::next_destroy = true;
    }
    gate_wait(&log.lines, 1);
    assert_non_null(strstr(log.last, "destroy threw an exception"));
    assert_ok(cloudsync_set_log_cb(0, nullptr, nullptr, nullptr));
    nothing_is_left();
    gate_destroy(&log.lines);
}

/* A vendor that calls a cloud behind it, which throws as well, while it handles an exception of its own. */
int32_t lock_behind(void *self, CloudSyncReply *reply) {
    auto lock = form<CloudSyncLockInfo>();
    try {
        throw throwing::Exception();
    } catch (const throwing::Exception &) {
        throwing::next<&Db::lock> = When::before;
        assert_code(cloud_db_lock(static_cast<CloudSyncCloudDbStub *>(self), &lock), CLOUDSYNC_E_UNKNOWN);
        assert_int_equal(throwing::Exception::living, 1);
        assert_true(std::current_exception() != nullptr);
    }
    assert_ok(cloud_db_lock(static_cast<CloudSyncCloudDbStub *>(self), &lock));
    return cloudsync_reply_lock_info(reply, &lock);
}

void inside_another(void **) {
    Cloud cloud;
    CloudSyncCloudDbStub *behind = nullptr, *before = nullptr;
    auto table = form<Db>();
    auto lock = form<CloudSyncLockInfo>();
    table.lock = lock_behind;
    assert_ok(cloud_service_connect_db(cloud.service, bundle, &cloud.database, &behind));
    assert_ok(create_cloud_db_stub(&table, behind, &before));
    assert_ok(cloud_db_lock(before, &lock));
    assert_int_equal(throwing::Exception::living, 0);
    assert_ok(cloud_db_stub_free(before));
    assert_ok(cloud_db_stub_free(behind));
}

/* --- Devices ---------------------------------------------------------------------------------- */

enum { PHOTOS = 20, MOST_RUNS = 400 };

void device_start(device *device, const char *name, CloudSyncCloudServiceStub *cloud) {
    device_make(device, name);
    assert_ok(cloudsync_options_set_cloud(device->options, cloud));
    device_open(device);
}

/* How many runs it takes until one completes and leaves no file out. */
int runs_until_complete(device *device) {
    const CloudSyncSyncProgress &last = device->progress.last;
    for (int run = 1; run <= MOST_RUNS; run++) {
        const unsigned finals = gate_count(&device->progress.finals);
        if (gallery_sync_start(device->sync) == CLOUDSYNC_OK) {
            gate_wait(&device->progress.finals, finals + 1);
            if (last.state == CLOUDSYNC_SYNC_STATE_COMPLETED && last.files_failed == 0) {
                return run;
            }
        }
    }
    fail_msg("no run of %d was completed", MOST_RUNS);
    return 0;
}

/* What lies in a gallery is there after every run, whatever became of it. */
void all_there(const device &device) {
    char name[32];
    for (int i = 0; i < PHOTOS; i++) {
        snprintf(name, sizeof name, "IMG_%04d.jpg", i);
        assert_true(is_photo(device.gallery, name, static_cast<size_t>(1000 + 7000 * i), static_cast<uint64_t>(i)));
    }
}

void a_gallery_comes_to_no_harm(void **) {
    device phone, tablet;
    CloudSyncCloudServiceStub *cloud = nullptr;
    char name[32], path[PATH_MAX];
    assert_ok(vendor_cloud_new(&cloud));
    device_start(&phone, "phone", cloud);
    device_start(&tablet, "tablet", cloud);
    assert_ok(cloud_service_stub_free(cloud));
    for (int i = 0; i < PHOTOS; i++) {
        snprintf(name, sizeof name, "IMG_%04d.jpg", i);
        write_photo(phone.gallery, name, static_cast<size_t>(1000 + 7000 * i), static_cast<uint64_t>(i));
    }
    const unsigned before = throwing::thrown;
    throwing::at_random = true;
    int runs = runs_until_complete(&phone);
    all_there(phone);
    runs += runs_until_complete(&tablet);
    all_there(tablet);
    assert_true(same_folders(phone.gallery, tablet.gallery));

    write_photo(tablet.gallery, "IMG_0000.jpg", 5000, 99); /* an edit, and a deletion */
    assert_int_equal(remove(join(path, tablet.gallery, "IMG_0001.jpg")), 0);
    runs += runs_until_complete(&tablet) + runs_until_complete(&phone);
    assert_true(same_folders(phone.gallery, tablet.gallery));
    assert_true(is_photo(phone.gallery, "IMG_0000.jpg", 5000, 99));
    assert_int_equal(count_files(phone.gallery), PHOTOS - 1);
    assert_true(runs > 4); /* some ended in an error */
    assert_true(throwing::thrown > before + 10);
    throwing::at_random = false;
    device_free(&tablet);
    device_free(&phone);
    assert_int_equal(throwing::Exception::living, 0);
}

/* What is not proved stays. */
void a_proof(void **) {
    device phone;
    CloudSyncCloudServiceStub *cloud = nullptr;
    CloudSyncCloudFileCache *cache = nullptr;
    const char *const uri = "file://media/Photo/photo.jpg";
    assert_ok(vendor_cloud_new(&cloud));
    device_start(&phone, "phone", cloud);
    assert_ok(cloud_service_stub_free(cloud));
    write_photo(phone.gallery, "photo.jpg", 300000, 1);
    device_sync(&phone);
    assert_ok(cloud_file_cache_new(phone.context, &cache));
    for (const When when : {When::before, When::after, When::number_before, When::number_after}) {
        const int64_t latest = now_ms() + PATIENCE_MS;
        do { /* a file that was changed within a tick of its disk's clock stays whatever is proved */
            assert_true(now_ms() < latest);
            throwing::next<&Loader::prove> = when;
            assert_true(cloud_file_cache_clean_cache(cache, uri) != CLOUDSYNC_OK);
        } while (last_error().find("prove threw an exception") == std::string::npos);
        assert_true(is_photo(phone.gallery, "photo.jpg", 300000, 1));
        nothing_is_left();
    }
    throwing::next<&Loader::prove> = When::never;
    assert_ok(cloud_file_cache_clean_cache(cache, uri));
    assert_false(file_exists(phone.gallery, "photo.jpg"));
    assert_ok(cloud_file_cache_free(cache));
    device_free(&phone);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(every_method_of_a_service),
        cmocka_unit_test(every_method_of_a_database),
        in_scratch(moving_assets),
        cmocka_unit_test(every_method_of_a_share_center),
        cmocka_unit_test(a_destroy),
        cmocka_unit_test(inside_another),
        in_scratch(a_gallery_comes_to_no_harm),
        in_scratch(a_proof),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
