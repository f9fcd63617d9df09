/* Who is told of changes. A subscription is to one database, and ends by itself after the time that its answer promised: nobody
 * is told after that, and its listener is freed when somebody writes or subscribes next. A cloud with a server sends a message
 * instead of telling, and forgets subscriptions in its own time. */
#define _POSIX_C_SOURCE 200809L
#include "cloud.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_MS = 7 * 24 * 3600 * 1000 };

struct subscription {
    uint64_t number; /* the newest has the greatest, and comes first */
    char *bundle, *database;
    CloudSyncChangeListener *listener; /* several subscriptions may share one; it is freed with the last */
    int64_t ends;                      /* by the steady clock, in ms */
    struct subscription *next;
};

static void id_of(uint64_t number, char id[24]) {
    snprintf(id, 24, "s%" PRIx64, number);
}

static void subscription_free(struct subscription *one) {
    free(one->bundle);
    free(one->database);
    free(one);
}

void subscriptions_free(struct cloud *cloud) {
    for (struct subscription *one = cloud->subscriptions, *next; one != NULL; one = next) {
        next = one->next;
        cloudsync_change_listener_free(one->listener); /* one that is shared answers 401 the second time, and that is all */
        subscription_free(one);
    }
}

/* --- Ending ----------------------------------------------------------------------------------- */

typedef bool (*chooser)(const struct subscription *one, const void *what);

static bool is_over(const struct subscription *one, const void *now) {
    return one->ends <= *(const int64_t *)now;
}

static bool has_id(const struct subscription *one, const void *what) {
    const CloudSyncSubscribeId *wanted = what;
    char id[24];
    id_of(one->number, id);
    return strcmp(id, wanted->id) == 0 && strcmp(one->bundle, wanted->bundle_name) == 0;
}

static bool has_listener(const struct subscription *one, const void *listener) {
    return one->listener == listener;
}

static bool is_listened_with(struct cloud *cloud, const CloudSyncChangeListener *listener) {
    cloud_lock(cloud);
    const struct subscription *one = cloud->subscriptions;
    while (one != NULL && one->listener != listener) {
        one = one->next;
    }
    cloud_unlock(cloud);
    return one != NULL;
}

/* Ends the subscriptions that are meant. Their listeners are freed without the lock: that may call back. */
static void end_all(struct cloud *cloud, chooser is_meant, const void *what) {
    struct subscription *ended = NULL;
    cloud_lock(cloud);
    for (struct subscription **place = &cloud->subscriptions, *one; (one = *place) != NULL;) {
        if (is_meant(one, what)) {
            *place = one->next;
            one->next = ended;
            ended = one;
        } else {
            place = &one->next;
        }
    }
    cloud_unlock(cloud);
    for (struct subscription *next; ended != NULL; ended = next) {
        next = ended->next;
        if (!is_listened_with(cloud, ended->listener)) {
            cloudsync_change_listener_free(ended->listener);
        }
        subscription_free(ended);
    }
}

static void end_those_over(struct cloud *cloud) {
    const int64_t now = steady_ms();
    end_all(cloud, is_over, &now);
}

/* --- Telling ---------------------------------------------------------------------------------- */

/* The newest subscription to a database that is older than `before`, which becomes its number; NULL where there is none. */
static CloudSyncChangeListener *next_listener(struct cloud *cloud, const char *bundle, const char *database,
                                              uint64_t *before) {
    CloudSyncChangeListener *listener = NULL;
    cloud_lock(cloud);
    const struct subscription *one = cloud->subscriptions;
    while (one != NULL && (one->number >= *before || strcmp(one->bundle, bundle) != 0 ||
                           strcmp(one->database, database) != 0)) {
        one = one->next;
    }
    if (one != NULL) {
        *before = one->number;
        listener = one->listener;
    }
    cloud_unlock(cloud);
    return listener;
}

/* Listeners are told without the lock, which they may want in turn. One that is freed meanwhile answers 401. */
void cloud_tell(struct cloud *cloud, const char *bundle, const char *database) {
    CloudSyncChangeListener *listener;
    uint64_t before = UINT64_MAX;
    end_those_over(cloud);
    while ((listener = next_listener(cloud, bundle, database, &before)) != NULL) {
        cloudsync_change_listener_tell(listener, bundle);
    }
}

void circle_tell(struct circle *circle, const char *bundle, const char *database) {
    for (size_t i = 0; i < circle->count; i++) {
        cloud_tell(circle->accounts[i], bundle, database);
    }
}

/* --- The methods ------------------------------------------------------------------------------ */

/* Remembers one database's subscription, and answers its number; 0 without memory. */
static uint64_t add_one(struct cloud *cloud, const char *bundle, const char *database, int64_t ends,
                        CloudSyncChangeListener *listener) {
    struct subscription *one = calloc(1, sizeof *one);
    if (one == NULL) {
        return 0;
    }
    one->bundle = strdup(bundle);
    one->database = strdup(database);
    if (one->bundle == NULL || one->database == NULL) {
        subscription_free(one);
        return 0;
    }
    one->listener = listener;
    one->ends = ends;
    cloud_lock(cloud);
    uint64_t number = one->number = ++cloud->circle->last_id;
    one->next = cloud->subscriptions;
    cloud->subscriptions = one;
    cloud_unlock(cloud);
    return number;
}

/* An id as the answer has it, and its text: the subscription itself may be over before the answer is made. */
struct answer {
    CloudSyncSubscribeId form;
    char id[24];
};

static int32_t add_all(struct cloud *cloud, const char *const *bundle_names, const CloudSyncDatabase *const *databases,
                       size_t count, int64_t ends, CloudSyncChangeListener *listener, struct answer *answers) {
    for (size_t i = 0; i < count; i++) {
        uint64_t number = add_one(cloud, bundle_names[i], databases[i]->alias, ends, listener);
        if (number == 0) {
            return CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
        }
        id_of(number, answers[i].id);
        answers[i].form = (CloudSyncSubscribeId){
            .struct_size = sizeof answers[i].form,
            .bundle_name = bundle_names[i],
            .database_alias = databases[i]->alias,
            .id = answers[i].id,
        };
    }
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

/* The answer promises what was asked for, up to the longest. */
int32_t subscriptions_add(void *self, const char *const *bundle_names, const CloudSyncDatabase *const *databases,
                          size_t count, uint64_t expiration_time, CloudSyncChangeListener *listener,
                          CloudSyncReply *reply) {
    const uint64_t lasts = expiration_time < LONGEST_MS ? expiration_time : LONGEST_MS;
    struct answer *answers = calloc(count + 1, sizeof *answers); /* one more: calloc(0) may be NULL */
    const CloudSyncSubscribeId **pointers = calloc(count + 1, sizeof *pointers);
    int32_t code = count == 0 ? CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT : CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
    end_those_over(self);
    if (count > 0 && answers != NULL && pointers != NULL) {
        code = add_all(self, bundle_names, databases, count, steady_ms() + (int64_t)lasts, listener, answers);
    }
    if (code == CLOUDSYNC_ERROR_CODE_SUCCESS) {
        for (size_t i = 0; i < count; i++) {
            pointers[i] = &answers[i].form;
        }
        const CloudSyncSubscribeInfo info = {
            .struct_size = sizeof info, .expiration_time = lasts, .ids = pointers, .count = count};
        code = cloudsync_reply_subscribe_info(reply, &info);
    }
    if (code != CLOUDSYNC_ERROR_CODE_SUCCESS) { /* all of them are made, or none */
        end_all(self, has_listener, listener);
        cloudsync_change_listener_free(listener);
    }
    free(pointers);
    free(answers);
    return code;
}

int32_t subscriptions_end(void *self, const CloudSyncSubscribeId *const *ids, size_t count, CloudSyncReply *reply) {
    for (size_t i = 0; i < count; i++) {
        end_all(self, has_id, ids[i]);
    }
    return cloudsync_reply_done(reply);
}
