/* A vendor's cloud in a plug-in, with a C++ runtime that the program itself does not have: for vendor_plugin.c. */
#include <exception>
#include <stdexcept>

#include <cloudsync.h>

namespace {

int32_t lock(void *, CloudSyncReply *) { throw std::runtime_error("the server said no"); }

} // namespace

extern "C" {

int32_t plugin_db(CloudSyncCloudDbStub **out) {
    CloudSyncCloudDbVTable vtable{};
    vtable.struct_size = sizeof vtable;
    vtable.lock = lock;
    return create_cloud_db_stub(&vtable, nullptr, out);
}

int plugin_uncaught() { return std::uncaught_exceptions(); }

} // extern "C"
