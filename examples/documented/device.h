/* What the documents take for granted: a device with an account, a system app's permission, photos, of which
 * file:///media/Photo/1 is in the cloud alone, and the cloud directory of an app. */
#ifndef DEVICE_H
#define DEVICE_H

#include <cloudsync.h>

#ifdef __cplusplus
extern "C" {
#endif

#define DEVICE_APP "com.ohos.demo"

struct device {
    char folder[64]; /* all that follows lies in it */
    char cloud[80];
    char gallery[80];
    char files[80];
    char state[80];
};

/* Makes the folders, and lets another device send photo 1 and the app's 1.txt. */
void device_make(struct device *device);
/* Removes the folders. */
void device_remove(struct device *device);

/* Opens the device's context; ends the program where that fails. */
CloudSyncContext *device_open(const struct device *device);
/* Syncs the device's photos and the app's files once, so that it knows what the cloud has. */
void device_sync(CloudSyncContext *context);

/* For callbacks: says that what was started has ended. For the program: waits until that was said. */
void device_ended(void);
void device_await_end(void);

/* Ends the program where a call that an example does not look at has failed. */
void must(int32_t code);

#ifdef __cplusplus
}
#endif
#endif
