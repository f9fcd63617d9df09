/* The embedded cloud and the vendor's example pass every check that there is for clouds; a cloud without methods passes none. */
#include "support.h"

#include "vendor_cloud.h"

struct report {
    unsigned checks, failed, skipped;
    char last[512];
};

static void on_check(const char *name, int32_t passed, const char *text, void *user_data) {
    struct report *report = (struct report *)user_data;
    report->checks++;
    report->failed += passed == 0;
    const bool skipped = strncmp(text, "skipped: ", 9) == 0;
    report->skipped += skipped;
    assert_true((passed != 0) == (text[0] == '\0' || skipped));
    if (passed == 0) {
        snprintf(report->last, sizeof report->last, "%s: %s", name, text);
    }
}

static struct report check_cloud(CloudSyncCloudServiceStub *cloud) {
    struct report report = {0, 0, 0, ""};
    assert_ok(cloudsync_conformance(cloud, on_check, &report));
    return report;
}

/* Passes every check, but for as many as are left out. */
static void passes(CloudSyncCloudServiceStub *cloud, unsigned most_skipped) {
    for (int i = 0; i < 2; i++) { /* once more, on what the first run left */
        const struct report report = check_cloud(cloud);
        assert_string_equal(report.last, "");
        assert_int_equal(report.failed, 0);
        assert_true(report.skipped <= most_skipped);
        assert_true(report.checks >= 60);
    }
    assert_ok(cloud_service_stub_free(cloud));
}

static void the_embedded_cloud_conforms(void **state) {
    (void)state;
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *cloud = NULL;
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "cloud"), "account", &cloud));
    passes(cloud, 3); /* much space, and a lease of a minute */
}

static void the_vendors_example_conforms(void **state) {
    (void)state;
    CloudSyncCloudServiceStub *cloud = NULL;
    assert_ok(vendor_cloud_new(&cloud));
    passes(cloud, 3);
}

/* What can be waited for and filled is seen too: the end of a lease, and of the space. */
static void the_vendors_limits_conform(void **state) {
    (void)state;
    const struct vendor_cloud_options options = {.space = (uint64_t)32 << 20, .keep_ms = 60000, .lease_s = 1};
    const char *const name = "somebody";
    CloudSyncCloudServiceStub *cloud = NULL;
    assert_ok(vendor_cloud_new_with(&options, &name, 1, &cloud));
    passes(cloud, 0);
}

/* Each shares with the other. */
static void pass_as_pair(CloudSyncCloudServiceStub *clouds[2], const char *const names[2]) {
    struct report report = {0, 0, 0, ""};
    for (int i = 0; i < 2; i++) {
        assert_ok(cloudsync_conformance_sharing(clouds[i], names[i], clouds[1 - i], names[1 - i], on_check, &report));
        assert_string_equal(report.last, "");
    }
    assert_true(report.checks >= 42);
    assert_ok(cloud_service_stub_free(clouds[0]));
    assert_ok(cloud_service_stub_free(clouds[1]));
}

static void accounts_share(void **state) {
    (void)state;
    const char *const names[] = {"ann", "ben"};
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *clouds[2];
    for (int i = 0; i < 2; i++) {
        assert_ok(cloudsync_embedded_cloud_new(join(path, root, "shared"), names[i], &clouds[i]));
    }
    pass_as_pair(clouds, names);
    assert_ok(vendor_cloud_new_accounts(names, 2, clouds));
    pass_as_pair(clouds, names);
}

static void a_cloud_without_methods_does_not(void **state) {
    (void)state;
    CloudSyncCloudServiceStub *cloud = NULL;
    CloudSyncCloudServiceVTable vtable;
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    assert_ok(create_cloud_service_stub(&vtable, NULL, &cloud));
    const struct report report = check_cloud(cloud);
    assert_int_equal(report.failed, report.checks);
    assert_non_null(strstr(report.last, "connect_db"));
    assert_ok(cloud_service_stub_free(cloud));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(the_embedded_cloud_conforms),
        in_scratch(the_vendors_example_conforms),
        in_scratch(the_vendors_limits_conform),
        in_scratch(accounts_share),
        in_scratch(a_cloud_without_methods_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
