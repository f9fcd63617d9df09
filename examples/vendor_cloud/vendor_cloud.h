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

#ifdef __cplusplus
}
#endif
#endif
