/* How the vendor's records are kept, for the files that write them. */
#ifndef RECORDS_H
#define RECORDS_H

#include "cloud.h"

enum { BUCKETS = 4096 };

struct record {
    CloudSyncRows *fields; /* one row */
    int64_t created, modified, version;
    int32_t operation;
    struct record *older, *newer; /* in the table, by version */
    const struct cloud *author;   /* the invitee who has put it into a share of this account's; NULL for none */
    struct share *share;          /* that it is a copy of, or was before it was deleted; NULL for one of the account's own */
    struct cloud *owner;          /* of a copy: whose it is */
    CloudSyncRows *placed;        /* of a copy: where the invitee keeps it and how it calls it, or NULL */
    uint64_t found;               /* of a copy: the round of looking that found it last */
    bool kept;                    /* of a copy that goes: it is about to be the account's own */
    struct record *stead;         /* of a copy that goes: the folder that was made in its place, or NULL */
    struct record *next;          /* in its bucket */
    char id[];                    /* whole, however long: it is the device's to choose */
};

struct table {
    struct record *oldest, *newest;
    struct record *buckets[BUCKETS];
    size_t copies;      /* that are not deleted */
    uint64_t rounds;    /* of looking for what others share */
    uint64_t looked_at; /* the circle's changes when that was done last */
    struct table *next;
    char name[];
};

struct database {
    struct cloud *cloud;
    char *bundle, *name;
    struct schema *schema; /* NULL until somebody has connected */
    struct table *tables;
    int64_t last_write;
    int64_t lock_id; /* of the lock that was given last */
    bool locked;
    int64_t lease_ends; /* by the steady clock, in ms */
    struct database *next;
};

/* All of these under the lock. */

struct table *table_of(struct database *database, const char *name);
struct record *record_of(struct table *table, const char *id);
struct record *record_new(struct table *table, const char *id);
/* Takes back record_new, at once. */
void record_forget(struct table *table, struct record *record);
/* Whether it was not deleted. */
bool is_live(const struct record *record);
/* The record was written: it gets the database's next number, and goes to the end of its table. */
void record_written(struct database *database, struct table *table, struct record *record, int32_t operation);
/* Whether a row is based on the version; -1 writes whatever there is. */
bool is_based_on(const CloudSyncExtensionValue *row, int64_t version);
/* Inserts, updates or deletes a record of the account's own; 0 or a CLOUDSYNC_ERROR_CODE_... number. */
int32_t write_own(struct database *database, struct table *table, const CloudSyncRows *rows, size_t index,
                  const CloudSyncExtensionValue *row, int32_t operation);

/* What an invitee is told of a copy: an account's own record has none of these fields, whoever writes them. */
enum { COPY_MARKS = 3 };
extern const char *const copy_marks[COPY_MARKS];

/* --- What others share, in copies.c ----------------------------------------------------------- */

/* Brings the copies in a table up to date. */
void copies_refresh(struct database *database, struct table *table);
bool is_live_copy(const struct record *record);

/* --- What stays when a share ends, in keep.c --------------------------------------------------- */

/* Makes those copies the account's own that it has made itself and that were not found this time. Those that have to wait
 * count as found. */
void keep_made(struct database *database, struct table *table);

/* --- Writes of an invitee, in through.c ------------------------------------------------------- */

/* Whether a row is about what others share; then also what became of it. */
bool write_through(struct database *database, struct table *table, const CloudSyncRows *rows, size_t index,
                   const CloudSyncExtensionValue *row, int32_t operation, int32_t *code);

#endif
