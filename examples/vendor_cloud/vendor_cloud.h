/* A cloud of a vendor's own, in memory: the place to start from for somebody who has a server. */
#ifndef VENDOR_CLOUD_H
#define VENDOR_CLOUD_H

#include <cloudsync.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes an empty cloud. All that use the stub share it; it is gone when the last of them is.
 * Answers a code of the library; the caller frees the stub with cloud_service_stub_free. */
int32_t vendor_cloud_new(CloudSyncCloudServiceStub **out);

/* Makes the clouds of several accounts that can share with one another, each known to the others by its name, into an array
 * of as many stubs. They are gone when nobody uses any of them. As vendor_cloud_new; where it fails, it has made none. */
int32_t vendor_cloud_new_accounts(const char *const *names, size_t count, CloudSyncCloudServiceStub **out);

/* What each of the accounts is given. */
struct vendor_cloud_options {
    uint64_t space;   /* in bytes; 1 GiB above */
    int64_t keep_ms;  /* how long assets are kept that no record names; 30 days above */
    uint32_t lease_s; /* how long a lock holds without a heartbeat; 30 s above */
};

/* As vendor_cloud_new_accounts. */
int32_t vendor_cloud_new_with(const struct vendor_cloud_options *options, const char *const *names, size_t count,
                              CloudSyncCloudServiceStub **out);

#ifdef __cplusplus
}
#endif
#endif
