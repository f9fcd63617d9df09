/* The vendor's AssetLoader: bytes under ids. A cloud with a server streams them there, and answers when they are durable. */
#define _POSIX_C_SOURCE 200809L
#include "cloud.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 20 };

struct asset {
    char id[24], hash[48];
    unsigned char *bytes;
    size_t size;
    struct asset *next;
};

void assets_free(struct cloud *cloud) {
    for (struct asset *asset = cloud->assets, *next; asset != NULL; asset = next) {
        next = asset->next;
        free(asset->bytes);
        free(asset);
    }
}

/* Assets are never changed, and stay as long as the cloud does: what is found may be read without the lock. */
static const struct asset *asset_of(struct cloud *cloud, const char *id) {
    pthread_mutex_lock(&cloud->lock);
    const struct asset *asset = cloud->assets;
    while (asset != NULL && strcmp(asset->id, id) != 0) {
        asset = asset->next;
    }
    pthread_mutex_unlock(&cloud->lock);
    return asset;
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

static void take(struct cloud *cloud, struct asset *asset, const CloudSyncTransfer *transfer) {
    snprintf(asset->hash, sizeof asset->hash, "%" PRIx64 "-%zx", (uint64_t)transfer->asset->modify_time, asset->size);
    pthread_mutex_lock(&cloud->lock);
    snprintf(asset->id, sizeof asset->id, "a%" PRIx64, ++cloud->last_id);
    cloud->used += asset->size;
    asset->next = cloud->assets;
    cloud->assets = asset;
    pthread_mutex_unlock(&cloud->lock);
}

static void upload_one(struct cloud *cloud, CloudSyncTransfers *transfers, size_t index, CloudSyncReply *reply) {
    const CloudSyncTransfer *transfer;
    struct asset *asset = calloc(1, sizeof *asset);
    int32_t code = CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
    if (asset != NULL && cloudsync_transfers_get(transfers, index, &transfer) == CLOUDSYNC_OK) {
        code = read_whole(transfers, index, asset, transfer->size);
    }
    if (code == CLOUDSYNC_ERROR_CODE_SUCCESS) {
        take(cloud, asset, transfer);
        CloudSyncCloudAsset answer = *transfer->asset;
        answer.asset_id = asset->id;
        answer.hash = asset->hash;
        answer.size = asset->size;
        cloudsync_reply_item(reply, index, code, NULL, &answer);
    } else {
        cloudsync_reply_item(reply, index, code, "the asset was not taken", NULL);
        free(asset != NULL ? asset->bytes : NULL);
        free(asset);
    }
}

static int32_t loader_upload(void *self, const char *table, CloudSyncTransfers *transfers, CloudSyncReply *reply) {
    size_t count = 0;
    (void)table; /* all tables share one store */
    cloudsync_transfers_count(transfers, &count);
    for (size_t i = 0; i < count; i++) {
        upload_one(self, transfers, i, reply);
    }
    return cloudsync_reply_done(reply);
}

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

static void download_one(struct cloud *cloud, CloudSyncTransfers *transfers, size_t index, CloudSyncReply *reply) {
    const CloudSyncTransfer *transfer;
    if (cloudsync_transfers_get(transfers, index, &transfer) != CLOUDSYNC_OK) {
        return; /* an item that nothing is said of has failed */
    }
    const struct asset *asset = asset_of(cloud, transfer->asset->asset_id);
    if (asset == NULL) {
        cloudsync_reply_item(reply, index, CLOUDSYNC_ERROR_CODE_NOT_FOUND, transfer->asset->asset_id, NULL);
        return;
    }
    int32_t code = write_whole(transfers, index, asset, transfer->offset);
    CloudSyncCloudAsset answer = *transfer->asset;
    answer.hash = asset->hash;
    answer.size = asset->size;
    cloudsync_reply_item(reply, index, code, NULL, &answer);
}

static int32_t loader_download(void *self, const char *table, const char *prefix, CloudSyncTransfers *transfers,
                               CloudSyncReply *reply) {
    size_t count = 0;
    (void)table;
    (void)prefix; /* the transfers know where the bytes go */
    cloudsync_transfers_count(transfers, &count);
    for (size_t i = 0; i < count; i++) {
        download_one(self, transfers, i, reply);
    }
    return cloudsync_reply_done(reply);
}

static void loader_destroy(void *self) {
    cloud_release(self);
}

/* `prove` is left out: it takes a BLAKE3 digest of the stored bytes. Without it a device never lets go of its own copy. */
int32_t assets_connect(struct cloud *cloud, CloudSyncReply *reply) {
    const CloudSyncAssetLoaderVTable vtable = {
        .struct_size = sizeof vtable,
        .upload = loader_upload,
        .download = loader_download,
        .destroy = loader_destroy,
    };
    CloudSyncAssetLoaderStub *stub = NULL;
    cloud_hold(cloud);
    int32_t code = create_asset_loader_stub(&vtable, cloud, &stub);
    if (code == CLOUDSYNC_OK) {
        code = cloudsync_reply_asset_loader(reply, stub);
        asset_loader_stub_free(stub);
    }
    return code == CLOUDSYNC_OK ? CLOUDSYNC_ERROR_CODE_SUCCESS : CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
}
