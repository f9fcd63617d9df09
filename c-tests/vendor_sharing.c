/* What two accounts of the vendor's example share comes to the other's device, goes back as far as the privileges allow, and
 * goes again. */
#include "support.h"

#include <unistd.h>

#include "vendor_cloud.h"

static const char rome[] = "file://media/Photo/Rome";

/* --- Two people ------------------------------------------------------------------------------- */

struct people {
    struct device ann, ben;
    CloudSyncCloudServiceStub *clouds[2]; /* Ann's, and Ben's */
    char anns[PATH_MAX], bens[PATH_MAX]; /* their albums */
    char resource[64];
};

static void person_make(struct device *device, const char *name, CloudSyncCloudServiceStub *cloud) {
    device_make(device, name);
    assert_ok(cloudsync_options_set_cloud(device->options, cloud));
    device_open(device);
}

static void people_make_with(struct people *people, const struct vendor_cloud_options *options) {
    const char *const names[] = {"ann", "ben"};
    assert_ok(vendor_cloud_new_with(options, names, 2, people->clouds));
    person_make(&people->ann, names[0], people->clouds[0]);
    person_make(&people->ben, names[1], people->clouds[1]);
    make_folder(join(people->anns, people->ann.gallery, "Rome"));
    join(people->bens, people->ben.gallery, "Rome");
    write_photo(people->anns, "a.jpg", 50000, 1);
    write_photo(people->anns, "b.jpg", 50000, 2);
    write_photo(people->ben.gallery, "own.jpg", 4000, 3);
    device_sync(&people->ann);
    device_sync(&people->ben);
}

static void people_make(struct people *people) {
    const struct vendor_cloud_options much = {.space = (uint64_t)1 << 30, .keep_ms = 60000, .lease_s = 30};
    people_make_with(people, &much);
}

static void people_free(struct people *people) {
    device_free(&people->ben);
    device_free(&people->ann);
    for (int i = 0; i < 2; i++) {
        assert_ok(cloud_service_stub_free(people->clouds[i]));
    }
}

/* Ben, who may change, add and delete, or only look. */
static CloudSyncParticipant ben_who(uint8_t may_write) {
    CloudSyncParticipant ben;
    memset(&ben, 0, sizeof ben);
    ben.struct_size = sizeof ben;
    ben.identity = "ben";
    ben.role = CLOUDSYNC_ROLE_INVITEE;
    ben.privilege.readable = 1;
    ben.privilege.writable = ben.privilege.creatable = ben.privilege.deletable = may_write;
    return ben;
}

/* Ann shares Rome with Ben, who accepts. */
static void share_rome(struct people *people, uint8_t may_write) {
    const CloudSyncParticipant ben = ben_who(may_write), *const one[] = {&ben};
    const CloudSyncParticipantResult *const *all;
    CloudSyncResult *result = NULL;
    const char *resource;
    char code[64];
    size_t count;
    assert_ok(cloudsync_sharing_resource(people->ann.context, rome, &result));
    assert_ok(cloudsync_result_sharing_resource(result, &resource));
    snprintf(people->resource, sizeof people->resource, "%s", resource);
    assert_ok(cloudsync_result_free(result));
    assert_ok(sharing_share(people->ann.context, people->resource, one, 1, &result));
    assert_ok(cloudsync_result_participants(result, &all, &count));
    snprintf(code, sizeof code, "%s", all[0]->participant->invitation_code);
    assert_ok(cloudsync_result_free(result));
    assert_ok(sharing_confirm_invitation(people->ben.context, code, CLOUDSYNC_STATE_ACCEPTED, &result));
    assert_ok(cloudsync_result_free(result));
}

static void take_back(struct people *people) {
    const CloudSyncParticipant ben = ben_who(0), *const one[] = {&ben};
    CloudSyncResult *result = NULL;
    assert_ok(sharing_unshare(people->ann.context, people->resource, one, 1, &result));
    assert_ok(cloudsync_result_free(result));
}

/* One that is refused something does not end as one that went well. */
static void sync_somehow(struct device *device) {
    unsigned finals = gate_count(&device->progress.finals);
    assert_ok(gallery_sync_start(device->sync));
    gate_wait(&device->progress.finals, finals + 1);
}

static void remove_in(const char *folder, const char *name) {
    char path[PATH_MAX];
    assert_int_equal(unlink(join(path, folder, name)), 0);
}

/* --- Albums ----------------------------------------------------------------------------------- */

static void a_shared_album_comes_and_goes(void **state) {
    (void)state;
    struct people people;
    people_make(&people);
    share_rome(&people, 0);
    device_sync(&people.ben);
    assert_true(same_folders(people.anns, people.bens));
    write_photo(people.anns, "c.jpg", 30000, 4);
    remove_in(people.anns, "b.jpg");
    device_sync(&people.ann);
    device_sync(&people.ben);
    assert_true(is_photo(people.bens, "c.jpg", 30000, 4));
    assert_true(same_folders(people.anns, people.bens));

    take_back(&people);
    device_sync(&people.ben);
    assert_false(file_exists(people.bens, "a.jpg"));
    assert_true(is_photo(people.ben.gallery, "own.jpg", 4000, 3));
    assert_int_equal(count_files(people.ben.gallery), 1);
    device_sync(&people.ann);
    assert_int_equal(count_files(people.ann.gallery), 2);
    people_free(&people);
}

static void what_is_allowed_reaches_the_owner(void **state) {
    (void)state;
    struct people people;
    people_make(&people);
    share_rome(&people, 1);
    device_sync(&people.ben);
    write_photo(people.bens, "new.jpg", 30000, 6);
    write_photo(people.bens, "a.jpg", 33000, 7);
    remove_in(people.bens, "b.jpg");
    device_sync(&people.ben);
    device_sync(&people.ann);
    assert_true(is_photo(people.anns, "new.jpg", 30000, 6));
    assert_true(is_photo(people.anns, "a.jpg", 33000, 7));
    assert_true(same_folders(people.anns, people.bens));
    assert_int_equal(count_files(people.ann.gallery), 2);
    people_free(&people);
}

/* On each of Ben's devices, in folders of the old names; not what Ann has deleted meanwhile. */
static void what_an_invitee_has_made_stays(void **state) {
    (void)state;
    struct people people;
    struct device other;
    char sub[PATH_MAX], elsewhere[PATH_MAX];
    people_make(&people);
    make_folder(join(sub, people.anns, "Colosseo"));
    write_photo(sub, "anns.jpg", 20000, 3);
    device_sync(&people.ann);
    share_rome(&people, 1);
    device_sync(&people.ben);
    write_photo(people.bens, "made.jpg", 30000, 6);
    write_photo(people.bens, "deleted.jpg", 30000, 7);
    write_photo(join(sub, people.bens, "Colosseo"), "made.jpg", 30000, 8);
    device_sync(&people.ben);
    device_sync(&people.ann);
    remove_in(people.anns, "deleted.jpg");
    device_sync(&people.ann);
    device_sync(&people.ben);

    take_back(&people);
    device_sync(&people.ben);
    device_sync(&people.ben);
    person_make(&other, "tablet", people.clouds[1]);
    device_sync(&other);
    join(elsewhere, other.gallery, "Rome");
    assert_true(is_photo(people.bens, "made.jpg", 30000, 6) && is_photo(sub, "made.jpg", 30000, 8));
    assert_true(is_photo(elsewhere, "made.jpg", 30000, 6));
    assert_int_equal(count_files(people.ben.gallery), 3); /* and its own */
    assert_true(same_folders(people.ben.gallery, other.gallery));
    device_sync(&people.ann);
    assert_true(is_photo(people.anns, "made.jpg", 30000, 6));
    assert_int_equal(count_files(people.ann.gallery), 5);
    device_free(&other);
    people_free(&people);
}

/* Its record stays where it was until there is room for the bytes. */
static void what_there_is_no_room_for_waits(void **state) {
    (void)state;
    const struct vendor_cloud_options options = {.space = 200000, .keep_ms = 60000, .lease_s = 30};
    struct people people;
    people_make_with(&people, &options);
    share_rome(&people, 1);
    device_sync(&people.ben);
    write_photo(people.bens, "made.jpg", 30000, 6);
    device_sync(&people.ben);
    write_photo(people.ben.gallery, "large.jpg", 180000, 7);
    device_sync(&people.ben);
    take_back(&people);
    device_sync(&people.ben);
    device_sync(&people.ben);
    assert_true(is_photo(people.bens, "made.jpg", 30000, 6));
    assert_false(file_exists(people.bens, "a.jpg"));
    assert_int_equal(remaining_kb(people.clouds[1]), (200000 - 180000 - 4000) / 1024);

    remove_in(people.ben.gallery, "large.jpg");
    device_sync(&people.ben);
    device_sync(&people.ben);
    assert_true(is_photo(people.bens, "made.jpg", 30000, 6));
    assert_int_equal(remaining_kb(people.clouds[1]), (200000 - 30000 - 4000) / 1024);
    people_free(&people);
}

static void what_is_not_allowed_is_refused(void **state) {
    (void)state;
    struct people people;
    people_make(&people);
    share_rome(&people, 0);
    device_sync(&people.ben);
    write_photo(people.bens, "a.jpg", 33000, 7);
    write_photo(people.bens, "new.jpg", 30000, 6);
    for (int i = 0; i < 2; i++) {
        sync_somehow(&people.ben);
        sync_somehow(&people.ann);
    }
    assert_int_equal(trouble_of(&people.ben, "file://media/Photo/Rome/a.jpg"), CLOUDSYNC_E_NOT_PERMITTED);
    assert_int_equal(trouble_of(&people.ben, "file://media/Photo/Rome/new.jpg"), CLOUDSYNC_E_NOT_PERMITTED);
    assert_true(is_photo(people.bens, "a.jpg", 33000, 7)); /* it stays where it is */
    assert_true(is_photo(people.anns, "a.jpg", 50000, 1));
    assert_int_equal(count_files(people.anns), 2);

    take_back(&people);
    sync_somehow(&people.ben);
    device_sync(&people.ben);
    assert_true(is_photo(people.bens, "a.jpg", 33000, 7)); /* and is Ben's own then */
    assert_true(is_photo(people.bens, "new.jpg", 30000, 6));
    assert_false(file_exists(people.bens, "b.jpg"));
    device_sync(&people.ann);
    assert_true(is_photo(people.anns, "a.jpg", 50000, 1));
    assert_int_equal(count_files(people.anns), 2);
    people_free(&people);
}

static void on_optimize(const CloudSyncOptimizeSpaceProgress *event, void *user_data) {
    if (event->state != CLOUDSYNC_OPTIMIZE_STATE_RUNNING) {
        gate_raise((struct gate *)user_data);
    }
}

/* Ann may take it back at any time: Ben's device does not let go of it, as it does of what is Ben's. */
static void what_is_shared_is_not_proved(void **state) {
    (void)state;
    struct people people;
    struct gate ended;
    CloudSyncOptimizeSpaceParam param = {sizeof param, 1 << 30, 0};
    people_make(&people);
    share_rome(&people, 1);
    device_sync(&people.ben);
    write_photo(people.ben.gallery, "late.jpg", 4000, 5); /* the youngest: what is older could go before it */
    device_sync(&people.ben);
    const int64_t latest = now_ms() + PATIENCE_MS;
    while (file_exists(people.ben.gallery, "late.jpg")) { /* what was changed just now stays */
        assert_true(now_ms() < latest);
        gate_init(&ended);
        assert_ok(start_optimize_space(people.ben.context, &param, on_optimize, &ended));
        gate_wait(&ended, 1);
        gate_destroy(&ended);
    }
    assert_true(same_folders(people.anns, people.bens));
    people_free(&people);
}

/* Where it lies with an invitee is the invitee's own. */
static void an_invitee_calls_it_as_it_likes(void **state) {
    (void)state;
    struct people people;
    char from[PATH_MAX], to[PATH_MAX];
    people_make(&people);
    share_rome(&people, 0);
    device_sync(&people.ben);
    assert_int_equal(rename(join(from, people.ben.gallery, "Rome"), join(to, people.ben.gallery, "Roma")), 0);
    device_sync(&people.ben);
    write_photo(people.anns, "c.jpg", 30000, 4);
    device_sync(&people.ann);
    device_sync(&people.ben);
    assert_true(same_folders(people.anns, to));
    assert_false(file_exists(people.ben.gallery, "Rome"));
    assert_true(file_exists(people.ann.gallery, "Rome"));
    people_free(&people);
}

/* --- Records ---------------------------------------------------------------------------------- */

static const char bundle[] = "com.example.sharing";

static CloudSyncCloudDbStub *connect_db(CloudSyncCloudServiceStub *cloud) {
    CloudSyncDatabase database;
    CloudSyncCloudDbStub *db = NULL;
    memset(&database, 0, sizeof database);
    database.struct_size = sizeof database;
    database.name = database.alias = "notes";
    assert_ok(cloud_service_connect_db(cloud, bundle, &database, &db));
    return db;
}

typedef int32_t (*write_function)(CloudSyncCloudDbStub *, const char *, const CloudSyncRows *, CloudSyncRows **);

/* Writes a note, which lies in another one or in none; says what became of it. */
static int32_t write_note(CloudSyncCloudDbStub *db, write_function write, const char *id, const char *parent,
                          const char *text) {
    CloudSyncExtensionValue extension;
    CloudSyncRows *rows = NULL, *answers = NULL;
    const char *description;
    int32_t code;
    memset(&extension, 0, sizeof extension);
    extension.struct_size = sizeof extension;
    extension.id = id;
    extension.version = -1;
    assert_ok(cloudsync_rows_new(&rows));
    assert_ok(cloudsync_rows_add(rows, &extension));
    assert_ok(cloudsync_rows_set_text(rows, "text", text));
    if (parent != NULL) {
        assert_ok(cloudsync_rows_set_text(rows, "parent", parent));
    }
    assert_ok(write(db, "notes", rows, &answers));
    assert_ok(cloudsync_rows_result(answers, 0, &code, &description));
    assert_ok(cloudsync_rows_free(answers));
    assert_ok(cloudsync_rows_free(rows));
    return code;
}

/* The operation of a record in the listing, and one of its fields as text or number; -1 where it is not listed. */
static int32_t listed(CloudSyncCloudDbStub *db, const char *id, const char *field, char text[64]) {
    CloudSyncExtensionValue extension;
    CloudSyncCloudValue value;
    CloudSyncRows *page = NULL;
    int32_t operation = -1;
    size_t count;
    memset(&extension, 0, sizeof extension);
    extension.struct_size = sizeof extension;
    memset(&value, 0, sizeof value);
    value.struct_size = sizeof value;
    text[0] = '\0';
    assert_ok(cloud_db_query(db, "notes", NULL, 0, 100, "", &page));
    assert_ok(cloudsync_rows_count(page, &count));
    for (size_t i = 0; i < count; i++) {
        assert_ok(cloudsync_rows_extension(page, i, &extension));
        if (strcmp(extension.id, id) == 0) {
            operation = extension.operation;
            if (cloudsync_rows_get(page, i, field, &value) == CLOUDSYNC_OK) {
                snprintf(text, 64, value.text != NULL ? "%s" : "%.0s%d", value.text != NULL ? value.text : "",
                         (int)value.number);
            }
        }
    }
    assert_ok(cloudsync_rows_free(page));
    return operation;
}

static int64_t version_of_the_last(CloudSyncCloudDbStub *db) {
    CloudSyncExtensionValue extension;
    CloudSyncRows *page = NULL;
    size_t count;
    memset(&extension, 0, sizeof extension);
    extension.struct_size = sizeof extension;
    assert_ok(cloud_db_query(db, "notes", NULL, 0, 100, "", &page));
    assert_ok(cloudsync_rows_count(page, &count));
    assert_ok(cloudsync_rows_extension(page, count - 1, &extension));
    assert_ok(cloudsync_rows_free(page));
    return extension.version;
}

static void share_note(CloudSyncCloudServiceStub *const clouds[2], CloudSyncParticipant ben, char resource[64]) {
    CloudSyncShareServiceStub *centers[2] = {NULL, NULL};
    const CloudSyncParticipant *const one[] = {&ben};
    const CloudSyncParticipantResult *const *all;
    CloudSyncResult *result = NULL;
    const char *found;
    char code[64];
    size_t count;
    for (int i = 0; i < 2; i++) {
        assert_ok(cloud_service_connect_share_center(clouds[i], 100, bundle, &centers[i]));
    }
    assert_ok(share_center_alloc_resource(centers[0], 100, bundle, "notes", "notes", "folder", &result));
    assert_ok(cloudsync_result_sharing_resource(result, &found));
    snprintf(resource, 64, "%s", found);
    assert_ok(cloudsync_result_free(result));
    assert_ok(share_center_share(centers[0], 100, bundle, resource, one, 1, &result));
    assert_ok(cloudsync_result_participants(result, &all, &count));
    snprintf(code, sizeof code, "%s", all[0]->participant->invitation_code);
    assert_ok(cloudsync_result_free(result));
    assert_ok(share_center_confirm_invitation(centers[1], 100, bundle, code, CLOUDSYNC_STATE_ACCEPTED, &result));
    assert_ok(cloudsync_result_free(result));
    for (int i = 0; i < 2; i++) {
        assert_ok(share_service_stub_free(centers[i]));
    }
}

static void a_copy_says_whose_it_is(void **state) {
    (void)state;
    const char *const names[] = {"ann", "ben"};
    CloudSyncCloudServiceStub *clouds[2];
    CloudSyncCloudDbStub *dbs[2];
    char resource[64], text[64];
    const int32_t refused = CLOUDSYNC_ERROR_CODE_NOT_ALLOWED, done = CLOUDSYNC_ERROR_CODE_SUCCESS;
    CloudSyncParticipant ben = ben_who(0);
    ben.privilege.writable = 1; /* it may change, and neither add nor delete */
    assert_ok(vendor_cloud_new_accounts(names, 2, clouds));
    for (int i = 0; i < 2; i++) {
        dbs[i] = connect_db(clouds[i]);
    }
    assert_int_equal(write_note(dbs[0], cloud_db_insert, "folder", "elsewhere", "f"), done);
    assert_int_equal(write_note(dbs[0], cloud_db_insert, "inside", "folder", "i"), done);
    assert_int_equal(write_note(dbs[0], cloud_db_insert, "beside", "elsewhere", "b"), done);
    assert_int_equal(write_note(dbs[0], cloud_db_insert, "both", "folder", "ann's"), done);
    assert_int_equal(write_note(dbs[1], cloud_db_insert, "both", NULL, "ben's"), done);
    share_note(clouds, ben, resource);

    assert_int_equal(listed(dbs[1], "folder", "#_sharing_resource", text), CLOUDSYNC_FLAG_INSERT);
    assert_string_equal(text, resource);
    listed(dbs[1], "folder", "parent", text);
    assert_string_equal(text, ""); /* the owner's folders are not the invitee's */
    listed(dbs[1], "folder", "cloud_owner", text);
    assert_string_equal(text, "ann");
    assert_int_equal(listed(dbs[1], "inside", "cloud_privilege", text), CLOUDSYNC_FLAG_INSERT);
    assert_string_equal(text, "3");
    listed(dbs[1], "inside", "#_sharing_resource", text);
    assert_string_equal(text, "");
    assert_int_equal(listed(dbs[1], "beside", "text", text), -1);
    listed(dbs[1], "both", "text", text);
    assert_string_equal(text, "ben's"); /* an own record is never replaced */

    assert_int_equal(write_note(dbs[1], cloud_db_update, "inside", "folder", "changed"), done);
    const int64_t version = version_of_the_last(dbs[1]);
    assert_int_equal(write_note(dbs[1], cloud_db_update, "inside", "folder", "changed"), done);
    assert_true(version_of_the_last(dbs[1]) > version); /* as with every update */
    listed(dbs[0], "inside", "text", text);
    assert_string_equal(text, "changed");
    listed(dbs[0], "inside", "cloud_owner", text);
    assert_string_equal(text, "");
    assert_int_equal(write_note(dbs[1], cloud_db_update, "inside", NULL, "moved"), refused);
    assert_int_equal(write_note(dbs[1], cloud_db_delete, "inside", NULL, ""), refused);
    assert_int_equal(write_note(dbs[1], cloud_db_insert, "new", "folder", "n"), refused);
    assert_int_equal(write_note(dbs[1], cloud_db_update, "both", "folder", "moved in"), refused);
    assert_int_equal(listed(dbs[0], "inside", "text", text), CLOUDSYNC_FLAG_UPDATE);
    assert_string_equal(text, "changed");

    assert_int_equal(write_note(dbs[1], cloud_db_delete, "both", NULL, ""), done);
    listed(dbs[1], "both", "text", text);
    assert_string_equal(text, "ann's"); /* nothing of Ben's own is in its way any more */
    for (int i = 0; i < 2; i++) {
        assert_ok(cloud_db_stub_free(dbs[i]));
        assert_ok(cloud_service_stub_free(clouds[i]));
    }
}

/* Ben has a folder of his own under the id of Ann's, which was once shared with him and stayed with him. */
static void ids_that_both_have(void **state) {
    (void)state;
    const char *const names[] = {"ann", "ben"};
    CloudSyncCloudServiceStub *clouds[2];
    CloudSyncCloudDbStub *dbs[2];
    CloudSyncExtensionValue extension;
    CloudSyncRows *rows = NULL, *answers = NULL;
    char resource[64], text[64];
    const char *const ids[] = {"new", "inner", "other"}, *const parents[] = {"folder", "new", "kept"}, *description;
    const int32_t codes[] = {CLOUDSYNC_ERROR_CODE_NOT_ALLOWED, CLOUDSYNC_ERROR_CODE_NOT_ALLOWED,
                             CLOUDSYNC_ERROR_CODE_SUCCESS};
    int32_t code;
    assert_ok(vendor_cloud_new_accounts(names, 2, clouds));
    for (int i = 0; i < 2; i++) {
        dbs[i] = connect_db(clouds[i]);
        assert_int_equal(write_note(dbs[i], cloud_db_insert, "kept", i == 0 ? "folder" : NULL, "k"), 0);
    }
    assert_int_equal(write_note(dbs[0], cloud_db_insert, "folder", NULL, "f"), 0);
    assert_int_equal(write_note(dbs[0], cloud_db_insert, "inside", "kept", "i"), 0);
    CloudSyncParticipant ben = ben_who(0);
    ben.privilege.writable = 1;
    share_note(clouds, ben, resource);
    assert_int_equal(write_note(dbs[1], cloud_db_update, "inside", "kept", "changed"), 0); /* it stays where it is */
    listed(dbs[0], "inside", "text", text);
    assert_string_equal(text, "changed");

    assert_ok(cloudsync_rows_new(&rows)); /* one call: what is refused takes what lies in it along */
    for (int i = 0; i < 3; i++) {
        memset(&extension, 0, sizeof extension);
        extension.struct_size = sizeof extension;
        extension.id = ids[i];
        extension.version = -1;
        assert_ok(cloudsync_rows_add(rows, &extension));
        assert_ok(cloudsync_rows_set_text(rows, "parent", parents[i]));
        assert_ok(cloudsync_rows_set_text(rows, "cloud_owner", "ann"));
    }
    assert_ok(cloud_db_insert(dbs[1], "notes", rows, &answers));
    for (size_t i = 0; i < 3; i++) {
        assert_ok(cloudsync_rows_result(answers, i, &code, &description));
        assert_int_equal(code, codes[i]);
    }
    listed(dbs[1], "other", "cloud_owner", text);
    assert_string_equal(text, ""); /* it is Ben's, whatever is written */
    assert_ok(cloudsync_rows_free(answers));
    assert_ok(cloudsync_rows_free(rows));
    for (int i = 0; i < 2; i++) {
        assert_ok(cloud_db_stub_free(dbs[i]));
        assert_ok(cloud_service_stub_free(clouds[i]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        in_scratch(a_shared_album_comes_and_goes),
        in_scratch(what_is_allowed_reaches_the_owner),
        in_scratch(what_an_invitee_has_made_stays),
        in_scratch(what_there_is_no_room_for_waits),
        in_scratch(what_is_not_allowed_is_refused),
        in_scratch(what_is_shared_is_not_proved),
        in_scratch(an_invitee_calls_it_as_it_likes),
        cmocka_unit_test(a_copy_says_whose_it_is),
        cmocka_unit_test(ids_that_both_have),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
