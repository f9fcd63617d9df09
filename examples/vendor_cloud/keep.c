/* What an invitee has put into a share stays with it when the share ends.
 *
 * The record becomes the account's own, under its id and with the bytes that the share had last, in folders of the old names. The
 * owner keeps it too. What the owner had deleted while it was shared is not brought back, and what there is no room for
 * stays a copy until there is. */
#include "records.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What an invitee is told of a copy, and where that lies: neither is carried over as it is. */
static const char *const marks_and_parent[] = {"cloud_owner", "cloud_privilege", "#_sharing_resource", "parent"};
enum { MARKS_AND_PARENT = 4 };

/* A copy that was not found this time. */
static bool goes(const struct table *table, const struct record *record) {
    return is_live_copy(record) && record->found != table->rounds;
}

static struct record *folder_of(struct table *table, const CloudSyncRows *fields) {
    CloudSyncCloudValue parent = {.struct_size = sizeof parent};
    if (cloudsync_rows_get(fields, 0, "parent", &parent) != CLOUDSYNC_OK || parent.text == NULL) {
        return NULL;
    }
    return record_of(table, parent.text);
}

static bool is_shared_still(struct database *database, const struct record *copy) {
    struct grant grant;
    return grant_of(database->cloud, copy->share, &grant);
}

/* Whether this account has made it, and its owner did not delete it while it was shared. */
static bool is_kept(struct database *database, const struct table *table, const struct record *copy) {
    struct database *owners = goes(table, copy) ? database_of(copy->owner, database->bundle, database->name) : NULL;
    struct table *from = owners == NULL ? NULL : table_of(owners, table->name);
    const struct record *original = from == NULL ? NULL : record_of(from, copy->id);
    return original != NULL && original->author == database->cloud &&
           (is_live(original) || !is_shared_still(database, copy));
}

/* --- Bytes ------------------------------------------------------------------------------------ */

/* Brings what a copy names from its owner: 0, NOT_FOUND, or why it is not here yet. */
static int32_t bring(struct database *database, const struct record *copy) {
    struct store *own = database->cloud->store;
    CloudSyncCloudValue value = {.struct_size = sizeof value};
    const char *name;
    int32_t code = CLOUDSYNC_ERROR_CODE_SUCCESS;
    for (size_t i = 0; code == CLOUDSYNC_ERROR_CODE_SUCCESS &&
                       cloudsync_rows_field(copy->fields, 0, i, &name, &value) == CLOUDSYNC_OK; i++) {
        for (size_t j = 0; code == CLOUDSYNC_ERROR_CODE_SUCCESS && j < value.asset_count; j++) {
            const char *id = value.assets[j]->asset_id;
            code = *id == '\0' ? code : store_hand_over(copy->owner->store, own, id);
        }
    }
    return code;
}

/* It stays as it is this time, and so do the folders that lead to it. */
static void wait_for_room(struct table *table, struct record *copy) {
    for (struct record *next = copy; next != NULL && goes(table, next); next = folder_of(table, next->fields)) {
        next->found = table->rounds;
    }
}

/* --- Places ----------------------------------------------------------------------------------- */

static struct record *place_in(struct database *database, struct table *table, const CloudSyncRows *fields);

/* The account's own fields for what a copy says; NULL without memory. In what others share nothing of one's own lies. */
static CloudSyncRows *own_fields(struct database *database, struct table *table, const CloudSyncRows *copied) {
    const struct record *place = place_in(database, table, copied);
    CloudSyncRows *fields = NULL;
    if (cloudsync_rows_new(&fields) != CLOUDSYNC_OK || cloudsync_rows_add(fields, NULL) != CLOUDSYNC_OK ||
        row_copy_others(fields, copied, 0, marks_and_parent, MARKS_AND_PARENT) != CLOUDSYNC_OK ||
        (place != NULL && cloudsync_rows_set_text(fields, "parent", place->id) != CLOUDSYNC_OK)) {
        cloudsync_rows_free(fields);
        return NULL;
    }
    return fields;
}

/* A folder of the account's own with the name of one that goes: under another id, so that the other may come back. */
static struct record *folder_anew(struct database *database, struct table *table, struct record *folder) {
    char id[24];
    snprintf(id, sizeof id, "r%" PRIx64, ++database->cloud->circle->last_id);
    struct record *anew = record_new(table, id);
    if (anew == NULL) {
        return NULL;
    }
    folder->stead = anew; /* also for what lies in itself */
    anew->fields = own_fields(database, table, folder->fields);
    if (anew->fields == NULL || !store_name(database->cloud->store, anew->fields, 0)) {
        cloudsync_rows_free(anew->fields);
        record_forget(table, anew);
        return folder->stead = NULL;
    }
    record_written(database, table, anew, CLOUDSYNC_FLAG_INSERT);
    return anew;
}

/* The folder of the account's own that what lay there lies in from now on; NULL for none. */
static struct record *place_in(struct database *database, struct table *table, const CloudSyncRows *fields) {
    struct record *folder = folder_of(table, fields);
    if (folder == NULL || !is_live(folder) || folder->share == NULL || folder->kept) {
        return folder != NULL && is_live(folder) ? folder : NULL;
    }
    if (folder->stead != NULL && is_live(folder->stead)) {
        return folder->stead;
    }
    return is_shared_still(database, folder) ? NULL : folder_anew(database, table, folder);
}

/* Makes a copy the account's own; false without memory. */
static bool make_own(struct database *database, struct table *table, struct record *copy) {
    CloudSyncRows *fields = own_fields(database, table, copy->fields);
    if (fields == NULL || !store_name(database->cloud->store, fields, 0)) {
        cloudsync_rows_free(fields);
        return false;
    }
    cloudsync_rows_free(copy->fields);
    cloudsync_rows_free(copy->placed);
    copy->fields = fields;
    copy->placed = NULL;
    copy->share = NULL;
    table->copies--;
    record_written(database, table, copy, CLOUDSYNC_FLAG_UPDATE);
    return true;
}

/* --- Both ------------------------------------------------------------------------------------- */

static void bring_all(struct database *database, struct table *table) {
    for (struct record *copy = table->oldest; copy != NULL; copy = copy->newer) {
        const int32_t code = is_kept(database, table, copy) ? bring(database, copy) : CLOUDSYNC_ERROR_CODE_NOT_FOUND;
        copy->kept = code == CLOUDSYNC_ERROR_CODE_SUCCESS;
        if (!copy->kept && code != CLOUDSYNC_ERROR_CODE_NOT_FOUND) {
            wait_for_room(table, copy);
        }
    }
}

void keep_made(struct database *database, struct table *table) {
    struct record *last = table->newest, *next;
    bring_all(database, table);
    for (struct record *copy = table->oldest; copy != NULL; copy = next) {
        next = copy == last ? NULL : copy->newer; /* what is written goes to the end */
        if (copy->kept && !make_own(database, table, copy)) {
            wait_for_room(table, copy);
        }
        copy->kept = false;
    }
}
