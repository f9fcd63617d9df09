/* One run of one device, for kill_many to kill: opens NAME's folders in ROOT, syncs, closes.
 *   sync_once ROOT NAME
 * Answers 0 where the run completed; 2 where it ended otherwise, and says how. */
#include "support.h"

int main(int argc, char **argv) {
    struct device device;
    if (argc != 3) {
        return 64;
    }
    snprintf(root, sizeof root, "%s", argv[1]);
    setenv("CMOCKA_TEST_ABORT", "1", 1);
    device_make(&device, argv[2]);
    /* Where one run after another is killed, the user's deletions become many: they were meant all the same. */
    assert_ok(cloudsync_options_set_deletion_hold(device.options, UINT64_MAX, 100));
    device_open(&device);
    assert_ok(gallery_sync_start(device.sync));
    gate_wait(&device.progress.finals, 1);
    const CloudSyncSyncProgress last = device.progress.last;
    device_free(&device);
    if (last.state != CLOUDSYNC_SYNC_STATE_COMPLETED) {
        print_error("%s: state %d, error %d, %d of %d files, %d failed, %d deletions held\n", argv[2],
                    (int)last.state, (int)last.error, (int)last.files_done, (int)last.files_total,
                    (int)last.files_failed, (int)last.deletions_held);
        return 2;
    }
    return 0;
}
