/* Copies and compares rows. A cloud with a server behind it puts them into messages instead: cloudsync_rows_field
 * gives every field with its type. */
#include "cloud.h"

#include <string.h>

static int32_t set_field(CloudSyncRows *to, const char *name, const CloudSyncCloudValue *value) {
    switch (value->type) {
    case CLOUDSYNC_FIELD_TYPE_NUMBER:
        return cloudsync_rows_set_number(to, name, value->number);
    case CLOUDSYNC_FIELD_TYPE_REAL:
        return cloudsync_rows_set_real(to, name, value->real);
    case CLOUDSYNC_FIELD_TYPE_TEXT:
        return cloudsync_rows_set_text(to, name, value->text);
    case CLOUDSYNC_FIELD_TYPE_BOOL:
        return cloudsync_rows_set_bool(to, name, (int32_t)value->number);
    case CLOUDSYNC_FIELD_TYPE_BLOB:
        return cloudsync_rows_set_blob(to, name, value->bytes, value->length);
    case CLOUDSYNC_FIELD_TYPE_ASSET:
        return cloudsync_rows_set_asset(to, name, value->assets[0]);
    case CLOUDSYNC_FIELD_TYPE_ASSETS:
        return cloudsync_rows_set_assets(to, name, value->assets, value->asset_count);
    default:
        return cloudsync_rows_set_null(to, name);
    }
}

static bool is_one_of(const char *name, const char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Copies the fields that are among the names, or those that are not. */
static int32_t copy_fields(CloudSyncRows *to, const CloudSyncRows *from, size_t index, const char *const *names, size_t count,
                           bool among) {
    CloudSyncCloudValue value = {.struct_size = sizeof value};
    const char *name;
    int32_t code = CLOUDSYNC_OK;
    for (size_t i = 0; code == CLOUDSYNC_OK && cloudsync_rows_field(from, index, i, &name, &value) == CLOUDSYNC_OK; i++) {
        if (is_one_of(name, names, count) == among) {
            code = set_field(to, name, &value);
        }
    }
    return code;
}

int32_t row_copy(CloudSyncRows *to, const CloudSyncRows *from, size_t index, const char *const *names, size_t count) {
    return copy_fields(to, from, index, names, count, count > 0);
}

int32_t row_copy_others(CloudSyncRows *to, const CloudSyncRows *from, size_t index, const char *const *names, size_t count) {
    return copy_fields(to, from, index, names, count, false);
}

bool row_names(const CloudSyncRows *rows, size_t index, const char *asset_id) {
    CloudSyncCloudValue value = {.struct_size = sizeof value};
    const char *name;
    for (size_t i = 0; cloudsync_rows_field(rows, index, i, &name, &value) == CLOUDSYNC_OK; i++) {
        for (size_t j = 0; j < value.asset_count; j++) {
            if (strcmp(value.assets[j]->asset_id, asset_id) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool text_equal(const char *a, const char *b) {
    return strcmp(a, b) == 0;
}

static bool asset_equal(const CloudSyncCloudAsset *a, const CloudSyncCloudAsset *b) {
    return text_equal(a->asset_id, b->asset_id) && text_equal(a->hash, b->hash) && text_equal(a->name, b->name) &&
           text_equal(a->uri, b->uri) && text_equal(a->path, b->path) && a->create_time == b->create_time &&
           a->modify_time == b->modify_time && a->size == b->size && a->status == b->status;
}

static bool value_equal(const CloudSyncCloudValue *a, const CloudSyncCloudValue *b) {
    if (a->type != b->type || a->number != b->number || a->length != b->length || a->asset_count != b->asset_count ||
        memcmp(&a->real, &b->real, sizeof a->real) != 0) {
        return false;
    }
    if (a->text != NULL && memcmp(a->text, b->text, a->length) != 0) {
        return false;
    }
    if (a->bytes != NULL && a->length > 0 && memcmp(a->bytes, b->bytes, a->length) != 0) {
        return false;
    }
    for (size_t i = 0; i < a->asset_count; i++) {
        if (!asset_equal(a->assets[i], b->assets[i])) {
            return false;
        }
    }
    return true;
}

/* Every field of a is in b, with the same value; and how many there are. */
static bool row_within(const CloudSyncRows *a, size_t a_index, const CloudSyncRows *b, size_t b_index, size_t *fields) {
    CloudSyncCloudValue value = {.struct_size = sizeof value}, other = {.struct_size = sizeof other};
    const char *name;
    for (*fields = 0; cloudsync_rows_field(a, a_index, *fields, &name, &value) == CLOUDSYNC_OK; ++*fields) {
        if (cloudsync_rows_get(b, b_index, name, &other) != CLOUDSYNC_OK || !value_equal(&value, &other)) {
            return false;
        }
    }
    return true;
}

bool row_equal(const CloudSyncRows *a, size_t a_index, const CloudSyncRows *b, size_t b_index) {
    size_t a_fields, b_fields;
    return row_within(a, a_index, b, b_index, &a_fields) && row_within(b, b_index, a, a_index, &b_fields);
}
