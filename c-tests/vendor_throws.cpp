/* A vendor that is written in C++: with cloudsync::answer, an exception is the error of that call, and its text arrives. */
#include <cloudsync.hpp> /* first: cmocka has a macro that is called fail */

#include "support.h"

namespace {

enum class Throws { failure, exception, something, after_the_answer };
Throws throws;

int32_t lock(void *, CloudSyncReply *reply) {
    return cloudsync::answer(reply, [&] {
        CloudSyncLockInfo info{};
        info.struct_size = sizeof info;
        info.lock_id = 1;
        info.interval = 30;
        switch (throws) {
        case Throws::failure:
            throw cloudsync::CloudFailure(CLOUDSYNC_ERROR_CODE_LOCKED_BY_OTHERS, "taken");
        case Throws::exception:
            throw std::runtime_error("the server said no");
        case Throws::something:
            throw 7;
        case Throws::after_the_answer:
            cloudsync_reply_lock_info(reply, &info);
            throw std::runtime_error("too late");
        }
    });
}

void lock_answers(CloudSyncCloudDbStub *db, Throws what, int32_t code, const char *text) {
    CloudSyncLockInfo info{};
    info.struct_size = sizeof info;
    throws = what;
    assert_code(cloud_db_lock(db, &info), code);
    assert_non_null(strstr(cloudsync::last_error().c_str(), text));
}

void an_exception_is_the_error_of_its_call(void **) {
    CloudSyncCloudDbVTable vtable{};
    CloudSyncCloudDbStub *db = nullptr;
    vtable.struct_size = sizeof vtable;
    vtable.lock = lock;
    assert_ok(create_cloud_db_stub(&vtable, nullptr, &db));
    lock_answers(db, Throws::failure, CLOUDSYNC_E_BUSY, "another device");
    lock_answers(db, Throws::exception, CLOUDSYNC_E_UNKNOWN, "the server said no");
    lock_answers(db, Throws::something, CLOUDSYNC_E_UNKNOWN, "threw something");
    lock_answers(db, Throws::after_the_answer, CLOUDSYNC_E_UNKNOWN, "answered with success, and returned the error 1");
    assert_ok(cloud_db_stub_free(db));
}

void a_vendors_cloud_is_a_cloud(void **) {
    CloudSyncCloudServiceVTable vtable{};
    CloudSyncResult *result = nullptr;
    vtable.struct_size = sizeof vtable;
    const cloudsync::Cloud cloud = cloudsync::Cloud::vendor(vtable, nullptr);
    assert_code(cloud_service_get_service_info(cloud.get(), &result), CLOUDSYNC_E_NOT_SUPPORTED);
}

} // namespace

int main() {
    const CMUnitTest tests[] = {
        cmocka_unit_test(an_exception_is_the_error_of_its_call),
        cmocka_unit_test(a_vendors_cloud_is_a_cloud),
    };
    return cmocka_run_group_tests(tests, nullptr, nullptr);
}
