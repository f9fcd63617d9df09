/* The vendor's CloudService: the account, the way to records, assets, shares and news.
 *
 * This is where to start. A method answers with one of the cloudsync_reply_... functions, once: during the call, as
 * everything here does, or later and from any thread, as a cloud with a server will. Or it returns an error's number. */
#define _POSIX_C_SOURCE 200809L
#include "vendor_cloud.h"

#include "cloud.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const struct vendor_cloud_options usual = {
    .space = (uint64_t)1 << 30,
    .keep_ms = (int64_t)30 * 24 * 3600 * 1000,
};

void cloud_hold(struct cloud *cloud) {
    pthread_mutex_lock(&cloud->lock);
    cloud->users++;
    pthread_mutex_unlock(&cloud->lock);
}

void cloud_release(struct cloud *cloud) {
    pthread_mutex_lock(&cloud->lock);
    bool last = --cloud->users == 0;
    pthread_mutex_unlock(&cloud->lock);
    if (!last) {
        return;
    }
    subscriptions_free(cloud);
    databases_free(cloud);
    store_free(cloud->store);
    circle_release(cloud->circle);
    free(cloud->name);
    pthread_mutex_destroy(&cloud->lock);
    free(cloud);
}

int64_t steady_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int32_t get_service_info(void *self, CloudSyncReply *reply) {
    struct cloud *cloud = self;
    CloudSyncServiceInfo info = {
        .struct_size = sizeof info,
        .id = cloud->id,
        .user = 100,
        .enable_cloud = 1,
    };
    pthread_mutex_lock(&cloud->lock);
    info.total_space = store_space(cloud->store) / 1024;
    info.remaining_space = store_room(cloud->store) / 1024;
    pthread_mutex_unlock(&cloud->lock);
    return cloudsync_reply_service_info(reply, &info);
}

/* No application is switched off. */
static int32_t get_app_brief_info(void *self, CloudSyncReply *reply) {
    (void)self;
    return cloudsync_reply_app_brief_info(reply, NULL, 0);
}

/* Which tables and fields there are: what was connected with, see schema.c. The library lets no row out to this cloud that does not
 * fit. The lock is held while the library copies the forms: another connection could change them. */
static int32_t get_app_schema(void *self, const char *bundle_name, CloudSyncReply *reply) {
    struct cloud *cloud = self;
    CloudSyncAppSchema schema = {.struct_size = sizeof schema, .bundle_name = bundle_name, .version = 1};
    int32_t code = CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
    pthread_mutex_lock(&cloud->lock);
    schema.database_count = databases_described(cloud, bundle_name, NULL);
    const CloudSyncDatabase **databases = calloc(schema.database_count + 1, sizeof *databases);
    if (databases != NULL) {
        databases_described(cloud, bundle_name, databases);
        schema.databases = databases;
        code = cloudsync_reply_app_schema(reply, &schema);
    }
    pthread_mutex_unlock(&cloud->lock);
    free(databases);
    return code;
}

/* The database that is connected to, with what the connection says of its tables; NULL without memory. */
static struct database *connected(struct cloud *cloud, const char *bundle_name, const CloudSyncDatabase *database) {
    pthread_mutex_lock(&cloud->lock);
    struct database *found = database_of(cloud, bundle_name, database->alias);
    if (found != NULL && !database_learn(found, database)) {
        found = NULL;
    }
    pthread_mutex_unlock(&cloud->lock);
    return found;
}

static int32_t connect_db(void *self, const char *bundle_name, const CloudSyncDatabase *database,
                          CloudSyncReply *reply) {
    struct database *found = connected(self, bundle_name, database);
    return found == NULL ? CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR : database_connect(self, found, reply);
}

/* All of them share one store. */
static int32_t connect_asset_loader(void *self, const char *bundle_name, const CloudSyncDatabase *database,
                                    CloudSyncReply *reply) {
    struct database *found = connected(self, bundle_name, database);
    return found == NULL ? CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR : assets_connect(found, reply);
}

static int32_t connect_share_center(void *self, int32_t user_id, const char *bundle_name, CloudSyncReply *reply) {
    (void)user_id;
    (void)bundle_name; /* each method is told again */
    return shares_connect(self, reply);
}

static void destroy(void *self) {
    cloud_release(self);
}

/* Makes one account's cloud; the circle is held for it. */
static int32_t account_new(const struct vendor_cloud_options *options, struct circle *circle, const char *name,
                           size_t number, CloudSyncCloudServiceStub **out) {
    const CloudSyncCloudServiceVTable vtable = {
        .struct_size = sizeof vtable,
        .get_service_info = get_service_info,
        .get_app_brief_info = get_app_brief_info,
        .get_app_schema = get_app_schema,
        .subscribe = subscriptions_add,
        .unsubscribe = subscriptions_end,
        .connect_db = connect_db,
        .connect_asset_loader = connect_asset_loader,
        .connect_share_center = connect_share_center,
        .destroy = destroy,
    };
    struct cloud *cloud = calloc(1, sizeof *cloud);
    if (cloud == NULL) {
        return CLOUDSYNC_E_OUT_OF_MEMORY;
    }
    pthread_mutex_init(&cloud->lock, NULL);
    snprintf(cloud->id, sizeof cloud->id, "%064zx", number + 1); /* a server's is the SHA-256 of the account's name */
    cloud->name = strdup(name);
    cloud->store = store_new(options->space, options->keep_ms);
    cloud->circle = circle;
    cloud->users = 1;
    circle_hold(circle);
    if (cloud->name == NULL || cloud->store == NULL) {
        cloud_release(cloud);
        return CLOUDSYNC_E_OUT_OF_MEMORY;
    }
    return create_cloud_service_stub(&vtable, cloud, out); /* destroy is called where it fails */
}

int32_t vendor_cloud_new_with(const struct vendor_cloud_options *options, const char *const *names, size_t count,
                              CloudSyncCloudServiceStub **out) {
    struct circle *circle = circle_new(names, count);
    int32_t code = circle == NULL ? CLOUDSYNC_E_OUT_OF_MEMORY : CLOUDSYNC_OK;
    size_t made = 0;
    while (code == CLOUDSYNC_OK && made < count) {
        code = account_new(options, circle, names[made], made, &out[made]);
        made += code == CLOUDSYNC_OK ? 1 : 0;
    }
    while (code != CLOUDSYNC_OK && made > 0) {
        cloud_service_stub_free(out[--made]);
    }
    if (circle != NULL) {
        circle_release(circle);
    }
    return code;
}

int32_t vendor_cloud_new_accounts(const char *const *names, size_t count, CloudSyncCloudServiceStub **out) {
    return vendor_cloud_new_with(&usual, names, count, out);
}

int32_t vendor_cloud_new(CloudSyncCloudServiceStub **out) {
    const char *const name = "somebody";
    return vendor_cloud_new_accounts(&name, 1, out);
}
