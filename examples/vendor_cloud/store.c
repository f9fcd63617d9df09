/* What the vendor's cloud holds of assets, and how much space that takes up.
 *
 * An asset's id is the digest of its bytes, in hex: the same bytes are one asset, however often they are uploaded, and a try whose
 * answer was lost costs nothing. Records that were not deleted are counted for each asset that they name.
 *
 * An upload comes before the record that names it, and somebody may undo the deletion of a record. So an asset that no
 * record names is kept for a while (keep_ms), and released then, whether a deleted record would name it still or not.
 * The account's space is taken up by what records name, and by what was uploaded and not named yet; what was deleted
 * takes up none, and takes it up again without being refused when it is brought back. */
#define _POSIX_C_SOURCE 200809L
#include "cloud.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 4096 };

struct store {
    uint64_t space, used; /* bytes; used may be more, by what was brought back */
    int64_t keep_ms;
    struct asset *buckets[BUCKETS];
    struct asset *oldest, *newest; /* those that no record names, in the order in which they came to that */
};

struct store *store_new(uint64_t space, int64_t keep_ms) {
    struct store *store = calloc(1, sizeof *store);
    if (store != NULL) {
        store->space = space;
        store->keep_ms = keep_ms;
    }
    return store;
}

void asset_free(struct asset *asset) {
    free(asset->bytes);
    free(asset);
}

void store_free(struct store *store) {
    for (size_t i = 0; store != NULL && i < BUCKETS; i++) {
        for (struct asset *asset = store->buckets[i], *next; asset != NULL; asset = next) {
            next = asset->next;
            asset_free(asset);
        }
    }
    free(store);
}

/* --- Finding ---------------------------------------------------------------------------------- */

/* The place of the pointer to it, or of the NULL where it would be. Ids are digests: any of their letters do. */
static struct asset **place_of(struct store *store, const char *id) {
    size_t bucket = 0;
    for (size_t i = 0; i < 8 && id[i] != '\0'; i++) {
        bucket = 31 * bucket + (unsigned char)id[i];
    }
    struct asset **place = &store->buckets[bucket % BUCKETS];
    while (*place != NULL && strcmp((*place)->id, id) != 0) {
        place = &(*place)->next;
    }
    return place;
}

/* --- What no record names --------------------------------------------------------------------- */

static void queue_leave(struct store *store, struct asset *asset) {
    *(asset->older != NULL ? &asset->older->newer : &store->oldest) = asset->newer;
    *(asset->newer != NULL ? &asset->newer->older : &store->newest) = asset->older;
    asset->older = asset->newer = NULL;
}

static void queue_join(struct store *store, struct asset *asset) {
    asset->unnamed_since = steady_ms();
    asset->older = store->newest;
    *(store->newest != NULL ? &store->newest->newer : &store->oldest) = asset;
    store->newest = asset;
}

static void count(struct store *store, struct asset *asset, bool counted) {
    store->used += counted && !asset->counted ? asset->size : 0;
    store->used -= !counted && asset->counted ? asset->size : 0;
    asset->counted = counted;
}

/* Releases what nobody has named for long enough. What somebody reads stays, and what comes after it, until the next time. */
static void tidy(struct store *store) {
    const int64_t before = steady_ms() - store->keep_ms;
    struct asset *asset;
    while ((asset = store->oldest) != NULL && asset->unnamed_since < before && asset->readers == 0) {
        queue_leave(store, asset);
        count(store, asset, false);
        *place_of(store, asset->id) = asset->next;
        asset_free(asset);
    }
}

/* --- Uploads and readers ---------------------------------------------------------------------- */

uint64_t store_room(struct store *store) {
    tidy(store);
    return store->used < store->space ? store->space - store->used : 0;
}

uint64_t store_space(const struct store *store) {
    return store->space;
}

int32_t store_put(struct store *store, struct asset *asset) {
    const uint64_t room = store_room(store);
    struct asset **place = place_of(store, asset->id), *held = *place;
    if ((held == NULL || !held->counted) && asset->size > room) {
        asset_free(asset);
        return CLOUDSYNC_ERROR_CODE_NO_SPACE_FOR_ASSET;
    }
    if (held == NULL) {
        held = *place = asset;
    } else {
        asset_free(asset);
    }
    if (held->names == 0) { /* its time begins now */
        if (held != asset) {
            queue_leave(store, held);
        }
        queue_join(store, held);
    }
    count(store, held, true);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

bool store_has(struct store *store, const char *id) {
    tidy(store);
    return *place_of(store, id) != NULL;
}

struct asset *store_lend(struct store *store, const char *id) {
    tidy(store);
    struct asset *asset = *place_of(store, id);
    if (asset != NULL) {
        asset->readers++;
    }
    return asset;
}

/* --- What records name ------------------------------------------------------------------------ */

typedef bool (*visitor)(struct store *store, struct asset *asset);

/* Visits the assets of a row, until one of them is refused. One without an id was not uploaded: it is the device's own business. */
static bool visit_each(struct store *store, const CloudSyncRows *rows, size_t index, visitor visit) {
    CloudSyncCloudValue value = {.struct_size = sizeof value};
    const char *name;
    bool went = true;
    for (size_t i = 0; went && cloudsync_rows_field(rows, index, i, &name, &value) == CLOUDSYNC_OK; i++) {
        for (size_t j = 0; went && j < value.asset_count; j++) {
            const char *id = value.assets[j]->asset_id;
            went = *id == '\0' || visit(store, *place_of(store, id));
        }
    }
    return went;
}

static bool is_there(struct store *store, struct asset *asset) {
    (void)store;
    return asset != NULL;
}

static bool name_once_more(struct store *store, struct asset *asset) {
    if (asset->names++ == 0) {
        queue_leave(store, asset);
        count(store, asset, true);
    }
    return true;
}

static bool name_once_less(struct store *store, struct asset *asset) {
    if (--asset->names == 0) {
        queue_join(store, asset);
        count(store, asset, false);
    }
    return true;
}

bool store_name(struct store *store, const CloudSyncRows *rows, size_t index) {
    tidy(store);
    return visit_each(store, rows, index, is_there) && visit_each(store, rows, index, name_once_more);
}

void store_unname(struct store *store, const CloudSyncRows *rows, size_t index) {
    visit_each(store, rows, index, name_once_less);
}

int32_t store_hand_over(struct store *store, struct store *to, const char *id) {
    tidy(store);
    struct asset *asset = *place_of(store, id), *copy = asset == NULL ? NULL : calloc(1, sizeof *copy);
    if (asset == NULL) {
        return CLOUDSYNC_ERROR_CODE_NOT_FOUND;
    }
    if (copy == NULL || (copy->bytes = malloc(asset->size + 1)) == NULL) { /* one more: malloc(0) may be NULL */
        free(copy);
        return CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
    }
    memcpy(copy->id, id, ASSET_ID);
    memcpy(copy->bytes, asset->bytes, asset->size);
    copy->size = asset->size;
    int32_t code = store_put(to, copy);
    if (code == CLOUDSYNC_ERROR_CODE_SUCCESS && asset->names == 0) {
        count(store, asset, false); /* it was uploaded for the other account */
    }
    return code;
}
