/* What the parts of the vendor's cloud share. */
#ifndef CLOUD_H
#define CLOUD_H

#include <cloudsync.h>

#include <pthread.h>
#include <stdbool.h>

/* --- The cloud -------------------------------------------------------------------------------- */

struct database;
struct asset;
struct subscription;
struct circle;

/* One account. Everything in it is behind the lock. */
struct cloud {
    pthread_mutex_t lock;
    char *name, id[65];
    struct circle *circle; /* the accounts that it can share with */
    unsigned users; /* stubs that stand for it; the last one frees it */
    struct database *databases;
    struct asset *assets;
    struct subscription *subscriptions;
    uint64_t last_id; /* of records, assets and subscriptions alike */
    uint64_t used;    /* bytes */
};

/* A stub's self is the cloud, or a database of it, and holds on to the cloud. */
void cloud_hold(struct cloud *cloud);
void cloud_release(struct cloud *cloud);

/* By a clock that nobody sets. */
int64_t steady_ms(void);

/* --- News, in subscriptions.c ----------------------------------------------------------------- */

/* Tells whoever is subscribed to the bundle's database. To be called without the lock. */
void cloud_tell(struct cloud *cloud, const char *bundle, const char *database);
void subscriptions_free(struct cloud *cloud);
/* Methods of the CloudService. */
int32_t subscriptions_add(void *self, const char *const *bundle_names, const CloudSyncDatabase *const *databases,
                          size_t count, uint64_t expiration_time, CloudSyncChangeListener *listener,
                          CloudSyncReply *reply);
int32_t subscriptions_end(void *self, const CloudSyncSubscribeId *const *ids, size_t count, CloudSyncReply *reply);

/* --- Records, in records.c -------------------------------------------------------------------- */

/* The database of that name, which is made where it is not there yet; NULL without memory. Under the lock. */
struct database *database_of(struct cloud *cloud, const char *bundle, const char *name);
/* Keeps what a connection describes; false without memory. Under the lock. */
bool database_learn(struct database *database, const CloudSyncDatabase *described);
/* Writes what is known of the bundle's databases to `out`, and answers how many there are; `out` may be NULL. They stay as
 * they are while the lock is held. Under the lock. */
size_t databases_described(const struct cloud *cloud, const char *bundle, const CloudSyncDatabase **out);
void databases_free(struct cloud *cloud);
/* Answers connect_db. */
int32_t database_connect(struct cloud *cloud, struct database *database, CloudSyncReply *reply);

/* Whether there is such a record, and it was not deleted. */
bool record_is_there(struct cloud *cloud, const char *bundle, const char *name, const char *table, const char *id);

/* --- The schema, in schema.c ------------------------------------------------------------------ */

struct schema;

/* Adds what is new of a description to what is known, which is made where it is NULL; false without memory. */
bool schema_learn(struct schema **known, const CloudSyncDatabase *described);
const CloudSyncDatabase *schema_form(const struct schema *schema);
void schema_free(struct schema *schema);

/* --- Sharing, in shares.c --------------------------------------------------------------------- */

/* Accounts by name; NULL without memory. Whoever makes it holds it. */
struct circle *circle_new(const char *const *names, size_t count);
void circle_hold(struct circle *circle);
void circle_release(struct circle *circle);
/* Answers connect_share_center. */
int32_t shares_connect(struct cloud *cloud, CloudSyncReply *reply);

/* --- Assets, in assets.c ---------------------------------------------------------------------- */

void assets_free(struct cloud *cloud);
/* Answers connect_asset_loader. */
int32_t assets_connect(struct cloud *cloud, CloudSyncReply *reply);

/* --- Rows, in rows.c -------------------------------------------------------------------------- */

/* Adds copies of a row's fields to the row that was added to `to` last: of those that are named, or of all where
 * there are no names. Answers a code of the library. */
int32_t row_copy(CloudSyncRows *to, const CloudSyncRows *from, size_t index, const char *const *names, size_t count);
/* Whether both rows have the same fields with the same values. */
bool row_equal(const CloudSyncRows *a, size_t a_index, const CloudSyncRows *b, size_t b_index);

#endif
