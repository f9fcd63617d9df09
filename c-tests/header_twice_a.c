/* Three files of one program include the header: nothing in it may be defined twice. */
#include <cloudsync.h>

uint32_t version_seen_by_c(void);
uint32_t version_seen_by_cxx(void);

int main(void) {
    uint32_t mine = cloudsync_version_number();
    return mine == version_seen_by_c() && mine == version_seen_by_cxx() ? 0 : 1;
}
