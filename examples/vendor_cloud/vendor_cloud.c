/* The vendor's CloudService: the accounts, and the way to their records, assets, shares and news.
 *
 * This is where to start. A method answers with one of the cloudsync_reply_... functions, once: during the call, as
 * everything here does, or later and from any thread, as a cloud with a server will. Or it returns an error's number.
 *
 * From here on: records.c lists and writes records, schema.c says what they are made of, subscriptions.c tells of them; assets.c
 * moves the bytes behind them, which store.c keeps and counts, by the digests of blake3.c; shares.c has who shares what
 * with whom, copies.c brings it into an invitee's records, through.c brings back what the invitee may change, and keep.c leaves with it
 * what it has made. */
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
    .lease_s = 30,
};

/* --- Accounts --------------------------------------------------------------------------------- */

void cloud_lock(struct cloud *cloud) {
    pthread_mutex_lock(&cloud->circle->lock);
}

void cloud_unlock(struct cloud *cloud) {
    pthread_mutex_unlock(&cloud->circle->lock);
}

static void account_free(struct cloud *cloud) {
    subscriptions_free(cloud);
    databases_free(cloud);
    store_free(cloud->store);
    free(cloud->name);
    free(cloud);
}

static struct cloud *account_new(const struct vendor_cloud_options *options, struct circle *circle, const char *name) {
    struct cloud *cloud = calloc(1, sizeof *cloud);
    if (cloud == NULL) {
        return NULL;
    }
    cloud->circle = circle;
    cloud->lease_s = options->lease_s;
    snprintf(cloud->id, sizeof cloud->id, "%064zx", circle->count + 1); /* a server's is the SHA-256 of the account's name */
    cloud->name = strdup(name);
    cloud->store = store_new(options->space, options->keep_ms);
    if (cloud->name == NULL || cloud->store == NULL) {
        account_free(cloud);
        return NULL;
    }
    return cloud;
}

static void circle_free(struct circle *circle) {
    for (size_t i = 0; i < circle->count; i++) {
        account_free(circle->accounts[i]);
    }
    shares_free(circle);
    free(circle->accounts);
    pthread_mutex_destroy(&circle->lock);
    free(circle);
}

/* With one account for each name; NULL without memory. Whoever makes it is a user of it. */
static struct circle *circle_new(const struct vendor_cloud_options *options, const char *const *names, size_t count) {
    struct circle *circle = calloc(1, sizeof *circle);
    if (circle == NULL) {
        return NULL;
    }
    pthread_mutex_init(&circle->lock, NULL);
    circle->users = 1;
    circle->accounts = calloc(count, sizeof *circle->accounts);
    while (circle->accounts != NULL && circle->count < count) {
        struct cloud *account = account_new(options, circle, names[circle->count]);
        if (account == NULL) {
            break;
        }
        circle->accounts[circle->count++] = account;
    }
    if (circle->accounts == NULL || circle->count < count) {
        circle_free(circle);
        return NULL;
    }
    return circle;
}

static void circle_release(struct circle *circle) {
    pthread_mutex_lock(&circle->lock);
    bool last = --circle->users == 0;
    pthread_mutex_unlock(&circle->lock);
    if (last) {
        circle_free(circle);
    }
}

void cloud_hold(struct cloud *cloud) {
    cloud_lock(cloud);
    cloud->circle->users++;
    cloud_unlock(cloud);
}

void cloud_release(struct cloud *cloud) {
    circle_release(cloud->circle);
}

int64_t steady_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- The methods ------------------------------------------------------------------------------ */

static int32_t get_service_info(void *self, CloudSyncReply *reply) {
    struct cloud *cloud = self;
    CloudSyncServiceInfo info = {
        .struct_size = sizeof info,
        .id = cloud->id,
        .user = 100,
        .enable_cloud = 1,
    };
    cloud_lock(cloud);
    info.total_space = store_space(cloud->store) / 1024;
    info.remaining_space = store_room(cloud->store) / 1024;
    cloud_unlock(cloud);
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
    cloud_lock(cloud);
    schema.database_count = databases_described(cloud, bundle_name, NULL);
    const CloudSyncDatabase **databases = calloc(schema.database_count + 1, sizeof *databases);
    if (databases != NULL) {
        databases_described(cloud, bundle_name, databases);
        schema.databases = databases;
        code = cloudsync_reply_app_schema(reply, &schema);
    }
    cloud_unlock(cloud);
    free(databases);
    return code;
}

/* The database that is connected to, with what the connection says of its tables; NULL without memory. */
static struct database *connected(struct cloud *cloud, const char *bundle_name, const CloudSyncDatabase *database) {
    cloud_lock(cloud);
    struct database *found = database_of(cloud, bundle_name, database->alias);
    if (found != NULL && !database_learn(found, database)) {
        found = NULL;
    }
    cloud_unlock(cloud);
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

/* --- The table of functions ------------------------------------------------------------------- */

static int32_t account_stub(struct cloud *cloud, CloudSyncCloudServiceStub **out) {
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
    cloud_hold(cloud);
    return create_cloud_service_stub(&vtable, cloud, out); /* destroy is called where it fails */
}

int32_t vendor_cloud_new_with(const struct vendor_cloud_options *options, const char *const *names, size_t count,
                              CloudSyncCloudServiceStub **out) {
    struct circle *circle = circle_new(options, names, count);
    int32_t code = circle == NULL ? CLOUDSYNC_E_OUT_OF_MEMORY : CLOUDSYNC_OK;
    size_t made = 0;
    while (code == CLOUDSYNC_OK && made < count) {
        code = account_stub(circle->accounts[made], &out[made]);
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
