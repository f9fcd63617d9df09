/* The vendor's AssetLoader: moves bytes between devices and the store (store.c), and proves that they are there. A cloud with a
 * server streams them there, and answers when they are durable. */
#define _POSIX_C_SOURCE 200809L
#include "cloud.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 20 };

static struct asset *borrow(struct cloud *cloud, const char *id) {
    cloud_lock(cloud);
    struct asset *asset = store_lend(cloud->store, id);
    cloud_unlock(cloud);
    return asset;
}

static void give_back(struct cloud *cloud, struct asset *asset) {
    cloud_lock(cloud);
    asset->readers--;
    cloud_unlock(cloud);
}

/* --- Uploads ---------------------------------------------------------------------------------- */

static void id_of(const uint8_t digest[BLAKE3_BYTES], char id[ASSET_ID]) {
    for (size_t i = 0; i < BLAKE3_BYTES; i++) {
        snprintf(id + 2 * i, 3, "%02x", digest[i]);
    }
}

/* Whether it is worth reading. Bytes that the store has already take no room: where the device has not said which they are,
 * only reading tells. */
static bool may_fit(struct cloud *cloud, const CloudSyncTransfer *transfer) {
    char id[ASSET_ID];
    cloud_lock(cloud);
    bool fits = transfer->size <= store_room(cloud->store);
    if (!fits && transfer->digest != NULL) {
        id_of(transfer->digest, id);
        fits = store_has(cloud->store, id);
    } else if (!fits) {
        fits = transfer->size <= store_space(cloud->store);
    }
    cloud_unlock(cloud);
    return fits;
}

/* Reads an asset to its end, which is where 0 bytes come and nowhere else. */
static int32_t read_whole(CloudSyncTransfers *transfers, size_t index, struct asset *asset, uint64_t size) {
    size_t room = 0, read = 1;
    while (read > 0) {
        if (asset->size + PIECE > room) {
            unsigned char *more = realloc(asset->bytes, room = 2 * room + PIECE);
            if (more == NULL) {
                return CLOUDSYNC_ERROR_CODE_NO_SPACE_FOR_ASSET;
            }
            asset->bytes = more;
        }
        if (cloudsync_transfers_read(transfers, index, asset->bytes + asset->size, PIECE, &read) != CLOUDSYNC_OK) {
            return CLOUDSYNC_ERROR_CODE_STOPPED; /* the library knows why: stopped, or a file that cannot be read */
        }
        asset->size += read;
    }
    return asset->size == size ? CLOUDSYNC_ERROR_CODE_SUCCESS : CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT;
}

/* Names the asset by its bytes, which must be those that were announced, where they were. */
static int32_t name_asset(struct asset *asset, const uint8_t *announced) {
    uint8_t digest[BLAKE3_BYTES];
    blake3(asset->bytes, asset->size, digest);
    id_of(digest, asset->id);
    bool other = announced != NULL && memcmp(announced, digest, sizeof digest) != 0;
    return other ? CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT : CLOUDSYNC_ERROR_CODE_SUCCESS;
}

/* Reads one asset, and says under which id it is in the store then. */
static int32_t take(struct cloud *cloud, CloudSyncTransfers *transfers, size_t index, const CloudSyncTransfer *transfer,
                    char id[ASSET_ID]) {
    struct asset *asset = calloc(1, sizeof *asset);
    if (asset == NULL) {
        return CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
    }
    int32_t code = may_fit(cloud, transfer) ? read_whole(transfers, index, asset, transfer->size)
                                            : CLOUDSYNC_ERROR_CODE_NO_SPACE_FOR_ASSET;
    if (code == CLOUDSYNC_ERROR_CODE_SUCCESS) {
        code = name_asset(asset, transfer->digest);
    }
    if (code != CLOUDSYNC_ERROR_CODE_SUCCESS) {
        asset_free(asset);
        return code;
    }
    memcpy(id, asset->id, ASSET_ID);
    cloud_lock(cloud);
    code = store_put(cloud->store, asset); /* which others may have filled meanwhile */
    cloud_unlock(cloud);
    return code;
}

static void upload_one(struct cloud *cloud, CloudSyncTransfers *transfers, size_t index, CloudSyncReply *reply) {
    const CloudSyncTransfer *transfer;
    char id[ASSET_ID], hash[48];
    if (cloudsync_transfers_get(transfers, index, &transfer) != CLOUDSYNC_OK) {
        return; /* an item that nothing is said of has failed */
    }
    int32_t code = take(cloud, transfers, index, transfer, id);
    if (code != CLOUDSYNC_ERROR_CODE_SUCCESS) {
        cloudsync_reply_item(reply, index, code, "the asset was not taken", NULL);
        return;
    }
    snprintf(hash, sizeof hash, "%" PRIx64 "-%" PRIx64, (uint64_t)transfer->asset->modify_time, transfer->size);
    CloudSyncCloudAsset answer = *transfer->asset;
    answer.asset_id = id;
    answer.hash = hash;
    answer.size = transfer->size;
    cloudsync_reply_item(reply, index, code, NULL, &answer);
}

static int32_t loader_upload(void *self, const char *table, CloudSyncTransfers *transfers, CloudSyncReply *reply) {
    size_t count = 0;
    (void)table; /* all tables share one store */
    cloudsync_transfers_count(transfers, &count);
    for (size_t i = 0; i < count; i++) {
        upload_one(cloud_of(self), transfers, i, reply);
    }
    return cloudsync_reply_done(reply);
}

/* --- Downloads -------------------------------------------------------------------------------- */

/* Goes on from where an earlier try stopped, where that can be. */
static int32_t write_whole(CloudSyncTransfers *transfers, size_t index, const struct asset *asset, uint64_t offset) {
    size_t at = offset <= asset->size ? (size_t)offset : 0;
    do {
        size_t length = asset->size - at < PIECE ? asset->size - at : PIECE;
        if (cloudsync_transfers_write(transfers, index, at, asset->bytes + at, length) != CLOUDSYNC_OK) {
            return CLOUDSYNC_ERROR_CODE_STOPPED;
        }
        at += length;
    } while (at < asset->size);
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static void download_one(struct database *database, const char *table, CloudSyncTransfers *transfers, size_t index, CloudSyncReply *reply) {
    const CloudSyncTransfer *transfer;
    if (cloudsync_transfers_get(transfers, index, &transfer) != CLOUDSYNC_OK) {
        return;
    }
    struct asset *asset = record_asset(database, table, transfer->gid, transfer->asset->asset_id);
    if (asset == NULL) {
        cloudsync_reply_item(reply, index, CLOUDSYNC_ERROR_CODE_NOT_FOUND, transfer->asset->asset_id, NULL);
        return;
    }
    int32_t code = write_whole(transfers, index, asset, transfer->offset);
    CloudSyncCloudAsset answer = *transfer->asset;
    answer.size = asset->size;
    give_back(cloud_of(database), asset);
    cloudsync_reply_item(reply, index, code, NULL, &answer);
}

static int32_t loader_download(void *self, const char *table, const char *prefix, CloudSyncTransfers *transfers,
                               CloudSyncReply *reply) {
    size_t count = 0;
    (void)prefix; /* the transfers know where the bytes go */
    cloudsync_transfers_count(transfers, &count);
    for (size_t i = 0; i < count; i++) {
        download_one(self, table, transfers, i, reply);
    }
    return cloudsync_reply_done(reply);
}

/* --- Proofs ----------------------------------------------------------------------------------- */

/* The device is about to remove its own copy: the record is looked at, and then the bytes, every time. */
static int32_t prove_one(struct database *database, const char *table, const CloudSyncClaim *claim) {
    uint8_t digest[BLAKE3_BYTES];
    int32_t code = record_claimed(database, table, claim);
    if (code != CLOUDSYNC_ERROR_CODE_SUCCESS) {
        return code;
    }
    struct asset *asset = borrow(cloud_of(database), claim->asset_id);
    if (asset == NULL) {
        return CLOUDSYNC_ERROR_CODE_NOT_FOUND;
    }
    blake3(asset->bytes, asset->size, digest);
    bool same = asset->size == claim->size && memcmp(digest, claim->digest, sizeof digest) == 0;
    give_back(cloud_of(database), asset);
    return same ? CLOUDSYNC_ERROR_CODE_SUCCESS : CLOUDSYNC_ERROR_CODE_CORRUPT;
}

static int32_t loader_prove(void *self, const char *table, const CloudSyncClaim *const *claims, size_t count,
                            CloudSyncReply *reply) {
    for (size_t i = 0; i < count; i++) {
        int32_t code = prove_one(self, table, claims[i]);
        cloudsync_reply_item(reply, i, code, code == CLOUDSYNC_ERROR_CODE_SUCCESS ? NULL : claims[i]->gid, NULL);
    }
    return cloudsync_reply_done(reply);
}

/* --- The table of functions ------------------------------------------------------------------- */

static void loader_destroy(void *self) {
    cloud_release(cloud_of(self));
}

int32_t assets_connect(struct database *database, CloudSyncReply *reply) {
    const CloudSyncAssetLoaderVTable vtable = {
        .struct_size = sizeof vtable,
        .upload = loader_upload,
        .download = loader_download,
        .prove = loader_prove,
        .destroy = loader_destroy,
    };
    CloudSyncAssetLoaderStub *stub = NULL;
    cloud_hold(cloud_of(database));
    int32_t code = create_asset_loader_stub(&vtable, database, &stub);
    if (code == CLOUDSYNC_OK) {
        code = cloudsync_reply_asset_loader(reply, stub);
        asset_loader_stub_free(stub);
    }
    return code == CLOUDSYNC_OK ? CLOUDSYNC_ERROR_CODE_SUCCESS : CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
}
