/* In place of the functions that make stubs: what the vendor's example calls where it is to throw. */
#include "throwing.hpp"

extern "C" {

int32_t throwing_service_stub(const CloudSyncCloudServiceVTable *table, void *self, CloudSyncCloudServiceStub **out) {
    using Table = CloudSyncCloudServiceVTable;
    return throwing::stub_of<&Table::get_service_info, &Table::get_app_brief_info, &Table::get_app_schema,
                             &Table::subscribe, &Table::unsubscribe, &Table::connect_db,
                             &Table::connect_asset_loader, &Table::connect_share_center>(create_cloud_service_stub,
                                                                                         table, self, out);
}

int32_t throwing_db_stub(const CloudSyncCloudDbVTable *table, void *self, CloudSyncCloudDbStub **out) {
    using Table = CloudSyncCloudDbVTable;
    return throwing::stub_of<&Table::generate_id, &Table::insert, &Table::update, &Table::delete_, &Table::query,
                             &Table::lock, &Table::unlock, &Table::heartbeat>(create_cloud_db_stub, table, self,
                                                                              out);
}

int32_t throwing_loader_stub(const CloudSyncAssetLoaderVTable *table, void *self, CloudSyncAssetLoaderStub **out) {
    using Table = CloudSyncAssetLoaderVTable;
    return throwing::stub_of<&Table::upload, &Table::download, &Table::prove>(create_asset_loader_stub, table, self,
                                                                              out);
}

int32_t throwing_share_stub(const CloudSyncShareCenterVTable *table, void *self, CloudSyncShareServiceStub **out) {
    using Table = CloudSyncShareCenterVTable;
    return throwing::stub_of<&Table::share, &Table::unshare, &Table::exit, &Table::change_privilege,
                             &Table::query_participants, &Table::query_participants_by_invitation,
                             &Table::confirm_invitation, &Table::change_confirmation, &Table::alloc_resource>(
        create_share_service_stub, table, self, out);
}

} // extern "C"
