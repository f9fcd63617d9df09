/* What others share, among an account's own records.
 *
 * The records of a share stay with the account that owns them. An invitee's table has copies of them, which are brought up to
 * date whenever the table is listed or written to: the record that was shared, and all that lies in it by the field `parent`.
 * They come in listings as any record does, in the table's own numbers, and what is taken back goes as a deletion does. What
 * a copy names is the owner's: it takes up no space here. A record of the account's own is never replaced by a copy. */
#include "records.h"

#include <stdlib.h>
#include <string.h>

const char *const copy_marks[COPY_MARKS] = {"cloud_owner", "cloud_privilege", "#_sharing_resource"};

bool is_live_copy(const struct record *record) {
    return record->share != NULL && is_live(record);
}

/* Whether a record is another, or lies in it, or in what lies in it. A folder that lies in itself is in nothing else. */
static bool lies_in(struct table *table, const struct record *record, const char *folder) {
    enum { DEEPEST = 1000 };
    for (int depth = 0; record != NULL && is_live(record) && depth < DEEPEST; depth++) {
        CloudSyncCloudValue parent = {.struct_size = sizeof parent};
        if (strcmp(record->id, folder) == 0) {
            return true;
        }
        if (cloudsync_rows_get(record->fields, 0, "parent", &parent) != CLOUDSYNC_OK || parent.text == NULL) {
            return false;
        }
        record = record_of(table, parent.text);
    }
    return false;
}

static int64_t bits_of(CloudSyncPrivilege privilege) {
    return privilege.writable | privilege.readable << 1 | privilege.creatable << 2 | privilege.deletable << 3 |
           privilege.shareable << 4;
}

/* The owner's fields, and what the invitee is told besides. What was shared itself lies where the invitee has put it. */
static bool fill(CloudSyncRows *fields, const struct record *original, const struct grant *grant, const CloudSyncRows *placed) {
    const char *const place[] = {"parent", "name"};
    const bool shared = strcmp(original->id, grant->record) == 0;
    const size_t not_copied = !shared ? 0 : placed == NULL ? 1 : 2;
    return cloudsync_rows_add(fields, NULL) == CLOUDSYNC_OK &&
           row_copy_others(fields, original->fields, 0, place, not_copied) == CLOUDSYNC_OK &&
           (!shared || placed == NULL || row_copy(fields, placed, 0, NULL, 0) == CLOUDSYNC_OK) &&
           (!shared || cloudsync_rows_set_text(fields, "#_sharing_resource", grant->resource) == CLOUDSYNC_OK) &&
           cloudsync_rows_set_text(fields, "cloud_owner", grant->owner->name) == CLOUDSYNC_OK &&
           cloudsync_rows_set_number(fields, "cloud_privilege", bits_of(grant->privilege)) == CLOUDSYNC_OK;
}

/* Writes a copy where it is another one than before; false without memory. */
static bool put_copy(struct database *database, struct table *table, const struct record *original, const struct grant *grant) {
    struct record *copy = record_of(table, original->id);
    CloudSyncRows *fields = NULL;
    if (copy != NULL && is_live(copy) && (copy->share == NULL || copy->found == table->rounds)) {
        return true; /* the account's own, or another share's */
    }
    if (cloudsync_rows_new(&fields) != CLOUDSYNC_OK || !fill(fields, original, grant, copy == NULL ? NULL : copy->placed) ||
        (copy == NULL && (copy = record_new(table, original->id)) == NULL)) {
        cloudsync_rows_free(fields);
        return false;
    }
    copy->share = grant->share;
    copy->owner = grant->owner;
    copy->found = table->rounds;
    if (is_live(copy) && row_equal(copy->fields, 0, fields, 0)) {
        cloudsync_rows_free(fields);
        return true;
    }
    const bool is_new = !is_live(copy);
    table->copies += is_new;
    cloudsync_rows_free(copy->fields);
    copy->fields = fields;
    record_written(database, table, copy, is_new ? CLOUDSYNC_FLAG_INSERT : CLOUDSYNC_FLAG_UPDATE);
    copy->created = original->created;
    return true;
}

/* Copies what one share grants; false without memory. */
static bool put_copies(struct database *database, struct table *table, const struct grant *grant) {
    struct database *owners = database_of(grant->owner, database->bundle, database->name);
    struct table *from = owners == NULL ? NULL : table_of(owners, table->name);
    bool whole = from != NULL;
    for (const struct record *original = whole ? from->oldest : NULL; whole && original != NULL; original = original->newer) {
        if (original->share == NULL && lies_in(from, original, grant->record)) {
            whole = put_copy(database, table, original, grant);
        }
    }
    return whole;
}

/* Deletes the copies that were not found this time. Shared anew, what was shared comes as its owner calls it. */
static void delete_others(struct database *database, struct table *table) {
    keep_made(database, table);
    struct record *last = table->newest, *next;
    for (struct record *record = table->oldest; record != NULL; record = next) {
        next = record == last ? NULL : record->newer; /* what is deleted goes to the end */
        if (is_live_copy(record) && record->found != table->rounds) {
            cloudsync_rows_free(record->placed);
            record->placed = NULL;
            record->stead = NULL;
            table->copies--;
            record_written(database, table, record, CLOUDSYNC_FLAG_DELETE);
        }
    }
}

void copies_refresh(struct database *database, struct table *table) {
    struct circle *circle = database->cloud->circle;
    struct grant grant = {.share = NULL};
    bool whole = true;
    if (table->looked_at == circle->changes) {
        return;
    }
    table->rounds++;
    while (whole && grant_after(database->cloud, database->bundle, database->name, table->name, grant.share, &grant)) {
        whole = put_copies(database, table, &grant);
    }
    if (whole && table->copies > 0) { /* nothing is deleted because it could not be seen */
        delete_others(database, table);
    }
    table->looked_at = whole ? circle->changes : table->looked_at;
}
