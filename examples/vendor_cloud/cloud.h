/* What the parts of the vendor's cloud share. */
#ifndef CLOUD_H
#define CLOUD_H

#include <cloudsync.h>

#include <pthread.h>
#include <stdbool.h>

/* --- The cloud -------------------------------------------------------------------------------- */

struct cloud;
struct database;
struct share;
struct store;
struct subscription;

/* Accounts that can share with one another. They are there as long as anybody uses one of them, and everything in them is
 * behind the one lock: what is shared is in several of them. */
struct circle {
    pthread_mutex_t lock;
    unsigned users; /* stubs that stand for an account; the last one frees them all */
    struct cloud **accounts;
    size_t count;
    struct share *shares;
    uint64_t last_id; /* of records, subscriptions and shares alike: the same one is given to nobody else */
    uint64_t changes; /* of records and shares */
};

/* One account. */
struct cloud {
    struct circle *circle;
    char *name, id[65];
    struct database *databases;
    struct store *store; /* of assets */
    struct subscription *subscriptions;
    uint32_t lease_s; /* how long a lock holds without a heartbeat */
};

void cloud_lock(struct cloud *cloud);
void cloud_unlock(struct cloud *cloud);

/* A stub's self is the cloud, or a database of it, and holds on to the cloud. */
void cloud_hold(struct cloud *cloud);
void cloud_release(struct cloud *cloud);

/* By a clock that nobody sets. */
int64_t steady_ms(void);

/* --- News, in subscriptions.c ----------------------------------------------------------------- */

/* Tells whoever is subscribed to the bundle's database. To be called without the lock. */
void cloud_tell(struct cloud *cloud, const char *bundle, const char *database);
/* Tells those of every account: what one writes, others may see. As cloud_tell. */
void circle_tell(struct circle *circle, const char *bundle, const char *database);
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

struct cloud *cloud_of(const struct database *database);
/* Whether there is the record that a device claims, in the version that it saw and with the asset that it names: 0, or a
 * CLOUDSYNC_ERROR_CODE_... number. */
int32_t record_claimed(struct database *database, const char *table, const CloudSyncClaim *claim);
/* The asset that a record of this account's own, or one that is shared with it, names; borrowed as with store_lend. */
struct asset *record_asset(struct database *database, const char *table, const char *id, const char *asset_id);
/* Whether there is such a record of the account's own, and it was not deleted. */
bool record_is_there(struct cloud *cloud, const char *bundle, const char *name, const char *table, const char *id);

/* --- The schema, in schema.c ------------------------------------------------------------------ */

struct schema;

/* Adds what is new of a description to what is known, which is made where it is NULL; false without memory. */
bool schema_learn(struct schema **known, const CloudSyncDatabase *described);
const CloudSyncDatabase *schema_form(const struct schema *schema);
void schema_free(struct schema *schema);

/* --- Sharing, in shares.c --------------------------------------------------------------------- */

/* Something that another account shares with this one, which has accepted it and may read it. */
struct grant {
    struct share *share; /* stays as long as the circle */
    const char *record, *resource;
    struct cloud *owner;
    CloudSyncPrivilege privilege;
};

/* The first grant in a table after a share, or of all where that is NULL; false where there is none. Under the lock. */
bool grant_after(struct cloud *cloud, const char *bundle, const char *database, const char *table,
                 const struct share *share, struct grant *grant);
/* What a share grants to this account now. Under the lock. */
bool grant_of(struct cloud *cloud, struct share *share, struct grant *grant);
void shares_free(struct circle *circle);
/* Answers connect_share_center. */
int32_t shares_connect(struct cloud *cloud, CloudSyncReply *reply);

/* --- Assets, in assets.c ---------------------------------------------------------------------- */

/* Answers connect_asset_loader. */
int32_t assets_connect(struct database *database, CloudSyncReply *reply);

/* --- The store of assets, in store.c ---------------------------------------------------------- */

enum { BLAKE3_BYTES = 32, ASSET_ID = 2 * BLAKE3_BYTES + 1 };

/* Its bytes never change: who has borrowed it may read them without the lock. */
struct asset {
    char id[ASSET_ID]; /* the digest of the bytes, in hex */
    unsigned char *bytes;
    size_t size;
    size_t names;                 /* in records that were not deleted */
    bool counted;                 /* in the space that is used */
    unsigned readers;             /* who have borrowed it */
    int64_t unnamed_since;        /* where there are no names: by the steady clock, in ms */
    struct asset *older, *newer;  /* among those without names */
    struct asset *next;           /* in its bucket */
};

void asset_free(struct asset *asset);

/* With so many bytes of space; what no record names is kept for so long. NULL without memory. */
struct store *store_new(uint64_t space, int64_t keep_ms);
void store_free(struct store *store);

/* All of these under the lock. */
uint64_t store_space(const struct store *store);
uint64_t store_room(struct store *store);
/* Takes an asset that is named by its digest, or frees it: where there is no room, or the same bytes are there. */
int32_t store_put(struct store *store, struct asset *asset);
bool store_has(struct store *store, const char *id);
/* NULL where it is not there. Else its readers are one more, until whoever borrows it takes that back. */
struct asset *store_lend(struct store *store, const char *id);
/* A record that is not deleted names the assets in this row now; false where one of them is not there, and nothing is named. */
bool store_name(struct store *store, const CloudSyncRows *rows, size_t index);
/* Such a record does not name them any more. */
void store_unname(struct store *store, const CloudSyncRows *rows, size_t index);
/* Gives another account's store the asset, where it is in this one: 0, NOT_FOUND or NO_SPACE_FOR_ASSET. */
int32_t store_hand_over(struct store *store, struct store *to, const char *id);

/* --- Digests, in blake3.c --------------------------------------------------------------------- */

void blake3(const uint8_t *bytes, size_t length, uint8_t digest[BLAKE3_BYTES]);

/* --- Rows, in rows.c -------------------------------------------------------------------------- */

/* Adds copies of a row's fields to the row that was added to `to` last: of those that are named, or of all where
 * there are no names. Answers a code of the library. */
int32_t row_copy(CloudSyncRows *to, const CloudSyncRows *from, size_t index, const char *const *names, size_t count);
/* The same for all fields but those that are named. */
int32_t row_copy_others(CloudSyncRows *to, const CloudSyncRows *from, size_t index, const char *const *names, size_t count);
/* Whether a row names the asset. */
bool row_names(const CloudSyncRows *rows, size_t index, const char *asset_id);
/* Whether both rows have the same fields with the same values. */
bool row_equal(const CloudSyncRows *a, size_t a_index, const CloudSyncRows *b, size_t b_index);

#endif
