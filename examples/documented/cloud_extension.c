/* The documents' complete example of cloudExtension: MyCloudDB, MyAssetLoader, MyShareCenter and MyCloudService, and the
 * service that hands them out. Where the documents leave the work out, so does this: every answer is the documents'
 * own. Then the service is connected to, and every method called once, as the system would.
 *
 * examples/vendor_cloud is a cloud that really keeps what it is given. */
#define _XOPEN_SOURCE 700

#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const int64_t test_lock_id = 1;
static const uint64_t test_time = 10;
static const uint64_t test_space = 100;
static const int32_t test_user_id = 1;

/* --- MyCloudDB -------------------------------------------------------------------------------- */

static int32_t generate_id(void *self, size_t count, CloudSyncReply *reply) {
    (void)self;
    printf("generate id, count: %zu\n", count);
    const char *const ids[] = {"test_id_1", "test_id_2"};
    return count > 2 ? CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT : cloudsync_reply_ids(reply, ids, count);
}

/* One result for each row. */
static int32_t answer_rows(const CloudSyncRows *rows, CloudSyncReply *reply) {
    CloudSyncRows *results = NULL;
    CloudSyncExtensionValue row = {.struct_size = sizeof row};
    must(cloudsync_rows_new(&results));
    for (size_t i = 0; cloudsync_rows_extension(rows, i, &row) == CLOUDSYNC_OK; i++) {
        row.version += 1;
        must(cloudsync_rows_add(results, &row));
        must(cloudsync_rows_set_result(results, CLOUDSYNC_ERROR_CODE_SUCCESS, NULL));
    }
    int32_t code = cloudsync_reply_rows(reply, results);
    must(cloudsync_rows_free(results));
    return code;
}

static int32_t update(void *self, const char *table, const CloudSyncRows *rows, CloudSyncReply *reply) {
    (void)self;
    printf("update, table: %s\n", table);
    return answer_rows(rows, reply);
}

static int32_t insert(void *self, const char *table, const CloudSyncRows *rows, CloudSyncReply *reply) {
    (void)self;
    printf("insert, table: %s\n", table);
    return answer_rows(rows, reply);
}

static int32_t delete_rows(void *self, const char *table, const CloudSyncRows *rows, CloudSyncReply *reply) {
    (void)self;
    printf("delete, table: %s\n", table);
    return answer_rows(rows, reply);
}

static int32_t query(void *self, const char *table, const char *const *fields, size_t field_count, size_t query_count,
                     const char *query_cursor, CloudSyncReply *reply) {
    (void)self, (void)fields, (void)field_count, (void)query_count, (void)query_cursor;
    printf("query, table: %s\n", table);
    CloudSyncRows *data = NULL;
    must(cloudsync_rows_new(&data));
    must(cloudsync_rows_set_page(data, "test_nextCursor", 1));
    int32_t code = cloudsync_reply_rows(reply, data);
    must(cloudsync_rows_free(data));
    return code;
}

static int32_t lock(void *self, CloudSyncReply *reply) {
    (void)self;
    printf("DB lock\n");
    const CloudSyncLockInfo info = {.struct_size = sizeof info, .interval = test_time, .lock_id = test_lock_id};
    return cloudsync_reply_lock_info(reply, &info);
}

static int32_t heartbeat(void *self, int64_t lock_id, CloudSyncReply *reply) {
    (void)self, (void)lock_id;
    printf("heartbeat lock\n");
    const CloudSyncLockInfo info = {.struct_size = sizeof info, .interval = test_time, .lock_id = test_lock_id};
    return cloudsync_reply_lock_info(reply, &info);
}

static int32_t unlock(void *self, int64_t lock_id, CloudSyncReply *reply) {
    (void)self, (void)lock_id;
    return cloudsync_reply_unlocked(reply, 0);
}

/* --- MyAssetLoader ---------------------------------------------------------------------------- */

/* One result for each asset. */
static int32_t answer_assets(const CloudSyncTransfers *transfers, CloudSyncReply *reply) {
    const CloudSyncTransfer *transfer = NULL;
    for (size_t i = 0; cloudsync_transfers_get(transfers, i, &transfer) == CLOUDSYNC_OK; i++) {
        must(cloudsync_reply_item(reply, i, CLOUDSYNC_ERROR_CODE_SUCCESS, NULL, transfer->asset));
    }
    return cloudsync_reply_done(reply);
}

static int32_t download(void *self, const char *table, const char *prefix, CloudSyncTransfers *transfers,
                        CloudSyncReply *reply) {
    const CloudSyncTransfer *first = NULL;
    (void)self;
    must(cloudsync_transfers_get(transfers, 0, &first));
    printf("download asset loader, table: %s, gid: %s, prefix: %s\n", table, first->gid, prefix);
    /* The asset's bytes: of the documents' there are none. */
    must(cloudsync_transfers_write(transfers, 0, 0, NULL, 0));
    return answer_assets(transfers, reply);
}

static int32_t upload(void *self, const char *table, CloudSyncTransfers *transfers, CloudSyncReply *reply) {
    const CloudSyncTransfer *first = NULL;
    (void)self;
    must(cloudsync_transfers_get(transfers, 0, &first));
    printf("upload asset loader, table: %s, gid: %s\n", table, first->gid);
    return answer_assets(transfers, reply);
}

/* --- MyShareCenter ---------------------------------------------------------------------------- */

/* One result for each participant, and one for all. */
static int32_t answer_participants(size_t count, const char *description, CloudSyncReply *reply) {
    for (size_t i = 0; i < count; i++) {
        must(cloudsync_reply_participant(reply, i, CLOUDSYNC_SHARING_CODE_SUCCESS, description, NULL));
    }
    return cloudsync_reply_done(reply);
}

static int32_t share(void *self, int32_t user_id, const char *bundle_name, const char *sharing_resource,
                     const CloudSyncParticipant *const *participants, size_t count, CloudSyncReply *reply) {
    (void)self, (void)user_id, (void)sharing_resource, (void)participants;
    printf("share, bundle: %s\n", bundle_name);
    return answer_participants(count, "share succeeded", reply);
}

static int32_t unshare(void *self, int32_t user_id, const char *bundle_name, const char *sharing_resource,
                       const CloudSyncParticipant *const *participants, size_t count, CloudSyncReply *reply) {
    (void)self, (void)user_id, (void)sharing_resource, (void)participants;
    printf("unshare, bundle: %s\n", bundle_name);
    return answer_participants(count, "unshare succeeded", reply);
}

static int32_t exit_share(void *self, int32_t user_id, const char *bundle_name, const char *sharing_resource,
                          CloudSyncReply *reply) {
    (void)self, (void)user_id, (void)sharing_resource;
    printf("exit share, bundle: %s\n", bundle_name);
    return cloudsync_reply_done(reply);
}

static int32_t change_privilege(void *self, int32_t user_id, const char *bundle_name, const char *sharing_resource,
                                const CloudSyncParticipant *const *participants, size_t count, CloudSyncReply *reply) {
    (void)self, (void)user_id, (void)sharing_resource, (void)participants;
    printf("change privilege, bundle: %s\n", bundle_name);
    return answer_participants(count, "change privilege succeeded", reply);
}

static CloudSyncParticipant participant_of(const char *identity) {
    CloudSyncParticipant participant = {
        .struct_size = sizeof participant,
        .identity = identity,
        .role = CLOUDSYNC_ROLE_INVITEE,
        .state = CLOUDSYNC_STATE_ACCEPTED,
        .privilege = {.writable = 0, .readable = 1, .creatable = 0, .deletable = 0, .shareable = 0},
        .attach_info = "",
    };
    return participant;
}

static int32_t answer_two(CloudSyncReply *reply) {
    const CloudSyncParticipant first = participant_of("000000000"), second = participant_of("111111111");
    const CloudSyncParticipant *const participants[] = {&first, &second};
    return cloudsync_reply_participants(reply, participants, 2);
}

static int32_t query_participants(void *self, int32_t user_id, const char *bundle_name, const char *sharing_resource,
                                  CloudSyncReply *reply) {
    (void)self, (void)user_id, (void)sharing_resource;
    printf("query participants, bundle: %s\n", bundle_name);
    return answer_two(reply);
}

static int32_t query_participants_by_invitation(void *self, int32_t user_id, const char *bundle_name,
                                                const char *invitation_code, CloudSyncReply *reply) {
    (void)self, (void)user_id, (void)invitation_code;
    printf("query participants by invitation, bundle: %s\n", bundle_name);
    return answer_two(reply);
}

static int32_t confirm_invitation(void *self, int32_t user_id, const char *bundle_name, const char *invitation_code,
                                  int32_t state, CloudSyncReply *reply) {
    (void)self, (void)user_id, (void)invitation_code, (void)state;
    printf("confirm invitation, bundle: %s\n", bundle_name);
    return cloudsync_reply_sharing_resource(reply, "sharing_resource_test");
}

static int32_t change_confirmation(void *self, int32_t user_id, const char *bundle_name, const char *sharing_resource,
                                   int32_t state, CloudSyncReply *reply) {
    (void)self, (void)user_id, (void)sharing_resource, (void)state;
    printf("change confirm, bundle: %s\n", bundle_name);
    return cloudsync_reply_done(reply);
}

/* --- MyCloudService --------------------------------------------------------------------------- */

static int32_t get_service_info(void *self, CloudSyncReply *reply) {
    (void)self;
    printf("get service info\n");
    const CloudSyncServiceInfo info = {
        .struct_size = sizeof info,
        .enable_cloud = 1,
        .id = "test_id",
        .total_space = test_space,
        .remaining_space = test_space,
        .user = test_user_id,
    };
    return cloudsync_reply_service_info(reply, &info);
}

static int32_t get_app_brief_info(void *self, CloudSyncReply *reply) {
    (void)self;
    printf("get app brief info\n");
    const CloudSyncAppBriefInfo app = {
        .struct_size = sizeof app,
        .app_id = "test_appID",
        .bundle_name = "test_bundlename",
        .cloud_switch = 1,
        .instance_id = 0,
    };
    const CloudSyncAppBriefInfo *const apps[] = {&app};
    return cloudsync_reply_app_brief_info(reply, apps, 1);
}

static int32_t get_app_schema(void *self, const char *bundle_name, CloudSyncReply *reply) {
    (void)self;
    printf("get app schema, bundleName:%s\n", bundle_name);
    const CloudSyncAppSchema schema = {.struct_size = sizeof schema, .bundle_name = "test_bundleName", .version = 1};
    return cloudsync_reply_app_schema(reply, &schema);
}

static int32_t subscribe(void *self, const char *const *bundle_names, const CloudSyncDatabase *const *databases,
                         size_t count, uint64_t expiration_time, CloudSyncChangeListener *listener,
                         CloudSyncReply *reply) {
    (void)self, (void)bundle_names, (void)databases, (void)count;
    printf("subscribe expirationTime: %llu\n", (unsigned long long)expiration_time);
    must(cloudsync_change_listener_free(listener)); /* nothing changes here of which it could be told */
    const CloudSyncSubscribeInfo info = {.struct_size = sizeof info, .expiration_time = test_time};
    return cloudsync_reply_subscribe_info(reply, &info);
}

static int32_t unsubscribe(void *self, const CloudSyncSubscribeId *const *ids, size_t count, CloudSyncReply *reply) {
    (void)self, (void)ids, (void)count;
    return cloudsync_reply_done(reply);
}

static int32_t connect_db(void *self, const char *bundle_name, const CloudSyncDatabase *database,
                          CloudSyncReply *reply) {
    const CloudSyncCloudDbVTable my_cloud_db = {
        .struct_size = sizeof my_cloud_db,
        .generate_id = generate_id,
        .update = update,
        .insert = insert,
        .delete_ = delete_rows,
        .query = query,
        .lock = lock,
        .heartbeat = heartbeat,
        .unlock = unlock,
    };
    CloudSyncCloudDbStub *stub = NULL;
    (void)self, (void)database;
    printf("connect DB, bundleName: %s\n", bundle_name);
    must(create_cloud_db_stub(&my_cloud_db, NULL, &stub));
    int32_t code = cloudsync_reply_cloud_db(reply, stub);
    must(cloud_db_stub_free(stub));
    return code;
}

static int32_t connect_asset_loader(void *self, const char *bundle_name, const CloudSyncDatabase *database,
                                    CloudSyncReply *reply) {
    const CloudSyncAssetLoaderVTable my_asset_loader = {
        .struct_size = sizeof my_asset_loader,
        .download = download,
        .upload = upload,
    };
    CloudSyncAssetLoaderStub *stub = NULL;
    (void)self, (void)database;
    printf("connect asset loader, bundle: %s\n", bundle_name);
    must(create_asset_loader_stub(&my_asset_loader, NULL, &stub));
    int32_t code = cloudsync_reply_asset_loader(reply, stub);
    must(asset_loader_stub_free(stub));
    return code;
}

static int32_t connect_share_center(void *self, int32_t user_id, const char *bundle_name, CloudSyncReply *reply) {
    const CloudSyncShareCenterVTable my_share_center = {
        .struct_size = sizeof my_share_center,
        .share = share,
        .unshare = unshare,
        .exit = exit_share,
        .change_privilege = change_privilege,
        .query_participants = query_participants,
        .query_participants_by_invitation = query_participants_by_invitation,
        .confirm_invitation = confirm_invitation,
        .change_confirmation = change_confirmation,
    };
    CloudSyncShareServiceStub *stub = NULL;
    (void)self, (void)user_id;
    printf("connect share center, bundle: %s\n", bundle_name);
    must(create_share_service_stub(&my_share_center, NULL, &stub));
    int32_t code = cloudsync_reply_share_center(reply, stub);
    must(share_service_stub_free(stub));
    return code;
}

/* --- MyServiceExtension ----------------------------------------------------------------------- */

static CloudSyncCloudServiceStub *on_connect(const char *want) {
    const CloudSyncCloudServiceVTable my_cloud_service = {
        .struct_size = sizeof my_cloud_service,
        .get_service_info = get_service_info,
        .get_app_brief_info = get_app_brief_info,
        .get_app_schema = get_app_schema,
        .subscribe = subscribe,
        .unsubscribe = unsubscribe,
        .connect_db = connect_db,
        .connect_asset_loader = connect_asset_loader,
        .connect_share_center = connect_share_center,
    };
    CloudSyncCloudServiceStub *stub = NULL;
    printf("onConnect: %s\n", want);
    must(create_cloud_service_stub(&my_cloud_service, NULL, &stub));
    return stub;
}

static void on_disconnect(const char *want, CloudSyncCloudServiceStub *stub) {
    printf("onDisconnect: %s\n", want);
    must(cloud_service_stub_free(stub));
}

/* --- Whoever connects ------------------------------------------------------------------------- */

#define BUNDLE "test_bundleName"
#define TABLE "test_table"

static void done(const char *method, CloudSyncResult *result) {
    printf("%s succeeded\n", method);
    must(cloudsync_result_free(result));
}

static void call_db(CloudSyncCloudServiceStub *service, const CloudSyncDatabase *database) {
    CloudSyncCloudDbStub *db = NULL;
    CloudSyncResult *result = NULL;
    CloudSyncRows *rows = NULL, *answer = NULL;
    CloudSyncLockInfo info = {.struct_size = sizeof info};
    const CloudSyncExtensionValue row = {.struct_size = sizeof row, .id = "test_id_1"};
    const char *cursor = NULL;
    int32_t has_more = 0;
    must(cloud_service_connect_db(service, BUNDLE, database, &db));
    must(cloud_db_generate_id(db, 1, &result));
    done("generateId", result);
    must(cloudsync_rows_new(&rows));
    must(cloudsync_rows_add(rows, &row));
    must(cloud_db_insert(db, TABLE, rows, &answer));
    must(cloudsync_rows_free(answer));
    must(cloud_db_update(db, TABLE, rows, &answer));
    must(cloudsync_rows_free(answer));
    must(cloud_db_delete(db, TABLE, rows, &answer));
    must(cloudsync_rows_free(answer));
    must(cloudsync_rows_free(rows));
    must(cloud_db_query(db, TABLE, NULL, 0, 10, "", &answer));
    must(cloudsync_rows_page(answer, &cursor, &has_more));
    printf("query succeeded, nextCursor: %s, hasMore: %s\n", cursor, has_more ? "true" : "false");
    must(cloudsync_rows_free(answer));
    must(cloud_db_lock(db, &info));
    printf("lock succeeded, lockId: %lld, interval: %llu\n", (long long)info.lock_id, (unsigned long long)info.interval);
    must(cloud_db_heartbeat(db, info.lock_id, &info));
    must(cloud_db_unlock(db, info.lock_id, NULL));
    printf("unlock succeeded\n");
    must(cloud_db_stub_free(db));
}

static void call_loader(CloudSyncCloudServiceStub *service, const CloudSyncDatabase *database) {
    CloudSyncAssetLoaderStub *loader = NULL;
    CloudSyncResult *result = NULL;
    char path[] = "/tmp/cloudsync-asset-XXXXXX";
    int file = mkstemp(path);
    must(file < 0 ? CLOUDSYNC_E_IO : CLOUDSYNC_OK);
    close(file);
    const CloudSyncCloudAsset asset = {
        .struct_size = sizeof asset, .asset_id = "test_asset", .name = "1.txt", .uri = "", .path = path, .hash = ""};
    const CloudSyncCloudAsset *const assets[] = {&asset};
    must(cloud_service_connect_asset_loader(service, BUNDLE, database, &loader));
    must(asset_loader_upload(loader, TABLE, "test_gid", assets, 1, &result));
    done("upload", result);
    must(asset_loader_download(loader, TABLE, "test_gid", "test_prefix", assets, 1, &result));
    done("download", result);
    must(asset_loader_stub_free(loader));
    unlink(path);
}

static void call_share_center(CloudSyncCloudServiceStub *service) {
    CloudSyncShareServiceStub *center = NULL;
    CloudSyncResult *result = NULL;
    const CloudSyncParticipantResult *const *found = NULL;
    const CloudSyncParticipant invitee = participant_of("000000000");
    const CloudSyncParticipant *const participants[] = {&invitee};
    const char *resource = NULL;
    size_t count = 0;
    must(cloud_service_connect_share_center(service, test_user_id, BUNDLE, &center));
    must(share_center_share(center, test_user_id, BUNDLE, "test_resource", participants, 1, &result));
    done("share", result);
    must(share_center_unshare(center, test_user_id, BUNDLE, "test_resource", participants, 1, &result));
    done("unshare", result);
    must(share_center_change_privilege(center, test_user_id, BUNDLE, "test_resource", participants, 1, &result));
    done("change privilege", result);
    must(share_center_query_participants(center, test_user_id, BUNDLE, "test_resource", &result));
    must(cloudsync_result_participants(result, &found, &count));
    printf("%zu participants: %s, %s\n", count, found[0]->participant->identity, found[1]->participant->identity);
    done("query participants", result);
    must(share_center_query_participants_by_invitation(center, test_user_id, BUNDLE, "test_code", &result));
    done("query participants by invitation", result);
    must(share_center_confirm_invitation(center, test_user_id, BUNDLE, "test_code", CLOUDSYNC_STATE_ACCEPTED, &result));
    must(cloudsync_result_sharing_resource(result, &resource));
    printf("confirm invitation succeeded, value: %s\n", resource);
    must(cloudsync_result_free(result));
    must(share_center_change_confirmation(center, test_user_id, BUNDLE, "test_resource", CLOUDSYNC_STATE_REJECTED));
    must(share_center_exit(center, test_user_id, BUNDLE, "test_resource"));
    printf("exit share succeeded\n");
    must(share_service_stub_free(center));
}

static void on_change(const char *bundle_name, void *user_data) {
    (void)user_data;
    printf("%s has changed\n", bundle_name);
}

static void call_service(CloudSyncCloudServiceStub *service, const CloudSyncDatabase *database) {
    CloudSyncResult *result = NULL;
    const char *const bundles[] = {BUNDLE};
    const CloudSyncDatabase *const databases[] = {database};
    const CloudSyncSubscribeId id = {
        .struct_size = sizeof id, .bundle_name = BUNDLE, .database_alias = "test_alias", .id = "test_subscription"};
    const CloudSyncSubscribeId *const ids[] = {&id};
    must(cloud_service_get_service_info(service, &result));
    done("get service info", result);
    must(cloud_service_get_app_brief_info(service, &result));
    done("get app brief info", result);
    must(cloud_service_get_app_schema(service, BUNDLE, &result));
    done("get app schema", result);
    must(cloud_service_subscribe(service, bundles, databases, 1, test_time, on_change, NULL, NULL, &result));
    done("subscribe", result);
    must(cloud_service_unsubscribe(service, ids, 1));
    printf("unsubscribe succeeded\n");
}

int main(void) {
    const CloudSyncDatabase database = {.struct_size = sizeof database, .name = "test_name", .alias = "test_alias"};
    CloudSyncCloudServiceStub *service = on_connect("want");
    call_service(service, &database);
    call_db(service, &database);
    call_loader(service, &database);
    call_share_center(service);
    on_disconnect("want", service);
    return EXIT_SUCCESS;
}
