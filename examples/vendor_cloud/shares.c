/* The vendor's ShareCenter: which account shares what with whom, and what became of the invitations.
 *
 * What an invitee then finds in its own listings, and what it may write there, follows from this: see copies.c and through.c. */
#define _POSIX_C_SOURCE 200809L
#include "cloud.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_INVITEES = 100, /* of one share */
    CODE_BYTES = 16,
};

struct invitee {
    char *identity, *attach_info;
    char code[2 * CODE_BYTES + 1];
    int32_t state;
    CloudSyncPrivilege privilege;
    struct invitee *next;
};

struct share {
    char resource[24];
    struct cloud *owner;
    char *bundle, *database, *table, *record;
    struct invitee *invitees; /* the first invited first */
    struct share *next;
};

static void invitees_free(struct invitee *one) {
    for (struct invitee *next; one != NULL; one = next) {
        next = one->next;
        free(one->identity);
        free(one->attach_info);
        free(one);
    }
}

static void share_free(struct share *share) {
    invitees_free(share->invitees);
    free(share->bundle);
    free(share->database);
    free(share->table);
    free(share->record);
    free(share);
}

void shares_free(struct circle *circle) {
    for (struct share *share = circle->shares, *next; share != NULL; share = next) {
        next = share->next;
        share_free(share);
    }
}

static bool circle_has(const struct circle *circle, const char *name) {
    for (size_t i = 0; i < circle->count; i++) {
        if (strcmp(circle->accounts[i]->name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* --- Shares and invitees ---------------------------------------------------------------------- */

static bool takes_part(const struct invitee *one) {
    return one->state != CLOUDSYNC_STATE_UNAVAILABLE;
}

static bool waits(const struct invitee *one) {
    return one->state == CLOUDSYNC_STATE_UNKNOWN || one->state == CLOUDSYNC_STATE_SUSPENDED;
}

static bool is_answer(int32_t state) {
    return state == CLOUDSYNC_STATE_ACCEPTED || state == CLOUDSYNC_STATE_REJECTED || state == CLOUDSYNC_STATE_SUSPENDED;
}

static struct share *share_of(struct circle *circle, const char *bundle, const char *resource) {
    struct share *share = circle->shares;
    while (share != NULL && (strcmp(share->resource, resource) != 0 || strcmp(share->bundle, bundle) != 0)) {
        share = share->next;
    }
    return share;
}

static struct invitee *invitee_of(struct share *share, const char *identity) {
    struct invitee *one = share->invitees;
    while (one != NULL && strcmp(one->identity, identity) != 0) {
        one = one->next;
    }
    return one;
}

static bool is_inviter(const struct cloud *cloud, const struct share *share) {
    return share->owner == cloud;
}

/* This account's own part in a share: NULL where it has none, or is the inviter. */
static struct invitee *own_part(const struct cloud *cloud, struct share *share) {
    struct invitee *one = invitee_of(share, cloud->name);
    return one != NULL && takes_part(one) ? one : NULL;
}

/* Finds a share that this account is a part of: 0, or the code for who is none. */
static int32_t find(const struct cloud *cloud, const char *bundle, const char *resource, struct share **found) {
    struct share *share = share_of(cloud->circle, bundle, resource);
    if (share == NULL || (!is_inviter(cloud, share) && own_part(cloud, share) == NULL)) {
        return CLOUDSYNC_SHARING_CODE_NOT_INVITER_OR_INVITEE;
    }
    *found = share;
    return CLOUDSYNC_SHARING_CODE_SUCCESS;
}

/* The share that an invitation of this account's is for, and the invitee. */
static struct invitee *invited(const struct cloud *cloud, const char *bundle, const char *code, struct share **found) {
    for (struct share *share = cloud->circle->shares; share != NULL; share = share->next) {
        struct invitee *own = strcmp(share->bundle, bundle) == 0 ? own_part(cloud, share) : NULL;
        if (own != NULL && strcmp(own->code, code) == 0) {
            *found = share;
            return own;
        }
    }
    return NULL;
}

/* Codes are not to be guessed. */
static bool code_draw(char code[2 * CODE_BYTES + 1]) {
    unsigned char bytes[CODE_BYTES];
    FILE *random = fopen("/dev/urandom", "rb");
    bool drawn = random != NULL && fread(bytes, sizeof bytes, 1, random) == 1;
    for (size_t i = 0; drawn && i < sizeof bytes; i++) {
        snprintf(code + 2 * i, 3, "%02x", bytes[i]);
    }
    if (random != NULL) {
        fclose(random);
    }
    return drawn;
}

static bool is_within(const CloudSyncPrivilege *given, const CloudSyncPrivilege *may) {
    return given->writable <= may->writable && given->readable <= may->readable &&
           given->creatable <= may->creatable && given->deletable <= may->deletable &&
           given->shareable <= may->shareable;
}

static bool is_same(const CloudSyncPrivilege *a, const CloudSyncPrivilege *b) {
    return is_within(a, b) && is_within(b, a);
}

/* --- Grants ----------------------------------------------------------------------------------- */

bool grant_of(struct cloud *cloud, struct share *share, struct grant *grant) {
    const struct invitee *own = own_part(cloud, share);
    if (own == NULL || own->state != CLOUDSYNC_STATE_ACCEPTED || !own->privilege.readable) {
        return false;
    }
    *grant = (struct grant){
        .share = share,
        .record = share->record,
        .resource = share->resource,
        .owner = share->owner,
        .privilege = own->privilege,
    };
    return true;
}

bool grant_after(struct cloud *cloud, const char *bundle, const char *database, const char *table,
                 const struct share *share, struct grant *grant) {
    struct share *next = share == NULL ? cloud->circle->shares : share->next;
    while (next != NULL && (strcmp(next->bundle, bundle) != 0 || strcmp(next->database, database) != 0 ||
                            strcmp(next->table, table) != 0 || !grant_of(cloud, next, grant))) {
        next = next->next;
    }
    return next != NULL;
}

/* Something else is shared with somebody now: to be called last, instead of giving the lock back. */
static void unlock_and_tell(struct cloud *cloud, const struct share *share) {
    cloud->circle->changes++;
    cloud_unlock(cloud);
    if (share != NULL) {
        circle_tell(cloud->circle, share->bundle, share->database);
    }
}

/* --- Answers ---------------------------------------------------------------------------------- */

/* An invitee as the inviter sees it, or as anybody else does. */
static CloudSyncParticipant form(const struct invitee *one, bool for_inviter) {
    return (CloudSyncParticipant){
        .struct_size = sizeof(CloudSyncParticipant),
        .identity = one->identity,
        .attach_info = one->attach_info,
        .invitation_code = for_inviter && waits(one) ? one->code : NULL,
        .role = CLOUDSYNC_ROLE_INVITEE,
        .state = one->state,
        .privilege = one->privilege,
    };
}

static int32_t reply_one(CloudSyncReply *reply, size_t index, int32_t code, const struct invitee *one) {
    if (code != CLOUDSYNC_SHARING_CODE_SUCCESS) {
        return cloudsync_reply_participant(reply, index, code, "this participant is refused", NULL);
    }
    const CloudSyncParticipant participant = form(one, true);
    return cloudsync_reply_participant(reply, index, code, NULL, &participant);
}

static int32_t reply_everybody(CloudSyncReply *reply, const struct share *share, bool for_inviter) {
    CloudSyncParticipant all[MOST_INVITEES + 1];
    const CloudSyncParticipant *pointers[MOST_INVITEES + 1];
    size_t count = 1;
    all[0] = (CloudSyncParticipant){
        .struct_size = sizeof all[0],
        .identity = share->owner->name,
        .role = CLOUDSYNC_ROLE_INVITER,
        .state = CLOUDSYNC_STATE_ACCEPTED,
        .privilege = {1, 1, 1, 1, 1},
    };
    for (const struct invitee *one = share->invitees; one != NULL && count <= MOST_INVITEES; one = one->next) {
        if (takes_part(one)) {
            all[count++] = form(one, for_inviter);
        }
    }
    for (size_t i = 0; i < count; i++) {
        pointers[i] = &all[i];
    }
    return cloudsync_reply_participants(reply, pointers, count);
}

/* --- The methods ------------------------------------------------------------------------------ */

static struct share *share_new(struct cloud *cloud, const char *bundle, const char *database, const char *table,
                               const char *record) {
    struct share *share = calloc(1, sizeof *share), **place = &cloud->circle->shares;
    if (share == NULL) {
        return NULL;
    }
    snprintf(share->resource, sizeof share->resource, "r%" PRIx64, ++cloud->circle->last_id);
    share->owner = cloud;
    share->bundle = strdup(bundle);
    share->database = strdup(database);
    share->table = strdup(table);
    share->record = strdup(record);
    if (share->bundle == NULL || share->database == NULL || share->table == NULL || share->record == NULL) {
        share_free(share);
        return NULL;
    }
    while (*place != NULL) { /* to the end: what several have in common is the first one's */
        place = &(*place)->next;
    }
    return *place = share;
}

static int32_t share_alloc(void *self, int32_t user_id, const char *bundle_name, const char *database_alias,
                           const char *table, const char *record_id, CloudSyncReply *reply) {
    struct cloud *cloud = self;
    (void)user_id;
    if (!record_is_there(cloud, bundle_name, database_alias, table, record_id)) {
        return CLOUDSYNC_SHARING_CODE_INVALID_ARGS;
    }
    cloud_lock(cloud);
    struct share *share = cloud->circle->shares;
    while (share != NULL && (!is_inviter(cloud, share) || strcmp(share->bundle, bundle_name) != 0 ||
                             strcmp(share->database, database_alias) != 0 || strcmp(share->table, table) != 0 ||
                             strcmp(share->record, record_id) != 0)) {
        share = share->next;
    }
    if (share == NULL) {
        share = share_new(cloud, bundle_name, database_alias, table, record_id);
    }
    int32_t code = share == NULL ? CLOUDSYNC_SHARING_CODE_INNER_ERROR
                                 : cloudsync_reply_sharing_resource(reply, share->resource);
    cloud_unlock(cloud);
    return code;
}

/* Adds an invitee at the end, or finds the one that was there before. */
static struct invitee *invitee_add(struct share *share, const char *identity) {
    struct invitee **place = &share->invitees;
    while (*place != NULL && strcmp((*place)->identity, identity) != 0) {
        place = &(*place)->next;
    }
    if (*place == NULL && (*place = calloc(1, sizeof **place)) != NULL) {
        (*place)->identity = strdup(identity);
        (*place)->state = CLOUDSYNC_STATE_UNAVAILABLE;
    }
    return *place;
}

/* Invites one; the same invitation again is answered again. */
static int32_t invite(struct cloud *cloud, struct share *share, const CloudSyncPrivilege *may,
                      const CloudSyncParticipant *asked, struct invitee **found) {
    bool own = strcmp(asked->identity, share->owner->name) == 0;
    if (own || !circle_has(cloud->circle, asked->identity) || !is_within(&asked->privilege, may)) {
        return CLOUDSYNC_SHARING_CODE_INVALID_ARGS;
    }
    struct invitee *one = *found = invitee_add(share, asked->identity);
    if (one == NULL) {
        return CLOUDSYNC_SHARING_CODE_INNER_ERROR;
    }
    if (waits(one) || one->state == CLOUDSYNC_STATE_ACCEPTED) {
        return is_same(&one->privilege, &asked->privilege) ? CLOUDSYNC_SHARING_CODE_SUCCESS
                                                           : CLOUDSYNC_SHARING_CODE_REPEATED_REQUEST;
    }
    if (!code_draw(one->code)) {
        return CLOUDSYNC_SHARING_CODE_INNER_ERROR;
    }
    free(one->attach_info);
    one->attach_info = asked->attach_info != NULL ? strdup(asked->attach_info) : NULL;
    one->privilege = asked->privilege;
    one->state = CLOUDSYNC_STATE_UNKNOWN;
    return CLOUDSYNC_SHARING_CODE_SUCCESS;
}

static bool has_room(const struct share *share, size_t more) {
    for (const struct invitee *one = share->invitees; one != NULL; one = one->next) {
        more += takes_part(one) ? 1 : 0;
    }
    return more <= MOST_INVITEES;
}

static int32_t share_share(void *self, int32_t user_id, const char *bundle_name, const char *sharing_resource,
                           const CloudSyncParticipant *const *participants, size_t count, CloudSyncReply *reply) {
    struct cloud *cloud = self;
    struct share *share = NULL;
    CloudSyncPrivilege may = {1, 1, 1, 1, 1};
    (void)user_id;
    cloud_lock(cloud);
    int32_t code = find(cloud, bundle_name, sharing_resource, &share);
    const struct invitee *own = share != NULL ? own_part(cloud, share) : NULL;
    if (own != NULL) { /* an invitee, who may invite others where it was told so */
        may = own->privilege;
        code = own->state == CLOUDSYNC_STATE_ACCEPTED && may.shareable ? code : CLOUDSYNC_SHARING_CODE_NOT_INVITER;
    }
    if (code == CLOUDSYNC_SHARING_CODE_SUCCESS && count == 0) {
        code = CLOUDSYNC_SHARING_CODE_INVALID_ARGS;
    } else if (code == CLOUDSYNC_SHARING_CODE_SUCCESS && !has_room(share, count)) {
        code = CLOUDSYNC_SHARING_CODE_TOO_MANY_PARTICIPANTS;
    }
    for (size_t i = 0; code == CLOUDSYNC_SHARING_CODE_SUCCESS && i < count; i++) {
        struct invitee *one = NULL;
        int32_t refusal = invite(cloud, share, &may, participants[i], &one);
        code = reply_one(reply, i, refusal, one);
    }
    cloud_unlock(cloud);
    return code != CLOUDSYNC_SHARING_CODE_SUCCESS ? code : cloudsync_reply_done(reply);
}

/* What the inviter alone may do to each of some invitees. */
typedef void (*changer)(struct invitee *one, const CloudSyncParticipant *asked);

static int32_t change_each(struct cloud *cloud, const char *bundle, const char *resource,
                           const CloudSyncParticipant *const *participants, size_t count, bool to_gone, changer change,
                           CloudSyncReply *reply) {
    struct share *share = NULL;
    cloud_lock(cloud);
    int32_t code = find(cloud, bundle, resource, &share);
    if (code == CLOUDSYNC_SHARING_CODE_SUCCESS && !is_inviter(cloud, share)) {
        code = CLOUDSYNC_SHARING_CODE_NOT_INVITER;
    } else if (code == CLOUDSYNC_SHARING_CODE_SUCCESS && count == 0) {
        code = CLOUDSYNC_SHARING_CODE_INVALID_ARGS;
    }
    for (size_t i = 0; code == CLOUDSYNC_SHARING_CODE_SUCCESS && i < count; i++) {
        struct invitee *one = invitee_of(share, participants[i]->identity);
        bool fits = one != NULL && (to_gone || takes_part(one));
        if (fits) {
            change(one, participants[i]);
        }
        code = reply_one(reply, i, fits ? CLOUDSYNC_SHARING_CODE_SUCCESS : CLOUDSYNC_SHARING_CODE_INVALID_ARGS, one);
    }
    unlock_and_tell(cloud, share);
    return code != CLOUDSYNC_SHARING_CODE_SUCCESS ? code : cloudsync_reply_done(reply);
}

static void take_back(struct invitee *one, const CloudSyncParticipant *asked) {
    (void)asked;
    one->state = CLOUDSYNC_STATE_UNAVAILABLE;
}

static void give_privilege(struct invitee *one, const CloudSyncParticipant *asked) {
    one->privilege = asked->privilege;
}

static int32_t share_unshare(void *self, int32_t user_id, const char *bundle_name, const char *sharing_resource,
                             const CloudSyncParticipant *const *participants, size_t count, CloudSyncReply *reply) {
    (void)user_id;
    return change_each(self, bundle_name, sharing_resource, participants, count, true, take_back, reply);
}

static int32_t share_change_privilege(void *self, int32_t user_id, const char *bundle_name,
                                      const char *sharing_resource, const CloudSyncParticipant *const *participants,
                                      size_t count, CloudSyncReply *reply) {
    (void)user_id;
    return change_each(self, bundle_name, sharing_resource, participants, count, false, give_privilege, reply);
}

static int32_t share_exit(void *self, int32_t user_id, const char *bundle_name, const char *sharing_resource,
                          CloudSyncReply *reply) {
    struct cloud *cloud = self;
    (void)user_id;
    cloud_lock(cloud);
    struct share *share = share_of(cloud->circle, bundle_name, sharing_resource);
    struct invitee *own = share != NULL ? invitee_of(share, cloud->name) : NULL;
    int32_t code = CLOUDSYNC_SHARING_CODE_SUCCESS;
    if (share != NULL && is_inviter(cloud, share)) {
        code = CLOUDSYNC_SHARING_CODE_INVALID_ARGS; /* the inviter unshares */
    } else if (own == NULL) {
        code = CLOUDSYNC_SHARING_CODE_NOT_INVITER_OR_INVITEE;
    } else {
        own->state = CLOUDSYNC_STATE_UNAVAILABLE; /* also where it has left already: an answer may have been lost */
    }
    unlock_and_tell(cloud, share);
    return code != CLOUDSYNC_SHARING_CODE_SUCCESS ? code : cloudsync_reply_done(reply);
}

static int32_t share_query(void *self, int32_t user_id, const char *bundle_name, const char *sharing_resource,
                           CloudSyncReply *reply) {
    struct cloud *cloud = self;
    struct share *share = NULL;
    (void)user_id;
    cloud_lock(cloud);
    int32_t code = find(cloud, bundle_name, sharing_resource, &share);
    if (code == CLOUDSYNC_SHARING_CODE_SUCCESS) {
        code = reply_everybody(reply, share, is_inviter(cloud, share));
    }
    cloud_unlock(cloud);
    return code;
}

static int32_t share_query_invitation(void *self, int32_t user_id, const char *bundle_name,
                                      const char *invitation_code, CloudSyncReply *reply) {
    struct cloud *cloud = self;
    struct share *share = NULL;
    (void)user_id;
    cloud_lock(cloud);
    const struct invitee *own = invited(cloud, bundle_name, invitation_code, &share);
    int32_t code = own == NULL ? CLOUDSYNC_SHARING_CODE_INVALID_INVITATION : reply_everybody(reply, share, false);
    cloud_unlock(cloud);
    return code;
}

static int32_t share_confirm(void *self, int32_t user_id, const char *bundle_name, const char *invitation_code,
                             int32_t state, CloudSyncReply *reply) {
    struct cloud *cloud = self;
    struct share *share = NULL;
    int32_t code = CLOUDSYNC_SHARING_CODE_SUCCESS;
    (void)user_id;
    cloud_lock(cloud);
    struct invitee *own = invited(cloud, bundle_name, invitation_code, &share);
    if (own == NULL) {
        code = CLOUDSYNC_SHARING_CODE_INVALID_INVITATION;
    } else if (!is_answer(state)) {
        code = CLOUDSYNC_SHARING_CODE_INVALID_ARGS;
    } else if (!waits(own) && own->state != state) {
        code = CLOUDSYNC_SHARING_CODE_REPEATED_REQUEST; /* change_confirmation is for that */
    } else {
        own->state = state;
        code = cloudsync_reply_sharing_resource(reply, share->resource);
    }
    unlock_and_tell(cloud, share);
    return code;
}

static int32_t share_change_confirmation(void *self, int32_t user_id, const char *bundle_name,
                                         const char *sharing_resource, int32_t state, CloudSyncReply *reply) {
    struct cloud *cloud = self;
    struct share *share = NULL;
    (void)user_id;
    cloud_lock(cloud);
    int32_t code = find(cloud, bundle_name, sharing_resource, &share);
    if (code == CLOUDSYNC_SHARING_CODE_SUCCESS) {
        struct invitee *own = own_part(cloud, share);
        if (own == NULL || !is_answer(state)) {
            code = CLOUDSYNC_SHARING_CODE_INVALID_ARGS;
        } else if (own->state == CLOUDSYNC_STATE_UNKNOWN) {
            code = CLOUDSYNC_SHARING_CODE_INVALID_INVITATION; /* it is confirmed by its code first */
        } else {
            own->state = state;
        }
    }
    unlock_and_tell(cloud, share);
    return code != CLOUDSYNC_SHARING_CODE_SUCCESS ? code : cloudsync_reply_done(reply);
}

static void share_destroy(void *self) {
    cloud_release(self);
}

int32_t shares_connect(struct cloud *cloud, CloudSyncReply *reply) {
    const CloudSyncShareCenterVTable vtable = {
        .struct_size = sizeof vtable,
        .share = share_share,
        .unshare = share_unshare,
        .exit = share_exit,
        .change_privilege = share_change_privilege,
        .query_participants = share_query,
        .query_participants_by_invitation = share_query_invitation,
        .confirm_invitation = share_confirm,
        .change_confirmation = share_change_confirmation,
        .alloc_resource = share_alloc,
        .destroy = share_destroy,
    };
    CloudSyncShareServiceStub *stub = NULL;
    cloud_hold(cloud);
    int32_t code = create_share_service_stub(&vtable, cloud, &stub);
    if (code == CLOUDSYNC_OK) {
        code = cloudsync_reply_share_center(reply, stub);
        share_service_stub_free(stub);
    }
    return code == CLOUDSYNC_OK ? CLOUDSYNC_ERROR_CODE_SUCCESS : CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR;
}
