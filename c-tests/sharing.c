/* Two accounts share a photo of a gallery through the documented client calls; every answer of a share centre comes to its
 * caller as its documented number, on a stub and on a context, blocking and with a completion. */
#include <dirent.h>

#include "support.h"

#include "vendor_cloud.h"

static const char gallery_bundle[] = "com.ohos.medialibrary";
static const char uri[] = "file://media/Photo/a.jpg";

/* --- Answers ---------------------------------------------------------------------------------- */

struct shared_answer {
    struct gate gate;
    int32_t code, sharing_code;
    CloudSyncResult *result;
};

static void on_shared(int32_t code, const char *message, int32_t sharing_code, CloudSyncResult *result,
                      void *user_data) {
    struct shared_answer *answer = (struct shared_answer *)user_data;
    answer->code = (message[0] == '\0') == (code == CLOUDSYNC_OK) ? code : -1;
    answer->sharing_code = sharing_code;
    answer->result = result;
    gate_raise(&answer->gate);
}

static struct shared_answer answer_from(int32_t code) {
    struct shared_answer answer;
    memset(&answer, 0, sizeof answer);
    gate_init(&answer.gate);
    assert_int_equal(code, CLOUDSYNC_OK);
    return answer;
}

/* The call with a completion answers the code, and its share centre the number. */
#define COMPLETES(expected, number, function, ...)                             \
    do {                                                                       \
        struct shared_answer answer_ = answer_from(CLOUDSYNC_OK);              \
        assert_ok(function##_async(__VA_ARGS__, on_shared, &answer_));         \
        gate_wait(&answer_.gate, 1);                                           \
        assert_answered(function##_async, answer_.code, expected);             \
        assert_int_equal(answer_.sharing_code, number);                        \
        assert_true(answer_.result == NULL || (expected) == CLOUDSYNC_OK);     \
        assert_ok(cloudsync_result_free(answer_.result));                      \
        gate_destroy(&answer_.gate);                                           \
    } while (0)

/* The blocking form of a call that gives something. */
#define GIVES(expected, number, function, ...)                                 \
    do {                                                                       \
        CloudSyncResult *result_ = NULL;                                       \
        assert_code(function(__VA_ARGS__, &result_), expected);                \
        assert_true((result_ == NULL) == ((expected) != CLOUDSYNC_OK));        \
        if ((number) != 0) {                                                   \
            assert_int_equal(cloudsync_last_sharing_code(), number);           \
        }                                                                      \
        assert_ok(cloudsync_result_free(result_));                             \
    } while (0)

/* The blocking form of a call that gives nothing. */
#define DOES(expected, number, function, ...)                                  \
    do {                                                                       \
        assert_code(function(__VA_ARGS__), expected);                          \
        if ((number) != 0) {                                                   \
            assert_int_equal(cloudsync_last_sharing_code(), number);           \
        }                                                                      \
    } while (0)

static CloudSyncParticipant participant_form(const char *identity, uint8_t writable) {
    CloudSyncParticipant participant;
    memset(&participant, 0, sizeof participant);
    participant.struct_size = sizeof participant;
    participant.identity = identity;
    participant.role = CLOUDSYNC_ROLE_INVITEE;
    participant.privilege.readable = 1;
    participant.privilege.writable = writable;
    return participant;
}

/* The result's only participant, or the one at an index, who has the code. */
static const CloudSyncParticipantResult *participant_at(CloudSyncResult *result, size_t index, int32_t code) {
    const CloudSyncParticipantResult *const *all;
    size_t count;
    assert_ok(cloudsync_result_participants(result, &all, &count));
    assert_true(index < count);
    assert_int_equal(all[index]->struct_size, sizeof **all);
    assert_int_equal(all[index]->code, code);
    assert_true((all[index]->participant == NULL) == (code != 0));
    assert_true((all[index]->description[0] == '\0') == (code == 0));
    return all[index];
}

static void resource_of(CloudSyncResult *result, char *resource) {
    const char *found;
    assert_ok(cloudsync_result_sharing_resource(result, &found));
    snprintf(resource, 64, "%s", found);
    assert_ok(cloudsync_result_free(result));
}

/* --- Two people ------------------------------------------------------------------------------- */

/* A person's device. */
static void device_of(struct device *device, const char *called, const char *name) {
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *cloud = NULL;
    device_make(device, called);
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "shared"), name, &cloud));
    assert_ok(cloudsync_options_set_cloud(device->options, cloud));
    assert_ok(cloud_service_stub_free(cloud));
    device_open(device);
}

static void person_make(struct device *device, const char *name) {
    device_of(device, name, name);
}

static void a_photo_is_shared_by_its_uri(void **state) {
    (void)state;
    struct device ann, ben;
    char resource[64], again[64], code[64];
    const CloudSyncParticipant invitee = participant_form("ben", 0), more = participant_form("ben", 1);
    const CloudSyncParticipant nobody = participant_form("nobody", 0);
    const CloudSyncParticipant *const one[] = {&invitee}, *const changed[] = {&more};
    const CloudSyncParticipant *const both[] = {&nobody, &invitee};
    CloudSyncResult *result = NULL;
    person_make(&ann, "ann");
    person_make(&ben, "ben");
    write_photo(ann.gallery, "a.jpg", 50000, 1);
    GIVES(CLOUDSYNC_E_TRY_AGAIN, 0, cloudsync_sharing_resource, ann.context, uri);
    COMPLETES(CLOUDSYNC_E_TRY_AGAIN, 0, cloudsync_sharing_resource, ann.context, uri);
    device_sync(&ann);

    assert_ok(cloudsync_sharing_resource(ann.context, uri, &result));
    resource_of(result, resource);
    assert_ok(cloudsync_sharing_resource(ann.context, uri, &result));
    resource_of(result, again);
    assert_string_equal(resource, again);

    assert_ok(sharing_share(ann.context, resource, both, 2, &result));
    participant_at(result, 0, CLOUDSYNC_SHARING_CODE_INVALID_ARGS);
    const CloudSyncParticipant *invited = participant_at(result, 1, CLOUDSYNC_SHARING_CODE_SUCCESS)->participant;
    assert_string_equal(invited->identity, "ben");
    assert_int_equal(invited->state, CLOUDSYNC_STATE_UNKNOWN);
    assert_true(invited->privilege.readable == 1 && invited->privilege.writable == 0);
    snprintf(code, sizeof code, "%s", invited->invitation_code);
    assert_int_equal(strlen(code), 32);
    assert_ok(cloudsync_result_free(result));

    assert_ok(sharing_query_participants_by_invitation(ben.context, code, &result));
    const CloudSyncParticipant *inviter = participant_at(result, 0, CLOUDSYNC_SHARING_CODE_SUCCESS)->participant;
    assert_string_equal(inviter->identity, "ann");
    assert_int_equal(inviter->role, CLOUDSYNC_ROLE_INVITER);
    assert_ok(cloudsync_result_free(result));
    assert_ok(sharing_confirm_invitation(ben.context, code, CLOUDSYNC_STATE_ACCEPTED, &result));
    resource_of(result, again);
    assert_string_equal(resource, again);

    GIVES(CLOUDSYNC_OK, 0, sharing_change_privilege, ann.context, resource, changed, 1);
    GIVES(CLOUDSYNC_E_NOT_PERMITTED, CLOUDSYNC_SHARING_CODE_NOT_INVITER, sharing_unshare, ben.context, resource, one, 1);
    assert_ok(sharing_query_participants(ben.context, resource, &result));
    assert_int_equal(participant_at(result, 1, 0)->participant->privilege.writable, 1);
    assert_ok(cloudsync_result_free(result));
    DOES(CLOUDSYNC_OK, 0, sharing_change_confirmation, ben.context, resource, CLOUDSYNC_STATE_SUSPENDED);
    GIVES(CLOUDSYNC_OK, 0, sharing_unshare, ann.context, resource, one, 1);
    DOES(CLOUDSYNC_OK, 0, sharing_exit, ben.context, resource);
    GIVES(CLOUDSYNC_E_NOT_PERMITTED, CLOUDSYNC_SHARING_CODE_NOT_INVITER_OR_INVITEE, sharing_query_participants,
          ben.context, resource);
    device_free(&ben);
    device_free(&ann);
}

/* The owner shares its folder Rome, and the invitee accepts. */
static void share_rome(struct device *owner, struct device *invitee, const CloudSyncParticipant *who, char *resource) {
    char code[64];
    CloudSyncResult *result = NULL;
    assert_ok(cloudsync_sharing_resource(owner->context, "file://media/Photo/Rome", &result));
    resource_of(result, resource);
    assert_ok(sharing_share(owner->context, resource, &who, 1, &result));
    snprintf(code, sizeof code, "%s", participant_at(result, 0, 0)->participant->invitation_code);
    assert_ok(cloudsync_result_free(result));
    assert_ok(sharing_confirm_invitation(invitee->context, code, CLOUDSYNC_STATE_ACCEPTED, &result));
    assert_ok(cloudsync_result_free(result));
}

/* What is shared comes with the next sync, and what is taken back goes; what the invitee has made stays. */
static void a_shared_album_comes_and_goes(void **state) {
    (void)state;
    struct device ann, ben;
    char resource[64], album[PATH_MAX], bens[PATH_MAX];
    const CloudSyncParticipant invitee = participant_form("ben", 0);
    const CloudSyncParticipant *const one[] = {&invitee};
    person_make(&ann, "ann");
    person_make(&ben, "ben");
    make_folder(join(album, ann.gallery, "Rome"));
    write_photo(album, "a.jpg", 50000, 1);
    write_photo(ann.gallery, "hidden.jpg", 50000, 2);
    write_photo(ben.gallery, "own.jpg", 50000, 3);
    device_sync(&ann);
    device_sync(&ben);
    share_rome(&ann, &ben, &invitee, resource);
    device_sync(&ben);
    assert_true(is_photo(join(bens, ben.gallery, "Rome"), "a.jpg", 50000, 1));
    assert_false(file_exists(ben.gallery, "hidden.jpg"));

    write_photo(album, "b.jpg", 60000, 4);
    device_sync(&ann);
    device_sync(&ben);
    assert_true(is_photo(bens, "b.jpg", 60000, 4));

    GIVES(CLOUDSYNC_OK, 0, sharing_unshare, ann.context, resource, one, 1);
    device_sync(&ben);
    assert_false(file_exists(bens, "a.jpg") || file_exists(bens, "b.jpg"));
    assert_true(is_photo(ben.gallery, "own.jpg", 50000, 3));
    device_sync(&ann);
    assert_true(is_photo(album, "a.jpg", 50000, 1) && is_photo(album, "b.jpg", 60000, 4));
    device_free(&ben);
    device_free(&ann);
}

/* Syncs, however the run ends. */
static void sync_somehow(struct device *device) {
    unsigned finals = gate_count(&device->progress.finals);
    assert_ok(gallery_sync_start(device->sync));
    gate_wait(&device->progress.finals, finals + 1);
}

/* A change that is not allowed stays where it was made, and says so; it is there still when the share is gone. */
static void what_an_invitee_has_made_stays(void **state) {
    (void)state;
    struct device ann, ben;
    char resource[64], album[PATH_MAX], bens[PATH_MAX];
    const CloudSyncParticipant invitee = participant_form("ben", 0);
    const CloudSyncParticipant *const one[] = {&invitee};
    person_make(&ann, "ann");
    person_make(&ben, "ben");
    make_folder(join(album, ann.gallery, "Rome"));
    write_photo(album, "a.jpg", 50000, 1);
    write_photo(album, "b.jpg", 50000, 2);
    device_sync(&ann);
    share_rome(&ann, &ben, &invitee, resource);
    device_sync(&ben);

    write_photo(join(bens, ben.gallery, "Rome"), "a.jpg", 70000, 5); /* may be read only */
    write_photo(bens, "new.jpg", 30000, 6);
    sync_somehow(&ben);
    assert_true(is_photo(bens, "a.jpg", 70000, 5) && is_photo(bens, "new.jpg", 30000, 6));
    assert_int_equal(trouble_of(&ben, "file://media/Photo/Rome/a.jpg"), CLOUDSYNC_E_NOT_PERMITTED);
    assert_int_equal(trouble_of(&ben, "file://media/Photo/Rome/new.jpg"), CLOUDSYNC_E_NOT_PERMITTED);
    device_sync(&ann);
    assert_true(is_photo(album, "a.jpg", 50000, 1) && !file_exists(album, "new.jpg"));

    GIVES(CLOUDSYNC_OK, 0, sharing_unshare, ann.context, resource, one, 1);
    sync_somehow(&ben);
    device_sync(&ben);
    assert_true(is_photo(bens, "a.jpg", 70000, 5) && is_photo(bens, "new.jpg", 30000, 6));
    assert_false(file_exists(bens, "b.jpg"));
    device_sync(&ann);
    assert_true(is_photo(album, "a.jpg", 50000, 1) && is_photo(album, "b.jpg", 50000, 2));
    assert_false(file_exists(album, "new.jpg"));
    device_free(&ben);
    device_free(&ann);
}

/* A deletion that the privilege does not allow is not kept for the day on which it might: the photo comes back. */
static void what_may_not_be_deleted_comes_back(void **state) {
    (void)state;
    struct device ann, ben;
    char resource[64], album[PATH_MAX], bens[PATH_MAX], path[PATH_MAX];
    CloudSyncParticipant invitee = participant_form("ben", 0);
    const CloudSyncParticipant *const one[] = {&invitee};
    person_make(&ann, "ann");
    person_make(&ben, "ben");
    make_folder(join(album, ann.gallery, "Rome"));
    write_photo(album, "a.jpg", 50000, 1);
    write_photo(album, "b.jpg", 50000, 2);
    device_sync(&ann);
    share_rome(&ann, &ben, &invitee, resource);
    device_sync(&ben);
    assert_int_equal(remove(join(path, join(bens, ben.gallery, "Rome"), "a.jpg")), 0);
    assert_ok(cloudsync_remove(ben.context, "file://media/Photo/Rome/b.jpg"));
    sync_somehow(&ben);
    sync_somehow(&ben);
    assert_true(is_photo(bens, "a.jpg", 50000, 1) && is_photo(bens, "b.jpg", 50000, 2));
    invitee.privilege.deletable = 1;
    GIVES(CLOUDSYNC_OK, 0, sharing_change_privilege, ann.context, resource, one, 1);
    device_sync(&ben);
    device_sync(&ann);
    assert_true(is_photo(album, "a.jpg", 50000, 1) && is_photo(album, "b.jpg", 50000, 2));
    device_free(&ben);
    device_free(&ann);
}

/* What went over to the owner stays with whoever made it, on each of their devices, when the share has ended. */
static void what_went_to_the_owner_stays_too(void **state) {
    (void)state;
    struct device ann, ben, other;
    char resource[64], album[PATH_MAX], bens[PATH_MAX], elsewhere[PATH_MAX];
    CloudSyncParticipant invitee = participant_form("ben", 0);
    person_make(&ann, "ann");
    person_make(&ben, "ben");
    make_folder(join(album, ann.gallery, "Rome"));
    write_photo(album, "a.jpg", 50000, 1);
    device_sync(&ann);
    invitee.privilege.creatable = 1;
    share_rome(&ann, &ben, &invitee, resource);
    device_sync(&ben);
    write_photo(join(bens, ben.gallery, "Rome"), "bens.jpg", 30000, 6);
    device_sync(&ben);
    device_sync(&ann);
    assert_true(is_photo(album, "bens.jpg", 30000, 6));

    DOES(CLOUDSYNC_OK, 0, sharing_exit, ben.context, resource);
    device_sync(&ben);
    device_sync(&ben);
    assert_true(is_photo(bens, "bens.jpg", 30000, 6));
    assert_false(file_exists(bens, "a.jpg"));
    device_of(&other, "tablet", "ben");
    device_sync(&other);
    assert_true(is_photo(join(elsewhere, other.gallery, "Rome"), "bens.jpg", 30000, 6));
    device_sync(&ann);
    assert_true(is_photo(album, "a.jpg", 50000, 1) && is_photo(album, "bens.jpg", 30000, 6));
    device_free(&other);
    device_free(&ben);
    device_free(&ann);
}

/* The path of the entry whose name begins so. */
static void find_folder(char *path, const char *folder, const char *beginning) {
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    struct dirent *entry = readdir(entries);
    while (entry != NULL && strncmp(entry->d_name, beginning, strlen(beginning)) != 0) {
        entry = readdir(entries);
    }
    assert_non_null(entry);
    join(path, folder, entry->d_name);
    closedir(entries);
}

/* Two owners share albums of one name. The second is renamed for the invitee alone, who can write to neither. */
static void two_albums_of_one_name(void **state) {
    (void)state;
    struct device ann, ben, cat;
    char resource[64], album[PATH_MAX], other[PATH_MAX], first[PATH_MAX], second[PATH_MAX];
    const CloudSyncParticipant invitee = participant_form("ben", 0);
    person_make(&ann, "ann");
    person_make(&ben, "ben");
    person_make(&cat, "cat");
    make_folder(join(album, ann.gallery, "Rome"));
    make_folder(join(other, cat.gallery, "Rome"));
    write_photo(album, "a.jpg", 50000, 1);
    write_photo(other, "a.jpg", 60000, 2);
    write_photo(other, "c.jpg", 60000, 3);
    device_sync(&ann);
    device_sync(&cat);
    share_rome(&ann, &ben, &invitee, resource);
    share_rome(&cat, &ben, &invitee, resource);
    for (int i = 0; i < 3; i++) {
        device_sync(&ben);
        device_sync(&ann);
        device_sync(&cat);
    }
    assert_true(is_photo(join(first, ben.gallery, "Rome"), "a.jpg", 50000, 1));
    find_folder(second, ben.gallery, "Rome (conflict");
    assert_true(is_photo(second, "a.jpg", 60000, 2) && is_photo(second, "c.jpg", 60000, 3));
    assert_false(file_exists(first, "c.jpg"));
    assert_true(is_photo(album, "a.jpg", 50000, 1) && !file_exists(album, "c.jpg"));
    assert_true(is_photo(other, "a.jpg", 60000, 2) && is_photo(other, "c.jpg", 60000, 3));
    device_free(&cat);
    device_free(&ben);
    device_free(&ann);
}

static void the_same_with_completions(void **state) {
    (void)state;
    struct device ann, ben;
    char resource[64], code[64];
    const CloudSyncParticipant invitee = participant_form("ben", 0);
    const CloudSyncParticipant *const one[] = {&invitee};
    struct shared_answer answer = answer_from(CLOUDSYNC_OK);
    person_make(&ann, "ann");
    person_make(&ben, "ben");
    write_photo(ann.gallery, "a.jpg", 50000, 1);
    device_sync(&ann);
    assert_ok(cloudsync_sharing_resource_async(ann.context, uri, on_shared, &answer));
    gate_wait(&answer.gate, 1);
    assert_answered(cloudsync_sharing_resource_async, answer.code, CLOUDSYNC_OK);
    resource_of(answer.result, resource);
    assert_ok(sharing_share_async(ann.context, resource, one, 1, on_shared, &answer));
    gate_wait(&answer.gate, 2);
    snprintf(code, sizeof code, "%s", participant_at(answer.result, 0, 0)->participant->invitation_code);
    assert_ok(cloudsync_result_free(answer.result));
    COMPLETES(CLOUDSYNC_OK, 0, sharing_query_participants_by_invitation, ben.context, code);
    COMPLETES(CLOUDSYNC_OK, 0, sharing_confirm_invitation, ben.context, code, CLOUDSYNC_STATE_ACCEPTED);
    COMPLETES(CLOUDSYNC_OK, 0, sharing_query_participants, ben.context, resource);
    COMPLETES(CLOUDSYNC_OK, 0, sharing_change_confirmation, ben.context, resource, CLOUDSYNC_STATE_REJECTED);
    COMPLETES(CLOUDSYNC_OK, 0, sharing_change_privilege, ann.context, resource, one, 1);
    COMPLETES(CLOUDSYNC_OK, 0, sharing_exit, ben.context, resource);
    COMPLETES(CLOUDSYNC_OK, 0, sharing_unshare, ann.context, resource, one, 1);
    gate_destroy(&answer.gate);
    device_free(&ben);
    device_free(&ann);
}

static void what_cannot_be_shared(void **state) {
    (void)state;
    struct device ann;
    person_make(&ann, "ann");
    device_sync(&ann);
    GIVES(CLOUDSYNC_E_INVALID_URI, 0, cloudsync_sharing_resource, ann.context, "file://media/Photo");
    GIVES(CLOUDSYNC_E_INVALID_URI, 0, cloudsync_sharing_resource, ann.context, "file://media/Photo/../b");
    GIVES(CLOUDSYNC_E_NO_SUCH_FILE, 0, cloudsync_sharing_resource, ann.context, "file://media/Photo/none.jpg");
    COMPLETES(CLOUDSYNC_E_INVALID_URI, 0, cloudsync_sharing_resource, ann.context, "file://media/Photo");
    COMPLETES(CLOUDSYNC_E_NO_SUCH_FILE, 0, cloudsync_sharing_resource, ann.context, "file://media/Photo/none.jpg");
    device_free(&ann);
}

/* --- A vendor whose share centre answers one code --------------------------------------------- */

static int32_t refusal;
static struct device shared_device;
static CloudSyncCloudServiceStub *behind;

/* Answers as the embedded cloud behind it does. */
static int32_t get_service_info(void *self, CloudSyncReply *reply) {
    const CloudSyncServiceInfo *info;
    CloudSyncResult *result = NULL;
    (void)self;
    assert_ok(cloud_service_get_service_info(behind, &result));
    assert_ok(cloudsync_result_service_info(result, &info));
    int32_t code = cloudsync_reply_service_info(reply, info);
    cloudsync_result_free(result);
    return code;
}

static int32_t connect_db(void *self, const char *bundle, const CloudSyncDatabase *database, CloudSyncReply *reply) {
    CloudSyncCloudDbStub *db = NULL;
    (void)self;
    int32_t code = cloud_service_connect_db(behind, bundle, database, &db);
    code = code == CLOUDSYNC_OK ? cloudsync_reply_cloud_db(reply, db) : code;
    cloud_db_stub_free(db);
    return code;
}

static int32_t connect_loader(void *self, const char *bundle, const CloudSyncDatabase *database,
                              CloudSyncReply *reply) {
    CloudSyncAssetLoaderStub *loader = NULL;
    (void)self;
    int32_t code = cloud_service_connect_asset_loader(behind, bundle, database, &loader);
    code = code == CLOUDSYNC_OK ? cloudsync_reply_asset_loader(reply, loader) : code;
    asset_loader_stub_free(loader);
    return code;
}

static int32_t refuse_participants(void *self, int32_t user, const char *bundle, const char *resource,
                                   const CloudSyncParticipant *const *participants, size_t count,
                                   CloudSyncReply *reply) {
    (void)self, (void)user, (void)bundle, (void)resource, (void)participants, (void)count;
    if (refusal == CLOUDSYNC_SHARING_CODE_IPC_ERROR) {
        cloudsync_reply_drop(reply);
        return 0;
    }
    return cloudsync_reply_fail(reply, refusal, "the vendor's own words");
}

static int32_t refuse_name(void *self, int32_t user, const char *bundle, const char *name, CloudSyncReply *reply) {
    (void)self, (void)user, (void)bundle, (void)name, (void)reply;
    return refusal;
}

static int32_t refuse_state(void *self, int32_t user, const char *bundle, const char *name, int32_t asked,
                            CloudSyncReply *reply) {
    (void)self, (void)user, (void)bundle, (void)name, (void)asked, (void)reply;
    return refusal;
}

static int32_t refuse_record(void *self, int32_t user, const char *bundle, const char *database, const char *table,
                             const char *id, CloudSyncReply *reply) {
    (void)self, (void)user, (void)bundle, (void)database, (void)table, (void)id, (void)reply;
    return refusal;
}

static CloudSyncShareCenterVTable refusing_table(void) {
    CloudSyncShareCenterVTable vtable;
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.share = vtable.unshare = vtable.change_privilege = refuse_participants;
    vtable.exit = vtable.query_participants = vtable.query_participants_by_invitation = refuse_name;
    vtable.confirm_invitation = vtable.change_confirmation = refuse_state;
    vtable.alloc_resource = refuse_record;
    return vtable;
}

static int32_t connect_share(void *self, int32_t user_id, const char *bundle_name, CloudSyncReply *reply) {
    const CloudSyncShareCenterVTable vtable = refusing_table();
    CloudSyncShareServiceStub *stub = NULL;
    (void)self, (void)user_id, (void)bundle_name;
    assert_ok(create_share_service_stub(&vtable, NULL, &stub));
    assert_code(cloudsync_reply_share_center(reply, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloudsync_reply_share_center(reply, stub));
    assert_ok(share_service_stub_free(stub));
    return CLOUDSYNC_ERROR_CODE_SUCCESS;
}

static CloudSyncCloudServiceVTable service_table(void) {
    CloudSyncCloudServiceVTable vtable;
    memset(&vtable, 0, sizeof vtable);
    vtable.struct_size = sizeof vtable;
    vtable.get_service_info = get_service_info;
    vtable.connect_db = connect_db;
    vtable.connect_asset_loader = connect_loader;
    vtable.connect_share_center = connect_share;
    return vtable;
}

static const struct {
    int32_t number, code;
} refusals[] = {
    {CLOUDSYNC_SHARING_CODE_REPEATED_REQUEST, CLOUDSYNC_E_BUSY},
    {CLOUDSYNC_SHARING_CODE_NOT_INVITER, CLOUDSYNC_E_NOT_PERMITTED},
    {CLOUDSYNC_SHARING_CODE_NOT_INVITER_OR_INVITEE, CLOUDSYNC_E_NOT_PERMITTED},
    {CLOUDSYNC_SHARING_CODE_OVER_QUOTA, CLOUDSYNC_E_LIMIT_EXCEEDED},
    {CLOUDSYNC_SHARING_CODE_TOO_MANY_PARTICIPANTS, CLOUDSYNC_E_LIMIT_EXCEEDED},
    {CLOUDSYNC_SHARING_CODE_INVALID_ARGS, CLOUDSYNC_E_INVALID_VALUE},
    {CLOUDSYNC_SHARING_CODE_NETWORK_ERROR, CLOUDSYNC_E_NETWORK_UNAVAILABLE},
    {CLOUDSYNC_SHARING_CODE_CLOUD_DISABLED, CLOUDSYNC_E_CLOUD_NOT_READY},
    {CLOUDSYNC_SHARING_CODE_SERVER_ERROR, CLOUDSYNC_E_IO},
    {CLOUDSYNC_SHARING_CODE_INNER_ERROR, CLOUDSYNC_E_UNKNOWN},
    {CLOUDSYNC_SHARING_CODE_INVALID_INVITATION, CLOUDSYNC_E_NO_SUCH_FILE},
    {CLOUDSYNC_SHARING_CODE_RATE_LIMIT, CLOUDSYNC_E_TRY_AGAIN},
    {CLOUDSYNC_SHARING_CODE_IPC_ERROR, CLOUDSYNC_E_IPC},
    {CLOUDSYNC_SHARING_CODE_NOT_SUPPORT, CLOUDSYNC_E_NOT_SUPPORTED},
    {CLOUDSYNC_SHARING_CODE_CUSTOM_ERROR + 7, CLOUDSYNC_E_UNKNOWN},
};

static void refused_on_a_stub(CloudSyncShareServiceStub *stub, int32_t code, int32_t number) {
    const CloudSyncParticipant invitee = participant_form("ben", 0);
    const CloudSyncParticipant *const one[] = {&invitee};
    GIVES(code, number, share_center_share, stub, 0, "b", "r", one, 1);
    GIVES(code, number, share_center_unshare, stub, 0, "b", "r", one, 1);
    GIVES(code, number, share_center_change_privilege, stub, 0, "b", "r", one, 1);
    GIVES(code, number, share_center_query_participants, stub, 0, "b", "r");
    GIVES(code, number, share_center_query_participants_by_invitation, stub, 0, "b", "c");
    GIVES(code, number, share_center_confirm_invitation, stub, 0, "b", "c", CLOUDSYNC_STATE_ACCEPTED);
    GIVES(code, number, share_center_alloc_resource, stub, 0, "b", "d", "t", "i");
    DOES(code, number, share_center_exit, stub, 0, "b", "r");
    DOES(code, number, share_center_change_confirmation, stub, 0, "b", "r", CLOUDSYNC_STATE_REJECTED);
}

static void refused_on_a_context(CloudSyncContext *context, int32_t code, int32_t number) {
    const CloudSyncParticipant invitee = participant_form("ben", 0);
    const CloudSyncParticipant *const one[] = {&invitee};
    GIVES(code, number, sharing_share, context, "r", one, 1);
    GIVES(code, number, sharing_unshare, context, "r", one, 1);
    GIVES(code, number, sharing_change_privilege, context, "r", one, 1);
    GIVES(code, number, sharing_query_participants, context, "r");
    GIVES(code, number, sharing_query_participants_by_invitation, context, "c");
    GIVES(code, number, sharing_confirm_invitation, context, "c", CLOUDSYNC_STATE_ACCEPTED);
    GIVES(code, number, cloudsync_sharing_resource, context, uri);
    DOES(code, number, sharing_exit, context, "r");
    DOES(code, number, sharing_change_confirmation, context, "r", CLOUDSYNC_STATE_REJECTED);
    COMPLETES(code, number, sharing_share, context, "r", one, 1);
    COMPLETES(code, number, sharing_unshare, context, "r", one, 1);
    COMPLETES(code, number, sharing_change_privilege, context, "r", one, 1);
    COMPLETES(code, number, sharing_query_participants, context, "r");
    COMPLETES(code, number, sharing_query_participants_by_invitation, context, "c");
    COMPLETES(code, number, sharing_confirm_invitation, context, "c", CLOUDSYNC_STATE_ACCEPTED);
    COMPLETES(code, number, cloudsync_sharing_resource, context, uri);
    COMPLETES(code, number, sharing_exit, context, "r");
    COMPLETES(code, number, sharing_change_confirmation, context, "r", CLOUDSYNC_STATE_REJECTED);
}

static void open_at_vendor(CloudSyncCloudServiceVTable table) {
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *cloud = NULL;
    assert_ok(cloudsync_embedded_cloud_new(join(path, root, "behind"), "account", &behind));
    device_make(&shared_device, "device");
    assert_ok(create_cloud_service_stub(&table, NULL, &cloud));
    assert_ok(cloudsync_options_set_cloud(shared_device.options, cloud));
    assert_ok(cloud_service_stub_free(cloud));
    device_open(&shared_device);
    write_photo(shared_device.gallery, "a.jpg", 50000, 1);
    device_sync(&shared_device);
}

static void close_at_vendor(void) {
    device_free(&shared_device);
    assert_ok(cloud_service_stub_free(behind));
}

static void every_refusal_has_its_number(void **state) {
    (void)state;
    const CloudSyncShareCenterVTable table = refusing_table();
    CloudSyncShareServiceStub *stub = NULL;
    char text[256];
    open_at_vendor(service_table());
    assert_ok(create_share_service_stub(&table, NULL, &stub));
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        refusal = refusals[i].number;
        refused_on_a_stub(stub, refusals[i].code, refusal);
        refused_on_a_context(shared_device.context, refusals[i].code, refusal);
    }
    GIVES(CLOUDSYNC_E_UNKNOWN, refusal, sharing_share, shared_device.context, "r", NULL, 0);
    cloudsync_last_error(text, sizeof text);
    assert_string_equal(text, "the vendor's own words");
    assert_ok(share_service_stub_free(stub));
    close_at_vendor();
}

/* A table as long as it was before clouds could share, and one without the method. */
static void a_cloud_that_does_not_share(void **state) {
    (void)state;
    struct {
        CloudSyncCloudServiceVTable table;
        void *after;
    } longer;
    CloudSyncCloudServiceStub *cloud = NULL;
    CloudSyncShareServiceStub *stub = NULL;
    CloudSyncCloudServiceVTable table = service_table();
    table.struct_size = offsetof(CloudSyncCloudServiceVTable, connect_share_center);
    assert_ok(create_cloud_service_stub(&table, NULL, &cloud));
    assert_code(cloud_service_connect_share_center(cloud, 0, "b", &stub), CLOUDSYNC_E_NOT_SUPPORTED);
    assert_int_equal(cloudsync_last_error_code(), CLOUDSYNC_ERROR_CODE_NOT_SUPPORTED);
    assert_ok(cloud_service_stub_free(cloud));
    longer.table = service_table();
    longer.table.struct_size = sizeof longer;
    assert_code(create_cloud_service_stub(&longer.table, NULL, &cloud), CLOUDSYNC_E_INVALID_ARGUMENT);

    table = service_table();
    table.connect_share_center = NULL;
    open_at_vendor(table);
    refused_on_a_context(shared_device.context, CLOUDSYNC_E_NOT_SUPPORTED, CLOUDSYNC_SHARING_CODE_NOT_SUPPORT);
    close_at_vendor();
}

/* --- How a vendor answers --------------------------------------------------------------------- */

/* As the documents' own sample: success, and no participant. */
static int32_t share_as_sample(void *self, int32_t user, const char *bundle, const char *resource,
                               const CloudSyncParticipant *const *participants, size_t count, CloudSyncReply *reply) {
    (void)self, (void)resource;
    assert_int_equal(user, 100);
    assert_string_equal(bundle, gallery_bundle);
    assert_int_equal(count, 2);
    assert_string_equal(participants[1]->identity, "cleo");
    assert_string_equal(participants[1]->attach_info, "for you");
    assert_code(cloudsync_reply_item(reply, 0, 0, NULL, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_reply_participant(reply, 2, 0, NULL, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    for (size_t i = 0; i < count; i++) {
        assert_ok(cloudsync_reply_participant(reply, i, CLOUDSYNC_SHARING_CODE_SUCCESS, "share succeeded", NULL));
        assert_code(cloudsync_reply_participant(reply, i, 0, NULL, NULL), CLOUDSYNC_E_INVALID_ARGUMENT);
    }
    return cloudsync_reply_done(reply);
}

/* Leaves the first out, and answers the second for somebody else. */
static int32_t unshare_wrongly(void *self, int32_t user, const char *bundle, const char *resource,
                               const CloudSyncParticipant *const *participants, size_t count, CloudSyncReply *reply) {
    const CloudSyncParticipant other = participant_form("dora", 0);
    (void)self, (void)user, (void)bundle, (void)resource, (void)participants, (void)count;
    assert_ok(cloudsync_reply_participant(reply, 1, 0, NULL, &other));
    return cloudsync_reply_done(reply);
}

static int32_t query_sample(void *self, int32_t user, const char *bundle, const char *name, CloudSyncReply *reply) {
    const CloudSyncParticipant first = participant_form("000000000", 0), second = participant_form("111111111", 0);
    const CloudSyncParticipant *const both[] = {&first, &second};
    (void)self, (void)user, (void)bundle, (void)name;
    assert_code(cloudsync_reply_done(reply), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_code(cloudsync_reply_sharing_resource(reply, "r"), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloudsync_reply_participants(reply, both, 2));
    return CLOUDSYNC_SHARING_CODE_SUCCESS;
}

static int32_t confirm_sample(void *self, int32_t user, const char *bundle, const char *code, int32_t asked,
                              CloudSyncReply *reply) {
    (void)self, (void)user, (void)bundle, (void)code;
    assert_int_equal(asked, CLOUDSYNC_STATE_SUSPENDED);
    assert_code(cloudsync_reply_participants(reply, NULL, 0), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_ok(cloudsync_reply_sharing_resource(reply, "sharing_resource_test"));
    return CLOUDSYNC_SHARING_CODE_SUCCESS;
}

static struct gate destroyed;

static void on_destroyed(void *self) {
    gate_raise((struct gate *)self);
}

static void a_vendor_answers(void **state) {
    (void)state;
    CloudSyncShareCenterVTable table;
    CloudSyncShareServiceStub *stub = NULL;
    CloudSyncResult *result = NULL;
    CloudSyncParticipant first = participant_form("ben", 0), second = participant_form("cleo", 1);
    const CloudSyncParticipant *const both[] = {&first, &second};
    char resource[64];
    memset(&table, 0, sizeof table);
    table.struct_size = sizeof table;
    table.share = share_as_sample;
    table.unshare = unshare_wrongly;
    table.query_participants = query_sample;
    table.confirm_invitation = confirm_sample;
    table.destroy = on_destroyed;
    gate_init(&destroyed);
    assert_ok(create_share_service_stub(&table, &destroyed, &stub));
    second.attach_info = "for you";
    assert_ok(share_center_share(stub, 100, gallery_bundle, "r", both, 2, &result));
    assert_string_equal(participant_at(result, 0, 0)->participant->identity, "ben");
    assert_int_equal(participant_at(result, 1, 0)->participant->privilege.writable, 1);
    assert_ok(cloudsync_result_free(result));
    assert_ok(share_center_unshare(stub, 100, gallery_bundle, "r", both, 2, &result));
    participant_at(result, 0, CLOUDSYNC_SHARING_CODE_INNER_ERROR); /* was left out */
    participant_at(result, 1, CLOUDSYNC_SHARING_CODE_INNER_ERROR); /* is about somebody else */
    assert_ok(cloudsync_result_free(result));
    assert_ok(share_center_query_participants(stub, 100, gallery_bundle, "r", &result));
    assert_string_equal(participant_at(result, 1, 0)->participant->identity, "111111111");
    assert_ok(cloudsync_result_free(result));
    assert_ok(share_center_confirm_invitation(stub, 100, gallery_bundle, "c", CLOUDSYNC_STATE_SUSPENDED, &result));
    resource_of(result, resource);
    assert_string_equal(resource, "sharing_resource_test");
    DOES(CLOUDSYNC_E_NOT_SUPPORTED, CLOUDSYNC_SHARING_CODE_NOT_SUPPORT, share_center_exit, stub, 0, "b", "r");
    assert_code(share_center_confirm_invitation(stub, 0, "b", "c", 5, &result), CLOUDSYNC_E_INVALID_ARGUMENT);
    first.role = 2;
    assert_code(share_center_share(stub, 0, "b", "r", both, 2, &result), CLOUDSYNC_E_INVALID_ARGUMENT);
    assert_int_equal(gate_count(&destroyed), 0);
    assert_ok(share_service_stub_free(stub));
    assert_int_equal(gate_count(&destroyed), 1);
    assert_code(share_service_stub_free(stub), CLOUDSYNC_E_INVALID_ARGUMENT);
    gate_destroy(&destroyed);
}

/* --- A share centre from a program, without a gallery ----------------------------------------- */

static void shares_a_record(CloudSyncCloudServiceStub *const clouds[2]) {
    static const char bundle[] = "com.example.notes";
    CloudSyncShareServiceStub *ann = NULL, *ben = NULL;
    CloudSyncCloudDbStub *db = NULL;
    CloudSyncDatabase database;
    CloudSyncExtensionValue extension;
    CloudSyncRows *rows = NULL, *answers = NULL;
    CloudSyncResult *result = NULL;
    const CloudSyncParticipant invitee = participant_form("ben", 0);
    const CloudSyncParticipant *const one[] = {&invitee};
    char resource[64], code[64];
    memset(&database, 0, sizeof database);
    memset(&extension, 0, sizeof extension);
    database.struct_size = sizeof database;
    database.name = database.alias = "notes";
    extension.struct_size = sizeof extension;
    extension.id = "note-1";
    assert_ok(cloud_service_connect_db(clouds[0], bundle, &database, &db));
    assert_ok(cloudsync_rows_new(&rows));
    assert_ok(cloudsync_rows_add(rows, &extension));
    assert_ok(cloud_db_insert(db, "note", rows, &answers));
    assert_ok(cloudsync_rows_free(answers));
    assert_ok(cloudsync_rows_free(rows));
    assert_ok(cloud_db_stub_free(db));

    assert_ok(cloud_service_connect_share_center(clouds[0], 0, bundle, &ann));
    assert_ok(cloud_service_connect_share_center(clouds[1], 0, bundle, &ben));
    assert_ok(share_center_alloc_resource(ann, 0, bundle, "notes", "note", "note-1", &result));
    resource_of(result, resource);
    assert_ok(share_center_share(ann, 0, bundle, resource, one, 1, &result));
    snprintf(code, sizeof code, "%s", participant_at(result, 0, 0)->participant->invitation_code);
    assert_ok(cloudsync_result_free(result));
    GIVES(CLOUDSYNC_OK, 0, share_center_query_participants_by_invitation, ben, 0, bundle, code);
    GIVES(CLOUDSYNC_OK, 0, share_center_confirm_invitation, ben, 0, bundle, code, CLOUDSYNC_STATE_ACCEPTED);
    DOES(CLOUDSYNC_OK, 0, share_center_change_confirmation, ben, 0, bundle, resource, CLOUDSYNC_STATE_SUSPENDED);
    GIVES(CLOUDSYNC_OK, 0, share_center_query_participants, ben, 0, bundle, resource);
    GIVES(CLOUDSYNC_OK, 0, share_center_change_privilege, ann, 0, bundle, resource, one, 1);
    DOES(CLOUDSYNC_OK, 0, share_center_exit, ben, 0, bundle, resource);
    GIVES(CLOUDSYNC_OK, 0, share_center_unshare, ann, 0, bundle, resource, one, 1);
    assert_ok(share_service_stub_free(ann));
    assert_ok(share_service_stub_free(ben));
    assert_ok(cloud_service_stub_free(clouds[0]));
    assert_ok(cloud_service_stub_free(clouds[1]));
}

static void a_program_shares_a_record(void **state) {
    (void)state;
    const char *const names[] = {"ann", "ben"};
    char path[PATH_MAX];
    CloudSyncCloudServiceStub *clouds[2];
    for (int i = 0; i < 2; i++) {
        assert_ok(cloudsync_embedded_cloud_new(join(path, root, "shared"), names[i], &clouds[i]));
    }
    shares_a_record(clouds);
    assert_ok(vendor_cloud_new_accounts(names, 2, clouds));
    shares_a_record(clouds);
}

/* --- Who may call, and when ------------------------------------------------------------------- */

#define NOT_FOR_APPS(function, ...) assert_code(function(__VA_ARGS__), CLOUDSYNC_E_NOT_SYSTEM_APP)

/* The documents name no permission, and do ask for a system app. */
static void who_may_share(void **state) {
    (void)state;
    struct device device;
    CloudSyncResult *result = NULL;
    device_make(&device, "device");
    assert_ok(cloudsync_options_set_caller(device.options, "com.example.app", NULL, 0, 0));
    assert_ok(cloudsync_open(device.options, &device.context));
    NOT_FOR_APPS(cloudsync_sharing_resource, device.context, NULL, NULL);
    NOT_FOR_APPS(cloudsync_sharing_resource_async, device.context, NULL, NULL, NULL);
    NOT_FOR_APPS(sharing_share, device.context, NULL, NULL, 1, NULL);
    NOT_FOR_APPS(sharing_share_async, device.context, NULL, NULL, 1, NULL, NULL);
    NOT_FOR_APPS(sharing_unshare, device.context, NULL, NULL, 1, NULL);
    NOT_FOR_APPS(sharing_unshare_async, device.context, NULL, NULL, 1, NULL, NULL);
    NOT_FOR_APPS(sharing_change_privilege, device.context, NULL, NULL, 1, NULL);
    NOT_FOR_APPS(sharing_change_privilege_async, device.context, NULL, NULL, 1, NULL, NULL);
    NOT_FOR_APPS(sharing_exit, device.context, NULL);
    NOT_FOR_APPS(sharing_exit_async, device.context, NULL, NULL, NULL);
    NOT_FOR_APPS(sharing_query_participants, device.context, NULL, NULL);
    NOT_FOR_APPS(sharing_query_participants_async, device.context, NULL, NULL, NULL);
    NOT_FOR_APPS(sharing_query_participants_by_invitation, device.context, NULL, NULL);
    NOT_FOR_APPS(sharing_query_participants_by_invitation_async, device.context, NULL, NULL, NULL);
    NOT_FOR_APPS(sharing_confirm_invitation, device.context, NULL, 9, NULL);
    NOT_FOR_APPS(sharing_confirm_invitation_async, device.context, NULL, 9, NULL, NULL);
    NOT_FOR_APPS(sharing_change_confirmation, device.context, NULL, 9);
    NOT_FOR_APPS(sharing_change_confirmation_async, device.context, NULL, 9, NULL, NULL);
    assert_ok(cloudsync_close(device.context));
    assert_ok(cloudsync_options_set_caller(device.options, "com.example.app", NULL, 0, 1));
    assert_ok(cloudsync_open(device.options, &device.context));
    assert_code(sharing_query_participants(device.context, "r", &result), CLOUDSYNC_E_NOT_PERMITTED);
    assert_int_equal(cloudsync_last_sharing_code(), CLOUDSYNC_SHARING_CODE_NOT_INVITER_OR_INVITEE);
    device_free(&device);
}

struct inside {
    struct gate gate;
    CloudSyncContext *context;
    int32_t codes[9];
};

static void on_shared_inside(int32_t code, const char *message, int32_t sharing_code, CloudSyncResult *result,
                             void *user_data) {
    struct inside *inside = (struct inside *)user_data;
    CloudSyncContext *context = inside->context;
    (void)code, (void)message, (void)sharing_code, (void)result;
    inside->codes[0] = cloudsync_sharing_resource(context, uri, &result);
    inside->codes[1] = sharing_share(context, "r", NULL, 0, &result);
    inside->codes[2] = sharing_unshare(context, "r", NULL, 0, &result);
    inside->codes[3] = sharing_change_privilege(context, "r", NULL, 0, &result);
    inside->codes[4] = sharing_exit(context, "r");
    inside->codes[5] = sharing_query_participants(context, "r", &result);
    inside->codes[6] = sharing_query_participants_by_invitation(context, "c", &result);
    inside->codes[7] = sharing_confirm_invitation(context, "c", CLOUDSYNC_STATE_ACCEPTED, &result);
    inside->codes[8] = sharing_change_confirmation(context, "r", CLOUDSYNC_STATE_ACCEPTED);
    gate_raise(&inside->gate);
}

static void not_from_inside_a_callback(void **state) {
    (void)state;
    static const char *const names[] = {
        "cloudsync_sharing_resource", "sharing_share", "sharing_unshare", "sharing_change_privilege", "sharing_exit",
        "sharing_query_participants", "sharing_query_participants_by_invitation", "sharing_confirm_invitation",
        "sharing_change_confirmation"};
    struct device device;
    struct inside inside;
    person_make(&device, "ann");
    memset(&inside, 0, sizeof inside);
    gate_init(&inside.gate);
    inside.context = device.context;
    assert_ok(sharing_exit_async(device.context, "r", on_shared_inside, &inside));
    gate_wait(&inside.gate, 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        note_answer(names[i], inside.codes[i]);
        assert_int_equal(inside.codes[i], CLOUDSYNC_E_DEADLOCK);
    }
    gate_destroy(&inside.gate);
    device_free(&device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(a_photo_is_shared_by_its_uri),
        in_scratch(a_shared_album_comes_and_goes),
        in_scratch(what_an_invitee_has_made_stays),
        in_scratch(what_may_not_be_deleted_comes_back),
        in_scratch(what_went_to_the_owner_stays_too),
        in_scratch(two_albums_of_one_name),
        in_scratch(the_same_with_completions),
        in_scratch(what_cannot_be_shared),
        in_scratch(every_refusal_has_its_number),
        in_scratch(a_cloud_that_does_not_share),
        in_scratch(a_vendor_answers),
        in_scratch(a_program_shares_a_record),
        in_scratch(who_may_share),
        in_scratch(not_from_inside_a_callback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
