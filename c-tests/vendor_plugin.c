/* A vendor's plug-in in C++ that a C program loads for itself alone: an exception is ended by the runtime that threw it, which
 * nobody else can see. */
#include "support.h"

#include <dlfcn.h>

static void *symbol(void *plugin, const char *name) {
    void *found = dlsym(plugin, name);
    assert_non_null(found);
    return found;
}

static void an_exception_is_ended_where_it_came_from(void **state) {
    (void)state;
    CloudSyncCloudDbStub *db = NULL;
    CloudSyncLockInfo info;
    char text[256];
    int32_t (*plugin_db)(CloudSyncCloudDbStub **);
    int (*plugin_uncaught)(void);
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    void *plugin = dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
    if (plugin == NULL) {
        fail_msg("%s", dlerror());
    }
    *(void **)&plugin_db = symbol(plugin, "plugin_db");
    *(void **)&plugin_uncaught = symbol(plugin, "plugin_uncaught");
    assert_ok(plugin_db(&db));
    for (int i = 0; i < 3; i++) {
        assert_code(cloud_db_lock(db, &info), CLOUDSYNC_E_UNKNOWN);
        cloudsync_last_error(text, sizeof text);
        assert_non_null(strstr(text, "lock threw an exception"));
        assert_int_equal(plugin_uncaught(), 0);
    }
    assert_ok(cloud_db_stub_free(db));
    assert_int_equal(dlclose(plugin), 0);
    assert_null(dlopen(PLUGIN, RTLD_NOW | RTLD_NOLOAD)); /* nothing of the library's holds on to it */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_exception_is_ended_where_it_came_from),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
