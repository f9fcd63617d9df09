/* Writes of an invitee: what it may change of what is shared with it, and how that comes to the owner.
 *
 * The owner's records are written, in the owner's space, and the copies are then brought up to date. Nothing is moved into a
 * share, out of one, or between two: that is a copy to be made. Only where the invitee keeps what was shared, and how it
 * calls that, is its own, needs no privilege, and is not told to the owner. */
#include "records.h"

#include <string.h>

static const char *const place[] = {"parent", "name"};
static const char *const place_and_marks[] = {"parent", "name", "cloud_owner", "cloud_privilege", "#_sharing_resource"};
enum { PLACE = 2, PLACE_AND_MARKS = 5 };

/* A write on its way to the owner. */
struct letter {
    struct database *database, *owners;
    struct table *table, *owners_table;
    struct grant grant;
    struct record *copy; /* NULL for a new record */
    const CloudSyncRows *rows;
    size_t index;
    const CloudSyncExtensionValue *row;
};

/* The share that a row lies in. */
static struct share *share_around(struct table *table, const CloudSyncRows *rows, size_t index) {
    CloudSyncCloudValue parent = {.struct_size = sizeof parent};
    if (cloudsync_rows_get(rows, index, "parent", &parent) != CLOUDSYNC_OK || parent.text == NULL) {
        return NULL;
    }
    const struct record *folder = record_of(table, parent.text);
    return folder != NULL && is_live_copy(folder) ? folder->share : NULL;
}

static bool is_shared_itself(const struct letter *letter) {
    return letter->copy != NULL && strcmp(letter->row->id, letter->grant.record) == 0;
}

/* Whether a row leaves its record in the folder where it is, whoever's that is. */
static bool stays_in_place(const struct letter *letter) {
    CloudSyncCloudValue now = {.struct_size = sizeof now}, then = {.struct_size = sizeof then};
    return cloudsync_rows_get(letter->copy->fields, 0, "parent", &now) == CLOUDSYNC_OK && now.text != NULL &&
           cloudsync_rows_get(letter->rows, letter->index, "parent", &then) == CLOUDSYNC_OK && then.text != NULL &&
           strcmp(now.text, then.text) == 0;
}

/* Whether the privileges allow it. `into` is the share that the row lies in then. */
static bool is_allowed(const struct letter *letter, int32_t operation, const struct share *into) {
    const CloudSyncPrivilege *may = &letter->grant.privilege;
    if (letter->copy == NULL) {
        return operation == CLOUDSYNC_FLAG_INSERT && may->creatable;
    }
    if (operation == CLOUDSYNC_FLAG_DELETE) {
        return may->deletable;
    }
    if (is_shared_itself(letter)) {
        return into == NULL;
    }
    return may->writable && (into == letter->grant.share || stays_in_place(letter));
}

/* The row as the owner gets it: without what the invitee alone is told and keeps. */
static CloudSyncRows *translated(const struct letter *letter, const struct record *original) {
    CloudSyncRows *sent = NULL;
    const bool shared = is_shared_itself(letter);
    const char *const *ours = shared ? place_and_marks : copy_marks;
    if (cloudsync_rows_new(&sent) != CLOUDSYNC_OK || cloudsync_rows_add(sent, NULL) != CLOUDSYNC_OK ||
        row_copy_others(sent, letter->rows, letter->index, ours, shared ? PLACE_AND_MARKS : COPY_MARKS) != CLOUDSYNC_OK ||
        (shared && row_copy(sent, original->fields, 0, place, PLACE) != CLOUDSYNC_OK)) {
        cloudsync_rows_free(sent);
        return NULL;
    }
    return sent;
}

/* Sees to it that the owner has what a row names: the invitee's own bytes, or those that it had been given with that very
 * record. To know an asset's id is not to have it. */
static int32_t hand_over(const struct letter *letter, const CloudSyncRows *sent) {
    struct store *own = letter->database->cloud->store;
    CloudSyncCloudValue value = {.struct_size = sizeof value};
    const char *name;
    int32_t code = CLOUDSYNC_ERROR_CODE_SUCCESS;
    for (size_t i = 0; code == CLOUDSYNC_ERROR_CODE_SUCCESS &&
                       cloudsync_rows_field(sent, 0, i, &name, &value) == CLOUDSYNC_OK; i++) {
        for (size_t j = 0; code == CLOUDSYNC_ERROR_CODE_SUCCESS && j < value.asset_count; j++) {
            const char *id = value.assets[j]->asset_id;
            const bool given = letter->copy != NULL && row_names(letter->copy->fields, 0, id);
            code = *id == '\0' || given ? code : store_hand_over(own, letter->grant.owner->store, id);
        }
    }
    return code;
}

/* Keeps where the invitee has put what was shared with it. */
static int32_t keep_place(const struct letter *letter) {
    CloudSyncRows *placed = NULL;
    if (cloudsync_rows_new(&placed) != CLOUDSYNC_OK || cloudsync_rows_add(placed, NULL) != CLOUDSYNC_OK ||
        row_copy(placed, letter->rows, letter->index, place, PLACE) != CLOUDSYNC_OK) {
        cloudsync_rows_free(placed);
        return CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
    }
    cloudsync_rows_free(letter->copy->placed);
    letter->copy->placed = placed;
    letter->database->cloud->circle->changes++;
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

/* The copies have just been brought up to date: what is based on a copy is based on the original. */
static int32_t send_fields(const struct letter *letter, int32_t operation) {
    const struct record *original = record_of(letter->owners_table, letter->row->id);
    const bool is_new = original == NULL || !is_live(original);
    CloudSyncExtensionValue row = *letter->row;
    if (letter->copy != NULL && original == NULL) {
        return CLOUDSYNC_ERROR_CODE_NOT_FOUND;
    }
    CloudSyncRows *sent = translated(letter, original);
    int32_t code = sent == NULL ? CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR : CLOUDSYNC_ERROR_CODE_SUCCESS;
    const bool same = code == CLOUDSYNC_ERROR_CODE_SUCCESS && letter->copy != NULL && row_equal(sent, 0, original->fields, 0);
    if (code == CLOUDSYNC_ERROR_CODE_SUCCESS && !same) {
        code = is_shared_itself(letter) && !letter->grant.privilege.writable ? CLOUDSYNC_ERROR_CODE_NOT_ALLOWED
                                                                             : hand_over(letter, sent);
    }
    if (code == CLOUDSYNC_ERROR_CODE_SUCCESS && !same) {
        row.version = letter->copy != NULL ? -1 : row.version;
        code = write_own(letter->owners, letter->owners_table, sent, 0, &row, operation);
    }
    if (code == CLOUDSYNC_ERROR_CODE_SUCCESS && is_new) {
        record_of(letter->owners_table, letter->row->id)->author = letter->database->cloud;
    }
    if (code == CLOUDSYNC_ERROR_CODE_SUCCESS && is_shared_itself(letter)) {
        code = keep_place(letter);
    }
    cloudsync_rows_free(sent);
    return code;
}

static int32_t send(const struct letter *letter, int32_t operation) {
    CloudSyncExtensionValue row = *letter->row;
    if (letter->copy != NULL && !is_based_on(letter->row, letter->copy->version)) {
        return CLOUDSYNC_ERROR_CODE_VERSION_CONFLICT;
    }
    if (operation == CLOUDSYNC_FLAG_DELETE) {
        row.version = -1;
        return write_own(letter->owners, letter->owners_table, letter->rows, letter->index, &row, operation);
    }
    return send_fields(letter, letter->copy != NULL ? CLOUDSYNC_FLAG_UPDATE : operation);
}

bool write_through(struct database *database, struct table *table, const CloudSyncRows *rows, size_t index,
                   const CloudSyncExtensionValue *row, int32_t operation, int32_t *code) {
    struct record *known = record_of(table, row->id);
    struct share *into = operation == CLOUDSYNC_FLAG_DELETE ? NULL : share_around(table, rows, index);
    struct record *copy = known != NULL && is_live_copy(known) ? known : NULL;
    const int64_t before = copy != NULL ? copy->version : 0;
    struct letter letter = {.database = database, .table = table, .copy = copy, .rows = rows, .index = index, .row = row};
    if (copy == NULL && into == NULL) {
        return false;
    }
    *code = CLOUDSYNC_ERROR_CODE_NOT_ALLOWED;
    if (!grant_of(database->cloud, copy != NULL ? copy->share : into, &letter.grant) ||
        (copy == NULL && known != NULL) || !is_allowed(&letter, operation, into)) {
        return true;
    }
    letter.owners = database_of(letter.grant.owner, database->bundle, database->name);
    letter.owners_table = letter.owners == NULL ? NULL : table_of(letter.owners, table->name);
    *code = letter.owners_table == NULL ? CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR : send(&letter, operation);
    copies_refresh(database, table);
    if (*code == CLOUDSYNC_ERROR_CODE_SUCCESS && copy != NULL && copy->version == before) {
        record_written(database, table, copy, CLOUDSYNC_FLAG_UPDATE); /* also where it says what was there */
    }
    return true;
}
