/* libcloudsync: keeps a device's photos and a cloud in step.
 *
 * Generated from the library's source by `./dev header`. Do not edit.
 *
 * Codes. Every function that can fail returns an int32_t: 0 is success (CLOUDSYNC_OK), the others are the documented
 * numbers (CLOUDSYNC_E_...). cloudsync_strerror says what a code means, cloudsync_error_remedy what to do about it, and
 * cloudsync_last_error tells this thread's last failure in detail. Results are written only on success.
 * Checks come in this order: the handle (401), the caller (201, then 202), the other arguments (401), the rest.
 *
 * Handles are opaque, may be used from any thread, and are never dereferenced by the library. free(NULL) does
 * nothing. A handle that was freed, is of another kind, or never was one, answers 401; its value never comes again. One
 * that a failure inside the library has left in an unknown state answers 22400005, and can still be freed.
 *
 * Strings that go in are NUL-terminated UTF-8 and copied before the call returns. Strings and structures that a
 * callback receives live until it returns.
 *
 * Callbacks
 *  1. run on the library's thread cloudsync-cb, or, with CLOUDSYNC_DISPATCH_HOST, inside cloudsync_dispatch and
 *     cloudsync_close; never inside the call that registered them, never under a lock of the library;
 *  2. come in order and one at a time per handle;
 *  3. a start that returned 0 ends in exactly one final event or completion, also across cloudsync_close; a start while
 *     a run is going on is part of that run, and shares its final event;
 *  4. progress may be left out, final states never are; counters never run backwards;
 *  5. when unregister or free returns on another thread, the callback is not running, will not run again, and
 *     destroy(user_data) has been called, once. Inside a callback the same calls return at once and take effect when
 *     it returns. destroy is also called where registering failed: whoever registers hands the user data over;
 *  6. a blocking call from inside a callback, a destroy or a function of a vtable returns 13900029 and does nothing, but
 *     for the calls on a cloud's stubs (cloud_service_..., cloud_db_..., asset_loader_..., share_center_...), which wait for that cloud alone;
 *  7. must not throw or longjmp through the library: a C++ exception that leaves one ends the process; one that leaves a function of
 *     a cloud's tables is the error of that call, as CloudSyncCloudDbVTable says.
 *
 * Asynchronous calls (..._async) of one kind are carried out one after another, in the order in which they were made: the
 * starts, stops and plans of one synced directory; accounts and switches; sharing; freeing space, removing, restoring and
 * all that has to do with downloads, of which each is given to the engine in turn and may end later than the next. Calls of different kinds
 * overtake each other: what is to come after another kind's end belongs into its completion. File states and times of last
 * syncs wait for nobody; downloads, freeing space, removing and restoring never for calls that wait for the cloud. All that need
 * threads for them share at most six of a context. A call that still waits for the cloud when the context is closed
 * completes then, with 13600001.
 *
 * After fork, the child uses nothing of the library but exec. The library installs no signal handlers, prints
 * nothing, and starts no thread before cloudsync_open. Its threads that work in the background, a vendor's functions on
 * them, have a nice value 10 above the host's: they take the processors that nobody else wants. */

#ifndef CLOUDSYNC_H
#define CLOUDSYNC_H




#include <stddef.h>
#include <stdint.h>

/** The version of this header. */
#define CLOUDSYNC_VERSION "0.1.0"
/** The version of this header as one number: major * 65536 + minor * 256 + patch. */
#define CLOUDSYNC_VERSION_NUMBER \
  (CLOUDSYNC_VERSION_MAJOR * 65536 + CLOUDSYNC_VERSION_MINOR * 256 + CLOUDSYNC_VERSION_PATCH)


/**
 * Major version: rises when programs must be changed.
 */
#define CLOUDSYNC_VERSION_MAJOR 0

/**
 * Minor version: rises when something is added; while the major version is 0, also when programs must
 * be compiled again.
 */
#define CLOUDSYNC_VERSION_MINOR 1

/**
 * Patch version: rises when something is mended.
 */
#define CLOUDSYNC_VERSION_PATCH 0

/**
 * Success.
 */
#define CLOUDSYNC_OK 0

/**
 * The caller lacks the permission.
 */
#define CLOUDSYNC_E_PERMISSION_DENIED 201

/**
 * The caller is no system app.
 */
#define CLOUDSYNC_E_NOT_SYSTEM_APP 202

/**
 * A bad argument: NULL where a value must be, a number outside its range, a stale or foreign handle, text that is not UTF-8.
 */
#define CLOUDSYNC_E_INVALID_ARGUMENT 401

/**
 * The device lacks the capability.
 */
#define CLOUDSYNC_E_NOT_SUPPORTED 801

/**
 * A provider, or a worker, has gone.
 */
#define CLOUDSYNC_E_IPC 13600001

/**
 * Operation not permitted.
 */
#define CLOUDSYNC_E_NOT_PERMITTED 13900001

/**
 * No such file or folder.
 */
#define CLOUDSYNC_E_NO_SUCH_FILE 13900002

/**
 * Interrupted.
 */
#define CLOUDSYNC_E_INTERRUPTED 13900004

/**
 * I/O error.
 */
#define CLOUDSYNC_E_IO 13900005

/**
 * Bad descriptor.
 */
#define CLOUDSYNC_E_BAD_DESCRIPTOR 13900008

/**
 * Blocked for now.
 */
#define CLOUDSYNC_E_TRY_AGAIN 13900010

/**
 * Out of memory.
 */
#define CLOUDSYNC_E_OUT_OF_MEMORY 13900011

/**
 * Permission denied by the file system.
 */
#define CLOUDSYNC_E_ACCESS_DENIED 13900012

/**
 * In use.
 */
#define CLOUDSYNC_E_BUSY 13900014

/**
 * There is a file or folder of that name already.
 */
#define CLOUDSYNC_E_FILE_EXISTS 13900015

/**
 * Invalid argument, in the newer operations.
 */
#define CLOUDSYNC_E_INVALID_VALUE 13900020

/**
 * No space on the device.
 */
#define CLOUDSYNC_E_NO_SPACE 13900025

/**
 * Read-only file system.
 */
#define CLOUDSYNC_E_READ_ONLY 13900027

/**
 * A blocking call from inside a callback: it would wait for itself. Nothing was done.
 */
#define CLOUDSYNC_E_DEADLOCK 13900029

/**
 * Not implemented here.
 */
#define CLOUDSYNC_E_NOT_IMPLEMENTED 13900031

/**
 * Internal error of no other kind.
 */
#define CLOUDSYNC_E_UNKNOWN 13900042

/**
 * A URI that cannot be read, or that points outside every synced directory.
 */
#define CLOUDSYNC_E_INVALID_URI 14000002

/**
 * A bad argument to a database operation.
 */
#define CLOUDSYNC_E_INVALID_DATABASE_ARGUMENT 14800001

/**
 * Signed out, or the cloud switched off.
 */
#define CLOUDSYNC_E_CLOUD_NOT_READY 22400001

/**
 * No network.
 */
#define CLOUDSYNC_E_NETWORK_UNAVAILABLE 22400002

/**
 * Battery too low, and not charging.
 */
#define CLOUDSYNC_E_BATTERY_LOW 22400003

/**
 * More than the maximum.
 */
#define CLOUDSYNC_E_LIMIT_EXCEEDED 22400004

/**
 * Inner error.
 */
#define CLOUDSYNC_E_INNER 22400005

/**
 * The same task runs already.
 */
#define CLOUDSYNC_E_TASK_RUNNING 22400006

/**
 * The temporary copy of a history version is gone.
 */
#define CLOUDSYNC_E_VERSION_FILE_MISSING 22400007

/**
 * Log level: something failed.
 */
#define CLOUDSYNC_LOG_ERROR 1

/**
 * Log level: something is odd and was coped with.
 */
#define CLOUDSYNC_LOG_WARNING 2

/**
 * Log level: something that an operator may want to know.
 */
#define CLOUDSYNC_LOG_INFO 3

/**
 * Log level: what a developer may want to know.
 */
#define CLOUDSYNC_LOG_DETAIL 4

/**
 * SyncState: changes of this device go to the cloud.
 */
#define CLOUDSYNC_SYNC_STATE_UPLOADING 0

/**
 * SyncState: sending failed. Final.
 */
#define CLOUDSYNC_SYNC_STATE_UPLOAD_FAILED 1

/**
 * SyncState: changes of the cloud come to this device.
 */
#define CLOUDSYNC_SYNC_STATE_DOWNLOADING 2

/**
 * SyncState: receiving failed. Final.
 */
#define CLOUDSYNC_SYNC_STATE_DOWNLOAD_FAILED 3

/**
 * SyncState: done. Final.
 */
#define CLOUDSYNC_SYNC_STATE_COMPLETED 4

/**
 * SyncState: stopped by stop or close. Final.
 */
#define CLOUDSYNC_SYNC_STATE_STOPPED 5

/**
 * ErrorType: no error.
 */
#define CLOUDSYNC_ERROR_TYPE_NO_ERROR 0

/**
 * ErrorType: neither Wi-Fi (or wired) nor mobile network.
 */
#define CLOUDSYNC_ERROR_TYPE_NETWORK_UNAVAILABLE 1

/**
 * ErrorType: uploads wait for Wi-Fi.
 */
#define CLOUDSYNC_ERROR_TYPE_WIFI_UNAVAILABLE 2

/**
 * ErrorType: battery under the low mark.
 */
#define CLOUDSYNC_ERROR_TYPE_BATTERY_LEVEL_LOW 3

/**
 * ErrorType: battery under the warning mark.
 */
#define CLOUDSYNC_ERROR_TYPE_BATTERY_LEVEL_WARNING 4

/**
 * ErrorType: the cloud is full.
 */
#define CLOUDSYNC_ERROR_TYPE_CLOUD_STORAGE_FULL 5

/**
 * ErrorType: the device's disk is full.
 */
#define CLOUDSYNC_ERROR_TYPE_LOCAL_STORAGE_FULL 6

/**
 * ErrorType: the device is too hot.
 */
#define CLOUDSYNC_ERROR_TYPE_DEVICE_TEMPERATURE_TOO_HIGH 7

/**
 * ErrorType: the cloud answers, but wrongly.
 */
#define CLOUDSYNC_ERROR_TYPE_REMOTE_SERVER_ABNORMAL 8

/**
 * ErrorType: anything else. cloudsync_explain says why, file by file.
 */
#define CLOUDSYNC_ERROR_TYPE_UNKNOWN_ERROR 10

/**
 * State of a download: under way.
 */
#define CLOUDSYNC_DOWNLOAD_STATE_RUNNING 0

/**
 * State of a download: done. Final.
 */
#define CLOUDSYNC_DOWNLOAD_STATE_COMPLETED 1

/**
 * State of a download: failed. Final.
 */
#define CLOUDSYNC_DOWNLOAD_STATE_FAILED 2

/**
 * State of a download: stopped. Final.
 */
#define CLOUDSYNC_DOWNLOAD_STATE_STOPPED 3

/**
 * DownloadErrorType: no error.
 */
#define CLOUDSYNC_DOWNLOAD_ERROR_NO_ERROR 0

/**
 * DownloadErrorType: anything without a number of its own.
 */
#define CLOUDSYNC_DOWNLOAD_ERROR_UNKNOWN_ERROR 1

/**
 * DownloadErrorType: no network.
 */
#define CLOUDSYNC_DOWNLOAD_ERROR_NETWORK_UNAVAILABLE 2

/**
 * DownloadErrorType: the device's disk is full.
 */
#define CLOUDSYNC_DOWNLOAD_ERROR_LOCAL_STORAGE_FULL 3

/**
 * DownloadErrorType: the cloud does not hold the bytes.
 */
#define CLOUDSYNC_DOWNLOAD_ERROR_CONTENT_NOT_FOUND 4

/**
 * DownloadErrorType: the cloud was asked too often, and answers no more for now: try again in some minutes.
 */
#define CLOUDSYNC_DOWNLOAD_ERROR_FREQUENT_USER_REQUESTS 5

/**
 * DownloadFileType: the file itself.
 */
#define CLOUDSYNC_DOWNLOAD_FILE_TYPE_CONTENT 0

/**
 * DownloadFileType: a small picture of a photo for a grid: a JPEG file, upright, its longer edge at most 350 pixels.
 */
#define CLOUDSYNC_DOWNLOAD_FILE_TYPE_THUMBNAIL 1

/**
 * DownloadFileType: a picture of a photo for a screen: a JPEG file, upright, its longer edge at most 1920 pixels.
 */
#define CLOUDSYNC_DOWNLOAD_FILE_TYPE_LCD 2

/**
 * FileSyncState: its bytes are on the way to the cloud.
 */
#define CLOUDSYNC_FILE_SYNC_STATE_UPLOADING 0

/**
 * FileSyncState: its bytes are on the way to this device.
 */
#define CLOUDSYNC_FILE_SYNC_STATE_DOWNLOADING 1

/**
 * FileSyncState: in step, as received from the cloud, with or without its bytes on this disk.
 */
#define CLOUDSYNC_FILE_SYNC_STATE_COMPLETED 2

/**
 * FileSyncState: its transfer was stopped.
 */
#define CLOUDSYNC_FILE_SYNC_STATE_STOPPED 3

/**
 * FileSyncState: new or changed here, not sent yet.
 */
#define CLOUDSYNC_FILE_SYNC_STATE_TO_BE_UPLOADED 4

/**
 * FileSyncState: sent from here, in step.
 */
#define CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_SUCCESS 5

/**
 * FileSyncState: sending it failed; a later start tries again.
 */
#define CLOUDSYNC_FILE_SYNC_STATE_UPLOAD_FAILURE 6

/**
 * FileState: as the cloud has it, with or without its bytes on this disk, or with them on the way to it.
 */
#define CLOUDSYNC_FILE_STATE_INITIAL_AFTER_DOWNLOAD 0

/**
 * FileState: its bytes are on the way to the cloud.
 */
#define CLOUDSYNC_FILE_STATE_UPLOADING 1

/**
 * FileState: its transfer was stopped.
 */
#define CLOUDSYNC_FILE_STATE_STOPPED 2

/**
 * FileState: new or changed here, not sent yet.
 */
#define CLOUDSYNC_FILE_STATE_TO_BE_UPLOADED 3

/**
 * FileState: sent from here, in step.
 */
#define CLOUDSYNC_FILE_STATE_UPLOAD_SUCCESS 4

/**
 * FileState: sending it failed; a later start tries again.
 */
#define CLOUDSYNC_FILE_STATE_UPLOAD_FAILURE 5

/**
 * Heat of the device: normal or warm.
 */
#define CLOUDSYNC_HEAT_NORMAL 0

/**
 * Heat of the device: hot. What runs goes on; what heat stopped does not start again.
 */
#define CLOUDSYNC_HEAT_HOT 1

/**
 * Heat of the device: overheated. Transfers stop.
 */
#define CLOUDSYNC_HEAT_OVERHEATED 2

/**
 * Callbacks run on a thread of the library, named cloudsync-cb. The default.
 */
#define CLOUDSYNC_DISPATCH_THREAD 0

/**
 * Callbacks run on the host's thread, inside cloudsync_dispatch.
 */
#define CLOUDSYNC_DISPATCH_HOST 1

/**
 * Every file's bytes are fetched by the sync run. The default.
 */
#define CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS 0

/**
 * A file that comes from the cloud brings its bytes when somebody asks for them.
 */
#define CLOUDSYNC_DOWNLOAD_POLICY_ON_DEMAND 1

/**
 * What a filter matches is left alone.
 */
#define CLOUDSYNC_FILTER_EXCLUDE 0

/**
 * What a filter matches is synced, although one before it leaves it out.
 */
#define CLOUDSYNC_FILTER_INCLUDE 1

/**
 * Action: files' own copies stay, as files that are on this device alone.
 */
#define CLOUDSYNC_ACTION_RETAIN_DATA 0

/**
 * Action: files' own copies go where the cloud proves that it holds them.
 */
#define CLOUDSYNC_ACTION_CLEAR_DATA 1

/**
 * The most URIs of one batch, also where several name the same file.
 */
#define CLOUDSYNC_MAX_BATCH_FILES 400

/**
 * Kind of a planned action: send a file's bytes to the cloud.
 */
#define CLOUDSYNC_PLAN_UPLOAD 0

/**
 * Kind of a planned action: bring a file's bytes from the cloud.
 */
#define CLOUDSYNC_PLAN_DOWNLOAD 1

/**
 * Kind of a planned action: list a file whose bytes stay in the cloud until somebody asks for them.
 */
#define CLOUDSYNC_PLAN_SHOW 2

/**
 * Kind of a planned action: make a folder on this device.
 */
#define CLOUDSYNC_PLAN_MAKE_FOLDER_HERE 3

/**
 * Kind of a planned action: make a folder in the cloud.
 */
#define CLOUDSYNC_PLAN_MAKE_FOLDER_IN_CLOUD 4

/**
 * Kind of a planned action: move or rename on this device.
 */
#define CLOUDSYNC_PLAN_MOVE_HERE 5

/**
 * Kind of a planned action: move or rename in the cloud.
 */
#define CLOUDSYNC_PLAN_MOVE_IN_CLOUD 6

/**
 * Kind of a planned action: move to this device's trash; a folder is removed once it is empty.
 */
#define CLOUDSYNC_PLAN_DELETE_HERE 7

/**
 * Kind of a planned action: move to the cloud's trash.
 */
#define CLOUDSYNC_PLAN_DELETE_IN_CLOUD 8

/**
 * Kind of a planned action: two different versions are both kept, this device's under another name. That it is sent, and the
 * other comes, are actions of their own.
 */
#define CLOUDSYNC_PLAN_KEEP_BOTH 9

/**
 * Kind of a planned action: none, for the reason that is given.
 */
#define CLOUDSYNC_PLAN_LEAVE 10

/**
 * OptimizeState: under way.
 */
#define CLOUDSYNC_OPTIMIZE_STATE_RUNNING 0

/**
 * OptimizeState: so much is freed as was asked for, or as can be. Final.
 */
#define CLOUDSYNC_OPTIMIZE_STATE_COMPLETED 1

/**
 * OptimizeState: the cloud could not be asked, or the disk or the index failed. Final.
 */
#define CLOUDSYNC_OPTIMIZE_STATE_FAILED 2

/**
 * OptimizeState: stopped by stop_optimize_space or close. Final.
 */
#define CLOUDSYNC_OPTIMIZE_STATE_STOPPED 3

/**
 * NotifyType: it is new.
 */
#define CLOUDSYNC_NOTIFY_ADDED 0

/**
 * NotifyType: its bytes or its modification time are others, or its bytes have come to this disk or gone from it.
 */
#define CLOUDSYNC_NOTIFY_MODIFIED 1

/**
 * NotifyType: it is gone.
 */
#define CLOUDSYNC_NOTIFY_DELETED 2

/**
 * NotifyType: it has another name, or is in another folder.
 */
#define CLOUDSYNC_NOTIFY_RENAMED 3

/**
 * ErrorCode: success.
 */
#define CLOUDSYNC_ERROR_CODE_SUCCESS 0

/**
 * ErrorCode: anything that has no number of its own. A caller's function returns 13900042 for it.
 */
#define CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR 1

/**
 * ErrorCode: the server was not reached, or its answer was lost: a write may or may not have happened. 22400002.
 */
#define CLOUDSYNC_ERROR_CODE_NETWORK_ERROR 2

/**
 * ErrorCode: signed out, or switched off. 22400001.
 */
#define CLOUDSYNC_ERROR_CODE_CLOUD_DISABLED 3

/**
 * ErrorCode: another device holds the lock. 13900014.
 */
#define CLOUDSYNC_ERROR_CODE_LOCKED_BY_OTHERS 4

/**
 * ErrorCode: the cloud takes no more records. 22400004.
 */
#define CLOUDSYNC_ERROR_CODE_RECORD_LIMIT_EXCEEDED 5

/**
 * ErrorCode: the account's space is used up. 13900025.
 */
#define CLOUDSYNC_ERROR_CODE_NO_SPACE_FOR_ASSET 6

/**
 * ErrorCode beyond the documents: the query's cursor is too old, or never was one; list from the start. 13900010.
 */
#define CLOUDSYNC_ERROR_CODE_CURSOR_EXPIRED 1001

/**
 * ErrorCode beyond the documents: the lock is no longer held under this id. 13900001.
 */
#define CLOUDSYNC_ERROR_CODE_STALE_LOCK 1002

/**
 * ErrorCode beyond the documents: the record has another version than the write is based on; the row's extension has
 * the one that it has, 0 where there is no such record. 13900014.
 */
#define CLOUDSYNC_ERROR_CODE_VERSION_CONFLICT 1003

/**
 * ErrorCode beyond the documents: there is no such record, asset or table. 13900002.
 */
#define CLOUDSYNC_ERROR_CODE_NOT_FOUND 1004

/**
 * ErrorCode beyond the documents: the cloud was asked for something impossible. 13900020.
 */
#define CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT 1005

/**
 * ErrorCode beyond the documents: the transfer was stopped, by whoever asked for it. 13900004.
 */
#define CLOUDSYNC_ERROR_CODE_STOPPED 1006

/**
 * ErrorCode beyond the documents: what the cloud holds is not what was stored. 13900005.
 */
#define CLOUDSYNC_ERROR_CODE_CORRUPT 1007

/**
 * ErrorCode beyond the documents: the cloud does not have this method. 801.
 */
#define CLOUDSYNC_ERROR_CODE_NOT_SUPPORTED 1008

/**
 * ErrorCode beyond the documents: whoever provides the cloud has gone, or gave no answer in time. 13600001.
 */
#define CLOUDSYNC_ERROR_CODE_GONE 1009

/**
 * ErrorCode beyond the documents: the file on this device failed, not the cloud. The code of its I/O error.
 */
#define CLOUDSYNC_ERROR_CODE_LOCAL 1010

/**
 * ErrorCode beyond the documents: the account may not do this to what another one shares with it. 13900001.
 */
#define CLOUDSYNC_ERROR_CODE_NOT_ALLOWED 1011

/**
 * ErrorCode beyond the documents: the cloud was asked too often, and answers no more for now; it has done nothing. A sync ends
 * (CLOUDSYNC_ERROR_TYPE_REMOTE_SERVER_ABNORMAL) and is to be started again later, a download fails
 * (CLOUDSYNC_DOWNLOAD_ERROR_FREQUENT_USER_REQUESTS). 13900014.
 */
#define CLOUDSYNC_ERROR_CODE_TOO_MANY_REQUESTS 1012

/**
 * Flag: inserted.
 */
#define CLOUDSYNC_FLAG_INSERT 0

/**
 * Flag: updated.
 */
#define CLOUDSYNC_FLAG_UPDATE 1

/**
 * Flag: deleted.
 */
#define CLOUDSYNC_FLAG_DELETE 2

/**
 * FieldType: no value.
 */
#define CLOUDSYNC_FIELD_TYPE_NULL 0

/**
 * FieldType: a whole number of 64 bits.
 */
#define CLOUDSYNC_FIELD_TYPE_NUMBER 1

/**
 * FieldType: a double.
 */
#define CLOUDSYNC_FIELD_TYPE_REAL 2

/**
 * FieldType: UTF-8 text.
 */
#define CLOUDSYNC_FIELD_TYPE_TEXT 3

/**
 * FieldType: true or false.
 */
#define CLOUDSYNC_FIELD_TYPE_BOOL 4

/**
 * FieldType: bytes.
 */
#define CLOUDSYNC_FIELD_TYPE_BLOB 5

/**
 * FieldType: one asset.
 */
#define CLOUDSYNC_FIELD_TYPE_ASSET 6

/**
 * FieldType: several assets.
 */
#define CLOUDSYNC_FIELD_TYPE_ASSETS 7

/**
 * AssetStatus: none.
 */
#define CLOUDSYNC_ASSET_STATUS_NULL 0

/**
 * AssetStatus: in step.
 */
#define CLOUDSYNC_ASSET_STATUS_NORMAL 1

/**
 * AssetStatus: to be inserted.
 */
#define CLOUDSYNC_ASSET_STATUS_INSERT 2

/**
 * AssetStatus: to be updated.
 */
#define CLOUDSYNC_ASSET_STATUS_UPDATE 3

/**
 * AssetStatus: to be deleted.
 */
#define CLOUDSYNC_ASSET_STATUS_DELETE 4

/**
 * AssetStatus: failed.
 */
#define CLOUDSYNC_ASSET_STATUS_ABNORMAL 5

/**
 * AssetStatus: being downloaded.
 */
#define CLOUDSYNC_ASSET_STATUS_DOWNLOADING 6

/**
 * What a cloud can do beyond the documents: a write that names the version it is based on is refused where the record
 * has another one.
 */
#define CLOUDSYNC_CAPABILITY_COMPARE_AND_SET 1

/**
 * What a cloud can do beyond the documents: a write that names a lock is refused where that is no longer held.
 */
#define CLOUDSYNC_CAPABILITY_FENCING 2

/**
 * What a cloud can do beyond the documents: a transfer that was cut goes on from where it stopped.
 */
#define CLOUDSYNC_CAPABILITY_RANGES 4

/**
 * What a cloud can do beyond the documents: an asset's id is the lowercase hex of the BLAKE3 digest of its bytes, and an
 * upload whose digest is not that of its bytes is refused with INVALID_ARGUMENT.
 */
#define CLOUDSYNC_CAPABILITY_DIGESTS 8

/**
 * Role: shares what is theirs.
 */
#define CLOUDSYNC_ROLE_INVITER 0

/**
 * Role: was invited.
 */
#define CLOUDSYNC_ROLE_INVITEE 1

/**
 * State: the invitation was not answered yet.
 */
#define CLOUDSYNC_STATE_UNKNOWN 0

/**
 * State: the invitation was accepted.
 */
#define CLOUDSYNC_STATE_ACCEPTED 1

/**
 * State: it was rejected.
 */
#define CLOUDSYNC_STATE_REJECTED 2

/**
 * State: it was put off, neither accepted nor rejected for good.
 */
#define CLOUDSYNC_STATE_SUSPENDED 3

/**
 * State: it is over, taken back by the inviter or left by the invitee.
 */
#define CLOUDSYNC_STATE_UNAVAILABLE 4

/**
 * SharingCode: success.
 */
#define CLOUDSYNC_SHARING_CODE_SUCCESS 0

/**
 * SharingCode: it was done already, otherwise than it is asked for now. A caller's function returns 13900014 for it.
 */
#define CLOUDSYNC_SHARING_CODE_REPEATED_REQUEST 1

/**
 * SharingCode: only the inviter may do this. 13900001.
 */
#define CLOUDSYNC_SHARING_CODE_NOT_INVITER 2

/**
 * SharingCode: only the inviter and invitees may do this; also where there is no such share. 13900001.
 */
#define CLOUDSYNC_SHARING_CODE_NOT_INVITER_OR_INVITEE 3

/**
 * SharingCode: the account shares as much as it may. 22400004.
 */
#define CLOUDSYNC_SHARING_CODE_OVER_QUOTA 4

/**
 * SharingCode: more participants than a share may have. 22400004.
 */
#define CLOUDSYNC_SHARING_CODE_TOO_MANY_PARTICIPANTS 5

/**
 * SharingCode: the call itself is wrong. 13900020.
 */
#define CLOUDSYNC_SHARING_CODE_INVALID_ARGS 6

/**
 * SharingCode: the server was not reached. 22400002.
 */
#define CLOUDSYNC_SHARING_CODE_NETWORK_ERROR 7

/**
 * SharingCode: signed out, or switched off. 22400001.
 */
#define CLOUDSYNC_SHARING_CODE_CLOUD_DISABLED 8

/**
 * SharingCode: the cloud's own data is damaged. 13900005.
 */
#define CLOUDSYNC_SHARING_CODE_SERVER_ERROR 9

/**
 * SharingCode: anything that has no number of its own. 13900042.
 */
#define CLOUDSYNC_SHARING_CODE_INNER_ERROR 10

/**
 * SharingCode: there is no such invitation, or not for this account, or not any more. 13900002.
 */
#define CLOUDSYNC_SHARING_CODE_INVALID_INVITATION 11

/**
 * SharingCode: too many calls in a short time. 13900010.
 */
#define CLOUDSYNC_SHARING_CODE_RATE_LIMIT 12

/**
 * SharingCode: whoever provides the cloud has gone, or gave no answer in time. 13600001.
 */
#define CLOUDSYNC_SHARING_CODE_IPC_ERROR 13

/**
 * SharingCode: the cloud does not share, or lacks this method. 801.
 */
#define CLOUDSYNC_SHARING_CODE_NOT_SUPPORT 14

/**
 * SharingCode: this and all above are the vendor's own. 13900042.
 */
#define CLOUDSYNC_SHARING_CODE_CUSTOM_ERROR 1000

/**
 * A cloud's store of assets: the documented AssetLoader, made by create_asset_loader_stub or
 * cloud_service_connect_asset_loader.
 */
typedef struct CloudSyncAssetLoaderStub CloudSyncAssetLoaderStub;

/**
 * Whom a vendor tells of changes: given to subscribe, which owns it from then on and frees it when the subscription ends.
 */
typedef struct CloudSyncChangeListener CloudSyncChangeListener;

/**
 * A database of a cloud: the documented CloudDB, made by create_cloud_db_stub or cloud_service_connect_db.
 */
typedef struct CloudSyncCloudDbStub CloudSyncCloudDbStub;

/**
 * The documented CloudFileCache: brings the bytes of files that are in the cloud to this device, for files of the
 * gallery and of bundles alike. It is told of the downloads and batches that it started. An app that is no system app
 * can use the files of its own bundle only; no permission is asked for.
 */
typedef struct CloudSyncCloudFileCache CloudSyncCloudFileCache;

/**
 * A cloud that is served to other processes: made by cloudsync_serve, ended by cloudsync_cloud_server_free.
 */
typedef struct CloudSyncCloudServer CloudSyncCloudServer;

/**
 * A cloud with one account: the documented CloudService, made by cloudsync_embedded_cloud_new or create_cloud_service_stub.
 */
typedef struct CloudSyncCloudServiceStub CloudSyncCloudServiceStub;

/**
 * One device, one signed-in account, one cloud. Made by cloudsync_open, ended by cloudsync_close.
 */
typedef struct CloudSyncContext CloudSyncContext;

/**
 * The documented Download. It is told of the downloads that it started.
 */
typedef struct CloudSyncDownload CloudSyncDownload;

/**
 * The documented FileSync. Every FileSync of a bundle and context is told of that bundle's sync runs, whichever started
 * them. The folders of the directory are synced too, empty ones among them.
 */
typedef struct CloudSyncFileSync CloudSyncFileSync;

/**
 * The documented GallerySync. Every GallerySync of a context is told of its sync runs, whichever started them.
 */
typedef struct CloudSyncGallerySync CloudSyncGallerySync;

/**
 * What a context is opened with: made by cloudsync_options_new, filled by its setters.
 */
typedef struct CloudSyncOptions CloudSyncOptions;

/**
 * A page of a listing. Made by cloudsync_list, freed by cloudsync_page_free.
 */
typedef struct CloudSyncPage CloudSyncPage;

/**
 * What a start would do. Made by cloudsync_plan, freed by cloudsync_plan_free.
 */
typedef struct CloudSyncPlan CloudSyncPlan;

/**
 * What a vendor's method answers with: exactly once, on any thread, during the call or later, with one of the
 * cloudsync_reply_... functions. What is answered with is copied. The reply is gone with that: a second answer is 401.
 *
 * A reply that is let go of with cloudsync_reply_drop, and one that is not answered in time (timeout_ms of the table), is an
 * error of the call: CLOUDSYNC_ERROR_CODE_GONE, 13600001. An answer that comes later is taken and does nothing. What a
 * method was called with lives until it has returned and the reply is answered or dropped.
 */
typedef struct CloudSyncReply CloudSyncReply;

/**
 * What a method of a cloud answered to its caller: the value of the documented Result. Freed with cloudsync_result_free.
 * What is read from it lives as long. The documented description is that of a failure (cloudsync_last_error): one that comes with a
 * success tells a program nothing that the code 0 does not, and is not carried over.
 */
typedef struct CloudSyncResult CloudSyncResult;

/**
 * A list of records: what is written to a database, what a write came to, or a page of a query. It is the documented
 * arrays of values, of extensions and of Results in one, and the rest of CloudData. Made by cloudsync_rows_new or by a
 * call that gives rows.
 *
 * What is read from it points into it, and lives until the list is changed or freed.
 */
typedef struct CloudSyncRows CloudSyncRows;

/**
 * A cloud's share centre: the documented ShareCenter, made by create_share_service_stub or cloud_service_connect_share_center.
 */
typedef struct CloudSyncShareServiceStub CloudSyncShareServiceStub;

/**
 * The assets of one upload or download, as a vendor's method is given them. They live until the method has returned and its
 * reply is answered or dropped. Several threads may move different assets at once.
 */
typedef struct CloudSyncTransfers CloudSyncTransfers;

/**
 * A page of a listing of the trash. Made by cloudsync_list_trash, freed by cloudsync_trash_page_free.
 */
typedef struct CloudSyncTrashPage CloudSyncTrashPage;

/**
 * Told one line of the log: a CLOUDSYNC_LOG_... number, and the line without a line feed, which lives until
 * the callback returns.
 */
typedef void (*CloudSyncLogCallback)(int32_t level,
                                     const char *line,
                                     void *user_data);

/**
 * Takes a registration's user data back: called exactly once, when the callback it came with is not
 * running and will not run again, also where registering failed. May be NULL. Runs on the thread that
 * unregisters or frees, or on the one that ran the callback meanwhile.
 */
typedef void (*CloudSyncDestroy)(void *user_data);

/**
 * Network, battery and heat as the host sees them, for cloudsync_options_set_device.
 *
 * Every function must be there, except destroy. They are called from the library's threads, several at
 * once, often: each answers from memory, returns 0 after writing its results, or any other number for "cannot say",
 * which counts as: no network, no battery, normal heat. So does a number outside its range. Inside them
 * the rules of callbacks hold.
 *
 */
typedef struct CloudSyncDeviceVTable {
  /**
   * sizeof(CloudSyncDeviceVTable), as the program was compiled.
   */
  size_t struct_size;
  /**
   * Passed to each function.
   */
  void *self;
  /**
   * Writes 1 or 0: whether Wi-Fi or a wired network is up, and whether a mobile one is.
   */
  int32_t (*network)(void *self_,
                     int32_t *wifi,
                     int32_t *mobile);
  /**
   * Writes the charge in percent, 0 to 100, or -1 for a device without a battery, and whether it is being
   * charged, 1 or 0.
   */
  int32_t (*battery)(void *self_,
                     int32_t *percent,
                     int32_t *charging);
  /**
   * Writes a CLOUDSYNC_HEAT_... number.
   */
  int32_t (*heat)(void *self_,
                  int32_t *heat);
  /**
   * Takes self back, once: when the options and every context opened with them are gone, when another
   * vtable is set, or when setting this one failed. May be NULL.
   */
  void (*destroy)(void *self_);
} CloudSyncDeviceVTable;

/**
 * How far a sync run is: the documented SyncProgress, and counters.
 *
 * The counters belong to one run and never fall within it. Fields may be added at the end: read only
 * what struct_size covers.
 */
typedef struct CloudSyncSyncProgress {
  /**
   * Size of this structure in bytes, as the library that runs knows it.
   */
  size_t struct_size;
  /**
   * A CLOUDSYNC_SYNC_STATE_... number.
   */
  int32_t state;
  /**
   * A CLOUDSYNC_ERROR_TYPE_... number: why the run does not go on, where it does not.
   */
  int32_t error;
  /**
   * Files that the run has to move, as far as it knows yet.
   */
  uint64_t files_total;
  /**
   * Files moved.
   */
  uint64_t files_done;
  /**
   * Files left out, each with a reason that cloudsync_explain tells.
   */
  uint64_t files_failed;
  /**
   * Bytes that the run has to move, as far as it knows yet.
   */
  uint64_t bytes_total;
  /**
   * Bytes moved.
   */
  uint64_t bytes_done;
  /**
   * Deletions that wait for cloudsync_answer_held_deletions.
   */
  uint64_t deletions_held;
} CloudSyncSyncProgress;

/**
 * Told how far a sync run is. The event lives until the callback returns.
 */
typedef void (*CloudSyncSyncProgressCallback)(const struct CloudSyncSyncProgress *event,
                                              void *user_data);

/**
 * Told once how an asynchronous call ended: a code, and a text that is never NULL, empty for success, and
 * lives until the callback returns.
 */
typedef void (*CloudSyncCompletion)(int32_t code,
                                    const char *message,
                                    void *user_data);

/**
 * Told once what file_sync_get_last_sync_time_async found: a code, a text as in CloudSyncCompletion, and, where
 * the code is 0, the time in milliseconds since 1970; otherwise 0.
 */
typedef void (*CloudSyncTimeCompletion)(int32_t code,
                                        const char *message,
                                        int64_t time_ms,
                                        void *user_data);

/**
 * How far one file's download is: the documented DownloadProgress.
 *
 * Fields may be added at the end: read only what struct_size covers.
 */
typedef struct CloudSyncDownloadProgress {
  /**
   * Size of this structure in bytes, as the library that runs knows it.
   */
  size_t struct_size;
  /**
   * A CLOUDSYNC_DOWNLOAD_STATE_... number.
   */
  int32_t state;
  /**
   * A CLOUDSYNC_DOWNLOAD_ERROR_... number: why it failed, where it failed.
   */
  int32_t error;
  /**
   * Bytes received; never falls within a download.
   */
  uint64_t processed;
  /**
   * Bytes in all.
   */
  uint64_t size;
  /**
   * The file's URI as the request spelled it. Lives until the callback returns.
   */
  const char *uri;
} CloudSyncDownloadProgress;

/**
 * Told how far a file's download is. The event and its URI live until the callback returns.
 */
typedef void (*CloudSyncDownloadProgressCallback)(const struct CloudSyncDownloadProgress *event,
                                                  void *user_data);

/**
 * A file of a batch that failed: the documented FailedFileInfo. This structure does not grow.
 */
typedef struct CloudSyncFailedFileInfo {
  /**
   * The file's URI as the request spelled it.
   */
  const char *uri;
  /**
   * A CLOUDSYNC_DOWNLOAD_ERROR_... number: why it failed.
   */
  int32_t error;
} CloudSyncFailedFileInfo;

/**
 * How far a batch of downloads is: the documented MultiDownloadProgress, with what its methods
 * getSuccessfulFiles and getFailedFiles return.
 *
 * Fields may be added at the end: read only what struct_size covers.
 */
typedef struct CloudSyncMultiDownloadProgress {
  /**
   * Size of this structure in bytes, as the library that runs knows it.
   */
  size_t struct_size;
  /**
   * A CLOUDSYNC_DOWNLOAD_STATE_... number: COMPLETED where every file came, FAILED where all ended and some
   * failed, STOPPED where some were stopped.
   */
  int32_t state;
  /**
   * A CLOUDSYNC_DOWNLOAD_ERROR_... number: why the first of the failed files failed, where some did.
   */
  int32_t err_type;
  /**
   * Which batch: the number that cloud_file_cache_start_batch gave.
   */
  int64_t task_id;
  /**
   * Files that are here now; the length of successful_files.
   */
  uint32_t successful_count;
  /**
   * Files that failed; the length of failed_files.
   */
  uint32_t failed_count;
  /**
   * Files in all, 1 to 400; a URI that was named twice counts once.
   */
  uint32_t total_count;
  /**
   * Bytes received; never falls within a batch.
   */
  uint64_t downloaded_size;
  /**
   * Bytes in all; changes where a file changes in the cloud before its turn comes.
   */
  uint64_t total_size;
  /**
   * The URIs of the files that are here now, as the request spelled them. Lives until the callback returns.
   */
  const char *const *successful_files;
  /**
   * The files that failed. Lives until the callback returns.
   */
  const struct CloudSyncFailedFileInfo *failed_files;
} CloudSyncMultiDownloadProgress;

/**
 * Told how far a batch of downloads is. The event and all that it points at live until the callback returns.
 */
typedef void (*CloudSyncMultiDownloadProgressCallback)(const struct CloudSyncMultiDownloadProgress *event,
                                                       void *user_data);

/**
 * Told once what cloud_file_cache_start_batch_async started: a code, a text as in CloudSyncCompletion, and, where
 * the code is 0, the batch's task id; otherwise -1.
 */
typedef void (*CloudSyncTaskCompletion)(int32_t code,
                                        const char *message,
                                        int64_t task_id,
                                        void *user_data);

/**
 * Told once what get_file_sync_states_async found: a code, a text as in CloudSyncCompletion, and, where the
 * code is 0, n CLOUDSYNC_FILE_SYNC_STATE_... numbers in the order of the URIs; otherwise NULL and 0.
 */
typedef void (*CloudSyncFileStatesCompletion)(int32_t code,
                                              const char *message,
                                              const int32_t *states,
                                              size_t n,
                                              void *user_data);

/**
 * Why a file or folder is as it is. Set struct_size to sizeof(CloudSyncExplanation) before the call.
 */
typedef struct CloudSyncExplanation {
  /**
   * sizeof(CloudSyncExplanation).
   */
  size_t struct_size;
  /**
   * What is the matter: 0 where it is in step with the cloud, otherwise a CLOUDSYNC_E_... number: 13900010 waits for a
   * sync; 22400006 is being sent or fetched; 22400001, 22400002, 22400003 waits until the cloud is signed in to and
   * switched on, until there is a network, until the battery is charged; 22400004 is one of many deletions that wait for
   * cloudsync_answer_held_deletions; 13900001 is never synced, because of its name or because it is no file; 13900012
   * cannot be read, or was deleted and stays until all of the directory can be; 13900014 something else has its name or its lock; 13900025 the disk or the cloud is full; 13600001 the
   * cloud does not answer as it should; 13900005 and any other number: what failed when it was last tried.
   */
  int32_t code;
  /**
   * A CLOUDSYNC_FILE_SYNC_STATE_... number; -1 for a folder, and for what is never synced.
   */
  int32_t state;
  /**
   * When it is due to be tried again, in milliseconds since 1970 by this device's clock; 0 where no time is set. A start
   * before that tries it too, and one that is stopped or does not come does not try it.
   */
  int64_t next_try_ms;
  /**
   * Why its bytes stayed when space was last to be freed: a CLOUDSYNC_E_... number, 0 where they were not to go.
   */
  int32_t kept_code;
  /**
   * How long the whole text is, in bytes without the NUL.
   */
  size_t text_length;
} CloudSyncExplanation;

/**
 * Told once what cloudsync_plan_async found out: a code, a text as in CloudSyncCompletion, and, where the code is 0, a plan
 * to be freed with cloudsync_plan_free; otherwise NULL.
 */
typedef void (*CloudSyncPlanCompletion)(int32_t code,
                                        const char *message,
                                        struct CloudSyncPlan *plan,
                                        void *user_data);

/**
 * One thing that a start would do.
 *
 * Fields may be added at the end: read only what struct_size covers.
 */
typedef struct CloudSyncPlannedAction {
  /**
   * Size of this structure in bytes, as the library that runs knows it.
   */
  size_t struct_size;
  /**
   * With which file or folder; what moves, as it is called before. Lives as long as the plan.
   */
  const char *uri;
  /**
   * What it is called after, for what moves and for KEEP_BOTH; otherwise NULL. Lives as long as the plan.
   */
  const char *other_uri;
  /**
   * How many bytes go to the cloud or come from there.
   */
  uint64_t bytes;
  /**
   * A CLOUDSYNC_PLAN_... number.
   */
  int32_t kind;
  /**
   * 0 where a start now would do it. Otherwise why not: 22400002 it is sent over Wi-Fi only, 22400004 it is one of many
   * deletions that would wait for cloudsync_answer_held_deletions, or for LEAVE what cloudsync_explain explains.
   */
  int32_t code;
  /**
   * 1 for a folder, else 0.
   */
  uint8_t is_directory;
} CloudSyncPlannedAction;

/**
 * What a plan comes to.
 *
 * Fields may be added at the end: read only what struct_size covers.
 */
typedef struct CloudSyncPlanTotals {
  /**
   * Size of this structure in bytes, as the library that runs knows it.
   */
  size_t struct_size;
  /**
   * Files to be sent now.
   */
  uint64_t uploads;
  /**
   * Their bytes, without those that the cloud has already.
   */
  uint64_t upload_bytes;
  /**
   * Files to be fetched now.
   */
  uint64_t downloads;
  /**
   * Their bytes.
   */
  uint64_t download_bytes;
  /**
   * Actions that a start now would not do.
   */
  uint64_t left;
} CloudSyncPlanTotals;

/**
 * How much space is to be freed: the documented OptimizeSpaceParam. Set struct_size to
 * sizeof(CloudSyncOptimizeSpaceParam).
 */
typedef struct CloudSyncOptimizeSpaceParam {
  /**
   * sizeof(CloudSyncOptimizeSpaceParam).
   */
  size_t struct_size;
  /**
   * How many bytes are to be freed; at least 0.
   */
  int64_t total_size;
  /**
   * Only files that nobody has read for so many days go; 0 for any. At least 0.
   */
  int32_t aging_days;
} CloudSyncOptimizeSpaceParam;

/**
 * How far freeing space is: the documented OptimizeSpaceProgress. Fields may be added at the end: read only
 * those within struct_size.
 */
typedef struct CloudSyncOptimizeSpaceProgress {
  /**
   * How many bytes of this struct there are.
   */
  size_t struct_size;
  /**
   * A CLOUDSYNC_OPTIMIZE_STATE_... number.
   */
  int32_t state;
  /**
   * From 1 to 100, the share of the bytes asked for that is freed; 100 where it is done. Never falls.
   */
  int32_t progress;
} CloudSyncOptimizeSpaceProgress;

/**
 * Told how far freeing space is. The event lives until the callback returns.
 */
typedef void (*CloudSyncOptimizeSpaceCallback)(const struct CloudSyncOptimizeSpaceProgress *event,
                                               void *user_data);

/**
 * Files and folders that changed, all in the same way: the documented ChangeData. The arrays are parallel, and live
 * with what is in them until the callback returns.
 *
 * Fields may be added at the end: read only what struct_size covers.
 */
typedef struct CloudSyncChangeData {
  /**
   * Size of this structure in bytes, as the library that runs knows it.
   */
  size_t struct_size;
  /**
   * A CLOUDSYNC_NOTIFY_... number.
   */
  int32_t type;
  /**
   * How many there are: 1 to 1024.
   */
  uint32_t count;
  /**
   * For each, 1 where it is a folder, else 0.
   */
  const uint8_t *is_directory;
  /**
   * For each its URI: after a rename the new one.
   */
  const char *const *uris;
  /**
   * For each its URI before the rename; NULL for the other types.
   */
  const char *const *old_uris;
} CloudSyncChangeData;

/**
 * Told which files and folders changed. The data and all in it live until the callback returns.
 */
typedef void (*CloudSyncChangeCallback)(const struct CloudSyncChangeData *data,
                                        void *user_data);

/**
 * A file or folder in a listing.
 *
 * Fields may be added at the end: read only what struct_size covers.
 */
typedef struct CloudSyncEntry {
  /**
   * Size of this structure in bytes, as the library that runs knows it.
   */
  size_t struct_size;
  /**
   * Its URI. Lives as long as the page.
   */
  const char *uri;
  /**
   * Its name, not encoded. Lives as long as the page.
   */
  const char *name;
  /**
   * How many bytes, wherever they are; 0 for a folder.
   */
  uint64_t size;
  /**
   * When its bytes were changed last, in milliseconds since 1970; 0 for a folder.
   */
  int64_t mtime_ms;
  /**
   * A CLOUDSYNC_FILE_SYNC_STATE_... number.
   */
  int32_t state;
  /**
   * 1 where it is on this disk, 0 where it is in the cloud alone.
   */
  uint8_t is_here;
  /**
   * 1 for a folder, else 0.
   */
  uint8_t is_directory;
} CloudSyncEntry;

/**
 * A file, or a folder with nothing in it, that can be restored.
 *
 * Fields may be added at the end: read only what struct_size covers.
 */
typedef struct CloudSyncTrashEntry {
  /**
   * Size of this structure in bytes, as the library that runs knows it.
   */
  size_t struct_size;
  /**
   * The URI that it had. Lives as long as the page.
   */
  const char *uri;
  /**
   * The name that it had, not encoded. Lives as long as the page.
   */
  const char *name;
  /**
   * What cloudsync_restore is given to bring exactly this one back, whatever else of its name was removed. Lives as long as
   * the page; the text stays good as long as this one can be restored.
   */
  const char *trash_uri;
  /**
   * How many bytes; 0 for a folder.
   */
  uint64_t size;
  /**
   * When it was removed from this device, in milliseconds since 1970, to the second.
   */
  int64_t removed_ms;
  /**
   * Until when this disk's trash keeps it, in milliseconds since 1970: the first run after the context has been opened later
   * than that removes it for good. 0 where is_here is 0: how long the cloud's trash keeps it is not known here.
   */
  int64_t kept_until_ms;
  /**
   * 1 where its bytes are in the trash on this disk, 0 where they are in the cloud's alone.
   */
  uint8_t is_here;
  /**
   * 1 for a folder, else 0.
   */
  uint8_t is_directory;
} CloudSyncTrashEntry;

/**
 * What belongs to a row beside its fields: the documented ExtensionValue, and what writes need to be safe.
 */
typedef struct CloudSyncExtensionValue {
  /**
   * sizeof(CloudSyncExtensionValue), as the program was compiled.
   */
  size_t struct_size;
  /**
   * The record's id. Not empty.
   */
  const char *id;
  /**
   * When it was inserted, in milliseconds since 1970 by the cloud's clock.
   */
  int64_t create_time;
  /**
   * When it was last written, in milliseconds since 1970 by the cloud's clock.
   */
  int64_t modify_time;
  /**
   * In what a cloud answers: the record's version, 1 or greater, which rises with every write. In what is written: the
   * version that the writer last saw, 0 for "there is none", -1 to write whatever there is.
   */
  int64_t version;
  /**
   * In what is written: the id of the lock that the writer holds; 0 for none.
   */
  int64_t lock_id;
  /**
   * A CLOUDSYNC_FLAG_... number: what the last write was.
   */
  int32_t operation;
} CloudSyncExtensionValue;

/**
 * A file that belongs to a record: the documented CloudAsset. A text that is NULL is an empty one.
 */
typedef struct CloudSyncCloudAsset {
  /**
   * sizeof(CloudSyncCloudAsset), as the program was compiled.
   */
  size_t struct_size;
  /**
   * The cloud's id of the asset; empty until it has been uploaded.
   */
  const char *asset_id;
  /**
   * A hash of modification time and size. It says nothing of the content.
   */
  const char *hash;
  /**
   * File name.
   */
  const char *name;
  /**
   * URI on the device, where there is one.
   */
  const char *uri;
  /**
   * Path on the device, where there is one.
   */
  const char *path;
  /**
   * Creation time in milliseconds since 1970.
   */
  int64_t create_time;
  /**
   * Modification time in milliseconds since 1970.
   */
  int64_t modify_time;
  /**
   * Size in bytes.
   */
  uint64_t size;
  /**
   * A CLOUDSYNC_ASSET_STATUS_... number.
   */
  int32_t status;
} CloudSyncCloudAsset;

/**
 * A field's value: the documented CloudType, in its eight kinds.
 */
typedef struct CloudSyncCloudValue {
  /**
   * sizeof(CloudSyncCloudValue), as the program was compiled.
   */
  size_t struct_size;
  /**
   * NUMBER; 1 or 0 for BOOL.
   */
  int64_t number;
  /**
   * REAL.
   */
  double real;
  /**
   * TEXT, NUL-terminated; NULL for other types.
   */
  const char *text;
  /**
   * BLOB; NULL for other types.
   */
  const uint8_t *bytes;
  /**
   * The bytes of TEXT, without its NUL, or of BLOB.
   */
  size_t length;
  /**
   * ASSET and ASSETS; NULL for other types.
   */
  const struct CloudSyncCloudAsset *const *assets;
  /**
   * How many assets there are: 1 for ASSET.
   */
  size_t asset_count;
  /**
   * Its CLOUDSYNC_FIELD_TYPE_... number.
   */
  int32_t type;
} CloudSyncCloudValue;

/**
 * The account and its space: the documented ServiceInfo.
 */
typedef struct CloudSyncServiceInfo {
  /**
   * sizeof(CloudSyncServiceInfo), as the program was compiled.
   */
  size_t struct_size;
  /**
   * The account's id, derived with SHA-256.
   */
  const char *id;
  /**
   * Space in all, in KB.
   */
  uint64_t total_space;
  /**
   * Space left, in KB.
   */
  uint64_t remaining_space;
  /**
   * The system user that the account belongs to.
   */
  int32_t user;
  /**
   * 1 where the cloud is switched on for this account, else 0.
   */
  uint8_t enable_cloud;
} CloudSyncServiceInfo;

/**
 * One application's switch: the documented AppBriefInfo.
 */
typedef struct CloudSyncAppBriefInfo {
  /**
   * sizeof(CloudSyncAppBriefInfo), as the program was compiled.
   */
  size_t struct_size;
  /**
   * Application id.
   */
  const char *app_id;
  /**
   * Bundle name.
   */
  const char *bundle_name;
  /**
   * 0 for the application itself, counting up for its clones.
   */
  int32_t instance_id;
  /**
   * 1 where the cloud is switched on for this application, else 0.
   */
  uint8_t cloud_switch;
} CloudSyncAppBriefInfo;

/**
 * One column: the documented Field.
 */
typedef struct CloudSyncField {
  /**
   * sizeof(CloudSyncField), as the program was compiled.
   */
  size_t struct_size;
  /**
   * The column's name in the cloud.
   */
  const char *alias;
  /**
   * The column's name on the device.
   */
  const char *col_name;
  /**
   * A CLOUDSYNC_FIELD_TYPE_... number.
   */
  int32_t type;
  /**
   * 1 where it is part of the primary key, else 0.
   */
  uint8_t primary;
  /**
   * 1 where it may be missing, else 0.
   */
  uint8_t nullable;
} CloudSyncField;

/**
 * One table: the documented Table.
 */
typedef struct CloudSyncTable {
  /**
   * sizeof(CloudSyncTable), as the program was compiled.
   */
  size_t struct_size;
  /**
   * Its name in the cloud.
   */
  const char *alias;
  /**
   * Its name on the device.
   */
  const char *name;
  /**
   * Its columns.
   */
  const struct CloudSyncField *const *fields;
  /**
   * How many there are.
   */
  size_t field_count;
} CloudSyncTable;

/**
 * One database: the documented Database.
 */
typedef struct CloudSyncDatabase {
  /**
   * sizeof(CloudSyncDatabase), as the program was compiled.
   */
  size_t struct_size;
  /**
   * Its name on the device.
   */
  const char *name;
  /**
   * Its name in the cloud.
   */
  const char *alias;
  /**
   * Its tables.
   */
  const struct CloudSyncTable *const *tables;
  /**
   * How many there are.
   */
  size_t table_count;
} CloudSyncDatabase;

/**
 * All databases of one bundle: the documented AppSchema.
 */
typedef struct CloudSyncAppSchema {
  /**
   * sizeof(CloudSyncAppSchema), as the program was compiled.
   */
  size_t struct_size;
  /**
   * The bundle.
   */
  const char *bundle_name;
  /**
   * The databases.
   */
  const struct CloudSyncDatabase *const *databases;
  /**
   * How many there are.
   */
  size_t database_count;
  /**
   * Raised with every change of the schema.
   */
  int32_t version;
} CloudSyncAppSchema;

/**
 * One subscription: the documented SubscribeId, with the bundle that it belongs to.
 */
typedef struct CloudSyncSubscribeId {
  /**
   * sizeof(CloudSyncSubscribeId), as the program was compiled.
   */
  size_t struct_size;
  /**
   * The bundle.
   */
  const char *bundle_name;
  /**
   * The database's name in the cloud; not read where subscriptions are ended.
   */
  const char *database_alias;
  /**
   * The subscription's id.
   */
  const char *id;
} CloudSyncSubscribeId;

/**
 * What a subscription came to: the documented SubscribeInfo.
 */
typedef struct CloudSyncSubscribeInfo {
  /**
   * sizeof(CloudSyncSubscribeInfo), as the program was compiled.
   */
  size_t struct_size;
  /**
   * How long it lasts, in milliseconds from the request on.
   */
  uint64_t expiration_time;
  /**
   * The subscriptions.
   */
  const struct CloudSyncSubscribeId *const *ids;
  /**
   * How many there are.
   */
  size_t count;
} CloudSyncSubscribeInfo;

/**
 * A database's lock: the documented LockInfo.
 */
typedef struct CloudSyncLockInfo {
  /**
   * sizeof(CloudSyncLockInfo), as the program was compiled.
   */
  size_t struct_size;
  /**
   * The lock's id, 1 or greater; rises with every lock that is given.
   */
  int64_t lock_id;
  /**
   * How long the lease lasts from the request on, in seconds.
   */
  uint32_t interval;
} CloudSyncLockInfo;

/**
 * What a participant may do with what is shared: the documented Privilege. Each is 1 or 0.
 */
typedef struct CloudSyncPrivilege {
  /**
   * Change it.
   */
  uint8_t writable;
  /**
   * Read it.
   */
  uint8_t readable;
  /**
   * Add to it.
   */
  uint8_t creatable;
  /**
   * Delete it.
   */
  uint8_t deletable;
  /**
   * Share it with others.
   */
  uint8_t shareable;
} CloudSyncPrivilege;

/**
 * Somebody who takes part in a share: the documented Participant.
 */
typedef struct CloudSyncParticipant {
  /**
   * sizeof(CloudSyncParticipant), as the program was compiled.
   */
  size_t struct_size;
  /**
   * Who it is. Not empty.
   */
  const char *identity;
  /**
   * Whatever the app attaches; may be NULL.
   */
  const char *attach_info;
  /**
   * Beyond the documents: the invitation's code, in answers to whoever invited, as long as the invitation waits; the app
   * brings it to the invitee. Empty from a cloud that pushes invitations by itself. May be NULL.
   */
  const char *invitation_code;
  /**
   * A CLOUDSYNC_ROLE_... number.
   */
  int32_t role;
  /**
   * A CLOUDSYNC_STATE_... number: what became of the invitation.
   */
  int32_t state;
  /**
   * What is allowed.
   */
  struct CloudSyncPrivilege privilege;
} CloudSyncParticipant;

/**
 * One asset to upload or to download.
 *
 * Fields may be added at the end: read only what struct_size covers.
 */
typedef struct CloudSyncTransfer {
  /**
   * Size of this structure in bytes, as the library that runs knows it.
   */
  size_t struct_size;
  /**
   * The id of the record that the asset belongs to.
   */
  const char *gid;
  /**
   * The asset: for an upload with name, time and size; for a download with the id that says which.
   */
  const struct CloudSyncCloudAsset *asset;
  /**
   * For an upload: the same across every try to upload these bytes, and no other bytes of the account have it. NULL for a
   * download.
   */
  const char *transfer_id;
  /**
   * For an upload: the 32 bytes of the content's BLAKE3 digest where it is known, else NULL. NULL for a download.
   */
  const uint8_t *digest;
  /**
   * For an upload: how many bytes there are. 0 for a download.
   */
  uint64_t size;
  /**
   * For a download: how many bytes an earlier try left; the vendor goes on from there, or begins at 0.
   */
  uint64_t offset;
} CloudSyncTransfer;

/**
 * A method that writes records: insert, update or delete.
 */
typedef int32_t (*CloudSyncCloudDbWrite)(void *self_,
                                         const char *table,
                                         const struct CloudSyncRows *rows,
                                         struct CloudSyncReply *reply);

/**
 * A vendor's database: the documented CloudDB, for create_cloud_db_stub.
 *
 * Each method answers through its reply, during the call or later, and returns 0; or returns a CLOUDSYNC_ERROR_CODE_...
 * number, which is the answer then. The methods are called from the library's threads, and from callers', several at once.
 * What they are given lives until they have returned and the reply is answered or dropped. A method that is NULL is answered
 * with NOT_SUPPORTED. Inside them the rules of callbacks hold, but for the one on exceptions.
 *
 * On x86-64 and aarch64 a C++ exception that leaves a method is ended, and is the error of that call, whether the method had
 * answered or not: CLOUDSYNC_ERROR_CODE_UNKNOWN_ERROR, or CLOUDSYNC_SHARING_CODE_INNER_ERROR from a share centre, with a text that
 * names the method. The call may or may not have done something. Its reply and what it was called with are gone then, for other
 * threads of the vendor's as well. An exception that leaves destroy is told to the log. Where the C++ runtime is linked into a file
 * that hides its functions (as -static-libstdc++ does in a program), std::uncaught_exceptions() goes on counting what was thrown. On
 * other processors the process ends there; so it does everywhere where a thread ends itself inside a method (pthread_exit,
 * pthread_cancel).
 *
 * What the documents leave open is settled so: ids are unique for good; an insert is idempotent by id (the same row again
 * answers with the version it has); rows of one call are written together, in order, and answered one by one; a deleted record
 * keeps its last fields and is listed with CLOUDSYNC_FLAG_DELETE; pages list each record once, as it is now, the oldest
 * write first.
 *
 */
typedef struct CloudSyncCloudDbVTable {
  /**
   * sizeof(CloudSyncCloudDbVTable), as the program was compiled.
   */
  size_t struct_size;
  /**
   * CLOUDSYNC_CAPABILITY_... bits: what the engine may rely on. 0 for nothing beyond the documents.
   */
  uint32_t capabilities;
  /**
   * How long a reply is waited for, in milliseconds, from when the method has returned; 0 for 60000, a day at
   * most.
   */
  uint64_t timeout_ms;
  /**
   * Gives count ids that were never given before, of 1 to 23 bytes: cloudsync_reply_ids.
   */
  int32_t (*generate_id)(void *self_,
                         size_t count,
                         struct CloudSyncReply *reply);
  /**
   * Inserts records: cloudsync_reply_rows.
   */
  CloudSyncCloudDbWrite insert;
  /**
   * Replaces records' fields: cloudsync_reply_rows.
   */
  CloudSyncCloudDbWrite update;
  /**
   * Deletes records. Deleting a deleted record is no error: cloudsync_reply_rows.
   */
  CloudSyncCloudDbWrite delete_;
  /**
   * Lists up to query_count records written since a cursor ("": from the start), deletions included, with the fields that are
   * named (field_count 0: all): cloudsync_reply_rows. A cursor that is not known is CURSOR_EXPIRED.
   */
  int32_t (*query)(void *self_,
                   const char *table,
                   const char *const *fields,
                   size_t field_count,
                   size_t query_count,
                   const char *query_cursor,
                   struct CloudSyncReply *reply);
  /**
   * Takes the database's lock: cloudsync_reply_lock_info. LOCKED_BY_OTHERS while it is held.
   */
  int32_t (*lock)(void *self_,
                  struct CloudSyncReply *reply);
  /**
   * Gives the lock back: cloudsync_reply_unlocked. A lock that is lost already is no error.
   */
  int32_t (*unlock)(void *self_,
                    int64_t lock_id,
                    struct CloudSyncReply *reply);
  /**
   * Renews a lease: cloudsync_reply_lock_info. STALE_LOCK once it is lost.
   */
  int32_t (*heartbeat)(void *self_,
                       int64_t lock_id,
                       struct CloudSyncReply *reply);
  /**
   * Takes self back, once: when no stub, no context and no call uses it any more and every reply was answered or dropped;
   * also where create_cloud_db_stub fails. May be NULL.
   */
  CloudSyncDestroy destroy;
} CloudSyncCloudDbVTable;

/**
 * What a device believes that the cloud holds of a file, before it lets go of its own copy.
 */
typedef struct CloudSyncClaim {
  /**
   * Size of this structure in bytes, as the library that runs knows it.
   */
  size_t struct_size;
  /**
   * The record's id.
   */
  const char *gid;
  /**
   * The asset that the record names.
   */
  const char *asset_id;
  /**
   * The version that the device last saw.
   */
  uint64_t version;
  /**
   * How many bytes the asset has.
   */
  uint64_t size;
  /**
   * The 32 bytes of their BLAKE3 digest.
   */
  const uint8_t *digest;
} CloudSyncClaim;

/**
 * A vendor's store of assets: the documented AssetLoader, for create_asset_loader_stub.
 *
 * Each method answers through its reply as those of CloudSyncCloudDbVTable do: with cloudsync_reply_item for each asset, in
 * any order, and then cloudsync_reply_done. A call carries many records' assets at once, so that a cloud pays for
 * durability once: an asset that was answered with success is durable. The methods are called from the library's threads,
 * and from callers', several at once.
 */
typedef struct CloudSyncAssetLoaderVTable {
  /**
   * sizeof(CloudSyncAssetLoaderVTable), as the program was compiled.
   */
  size_t struct_size;
  /**
   * How long a reply is waited for, in milliseconds, from when the method has returned or a byte was moved last; 0 for
   * 60000, a day at most.
   */
  uint64_t timeout_ms;
  /**
   * Uploads assets: reads each to its end with cloudsync_transfers_read, and answers with the asset and its new id and hash.
   * One whose digest is given may be answered for without reading where the cloud holds those bytes.
   */
  int32_t (*upload)(void *self_,
                    const char *table,
                    struct CloudSyncTransfers *transfers,
                    struct CloudSyncReply *reply);
  /**
   * Downloads assets: writes each with cloudsync_transfers_write. prefix is the documented prefix of the directory on the
   * device, "" where the transfers say it all. NOT_FOUND for an asset that is not there.
   */
  int32_t (*download)(void *self_,
                      const char *table,
                      const char *prefix,
                      struct CloudSyncTransfers *transfers,
                      struct CloudSyncReply *reply);
  /**
   * Proves claims: success for one says that the record is there, not deleted, has that version and names that asset, and
   * that the asset's bytes were just read and have that size and digest. A device removes its own copy on the strength of it.
   * VERSION_CONFLICT, NOT_FOUND or CORRUPT where it is not so. Where this is NULL, nothing is proved and no space is freed.
   */
  int32_t (*prove)(void *self_,
                   const char *table,
                   const struct CloudSyncClaim *const *claims,
                   size_t count,
                   struct CloudSyncReply *reply);
  /**
   * Takes self back, once, as in CloudSyncCloudDbVTable. May be NULL.
   */
  CloudSyncDestroy destroy;
} CloudSyncAssetLoaderVTable;

/**
 * A method of a share centre that takes participants.
 */
typedef int32_t (*CloudSyncShareCenterWithParticipants)(void *self_,
                                                        int32_t user_id,
                                                        const char *bundle_name,
                                                        const char *sharing_resource,
                                                        const struct CloudSyncParticipant *const *participants,
                                                        size_t count,
                                                        struct CloudSyncReply *reply);

/**
 * A method of a share centre that takes the name of what is shared, or an invitation's code.
 */
typedef int32_t (*CloudSyncShareCenterWithName)(void *self_,
                                                int32_t user_id,
                                                const char *bundle_name,
                                                const char *name,
                                                struct CloudSyncReply *reply);

/**
 * A method of a share centre that takes that, and a CLOUDSYNC_STATE_... number.
 */
typedef int32_t (*CloudSyncShareCenterWithState)(void *self_,
                                                 int32_t user_id,
                                                 const char *bundle_name,
                                                 const char *name,
                                                 int32_t state,
                                                 struct CloudSyncReply *reply);

/**
 * The method of a share centre that takes a record: its database's alias, its table and its id.
 */
typedef int32_t (*CloudSyncShareCenterAlloc)(void *self_,
                                             int32_t user_id,
                                             const char *bundle_name,
                                             const char *database_alias,
                                             const char *table,
                                             const char *record_id,
                                             struct CloudSyncReply *reply);

/**
 * A vendor's share centre: the documented ShareCenter, for create_share_service_stub.
 *
 * Each method answers through its reply as those of CloudSyncCloudDbVTable do, but for its errors, which are
 * CLOUDSYNC_SHARING_CODE_... numbers: those that it returns, and those of cloudsync_reply_fail.
 *
 * What the documents leave open is settled so: a call that was answered with success may be made again and answers the same;
 * a call that fails as a whole has changed nothing; participants are answered one by one, and one that is refused keeps no other
 * from being done; who is neither inviter nor invitee is told NOT_INVITER_OR_INVITEE, also where there is no such share.
 */
typedef struct CloudSyncShareCenterVTable {
  /**
   * sizeof(CloudSyncShareCenterVTable), as the program was compiled.
   */
  size_t struct_size;
  /**
   * How long a reply is waited for, in milliseconds, from when the method has returned; 0 for 60000, a day at most.
   */
  uint64_t timeout_ms;
  /**
   * Shares with participants: cloudsync_reply_participant for each, then cloudsync_reply_done.
   */
  CloudSyncShareCenterWithParticipants share;
  /**
   * Takes a share back from participants: as share.
   */
  CloudSyncShareCenterWithParticipants unshare;
  /**
   * Leaves a share: cloudsync_reply_done.
   */
  CloudSyncShareCenterWithName exit;
  /**
   * Changes what participants may do: as share.
   */
  CloudSyncShareCenterWithParticipants change_privilege;
  /**
   * Who takes part in a share: cloudsync_reply_participants.
   */
  CloudSyncShareCenterWithName query_participants;
  /**
   * Who takes part in the share that an invitation's code is for: cloudsync_reply_participants.
   */
  CloudSyncShareCenterWithName query_participants_by_invitation;
  /**
   * Answers an invitation by its code: cloudsync_reply_sharing_resource.
   */
  CloudSyncShareCenterWithState confirm_invitation;
  /**
   * Changes that answer: cloudsync_reply_done.
   */
  CloudSyncShareCenterWithState change_confirmation;
  /**
   * The sharing resource that stands for a record, made where there is none yet, and the same as long as the record lives:
   * cloudsync_reply_sharing_resource. May be NULL where programs learn of sharing resources in another way.
   */
  CloudSyncShareCenterAlloc alloc_resource;
  /**
   * Takes self back, once, as in CloudSyncCloudDbVTable. May be NULL.
   */
  CloudSyncDestroy destroy;
} CloudSyncShareCenterVTable;

/**
 * A method of a cloud that takes nothing.
 */
typedef int32_t (*CloudSyncCloudServiceAsk)(void *self_,
                                            struct CloudSyncReply *reply);

/**
 * A method that connects to one of a bundle's databases.
 */
typedef int32_t (*CloudSyncCloudServiceConnect)(void *self_,
                                                const char *bundle_name,
                                                const struct CloudSyncDatabase *database,
                                                struct CloudSyncReply *reply);

/**
 * A vendor's cloud: the documented CloudService, for create_cloud_service_stub.
 *
 * Each method answers through its reply as those of CloudSyncCloudDbVTable do. A cloud that is synced with needs
 * get_service_info, connect_db and connect_asset_loader at least. Where get_app_brief_info is NULL or fails, every application
 * is switched on; where subscribe is NULL, changes of others are found when somebody looks.
 */
typedef struct CloudSyncCloudServiceVTable {
  /**
   * sizeof(CloudSyncCloudServiceVTable), as the program was compiled.
   */
  size_t struct_size;
  /**
   * How long a reply is waited for, in milliseconds, from when the method has returned; 0 for 60000, a day at
   * most.
   */
  uint64_t timeout_ms;
  /**
   * The account and its space: cloudsync_reply_service_info.
   */
  CloudSyncCloudServiceAsk get_service_info;
  /**
   * Every known application's switch: cloudsync_reply_app_brief_info.
   */
  CloudSyncCloudServiceAsk get_app_brief_info;
  /**
   * A bundle's databases: cloudsync_reply_app_schema. Asked for with every connection, after it was made; what is described
   * there holds for it. A connection that describes a table or field which is missing here, or is of another type, or that
   * leaves out a field which may never be null, fails with INVALID_ARGUMENT; and no row, query or asset that does not fit
   * gets to the vendor. A schema without databases, or without their tables, constrains nothing, and neither does one that is
   * NOT_SUPPORTED or NULL. One with a name twice, or empty, is an error of the connection.
   */
  int32_t (*get_app_schema)(void *self_,
                            const char *bundle_name,
                            struct CloudSyncReply *reply);
  /**
   * Tells the listener of writes to databases from now on (cloudsync_change_listener_tell), for expiration_time milliseconds
   * or as long as the answer says. bundle_names and databases are parallel: a bundle comes once for each of its databases. The
   * listener is the vendor's from then on, whatever it answers, unless it throws: cloudsync_reply_subscribe_info.
   */
  int32_t (*subscribe)(void *self_,
                       const char *const *bundle_names,
                       const struct CloudSyncDatabase *const *databases,
                       size_t count,
                       uint64_t expiration_time,
                       struct CloudSyncChangeListener *listener,
                       struct CloudSyncReply *reply);
  /**
   * Ends subscriptions by bundle and id. One that has ended is no error: cloudsync_reply_done.
   */
  int32_t (*unsubscribe)(void *self_,
                         const struct CloudSyncSubscribeId *const *ids,
                         size_t count,
                         struct CloudSyncReply *reply);
  /**
   * A connection to a bundle's records: cloudsync_reply_cloud_db.
   */
  CloudSyncCloudServiceConnect connect_db;
  /**
   * A connection to a bundle's assets: cloudsync_reply_asset_loader.
   */
  CloudSyncCloudServiceConnect connect_asset_loader;
  /**
   * Takes self back, once, as in CloudSyncCloudDbVTable. May be NULL.
   */
  CloudSyncDestroy destroy;
  /**
   * The way to share a user's and a bundle's data with other accounts: cloudsync_reply_share_center.
   * NULL where the cloud does not share, which a table without this field, as long as struct_size says, says as well.
   */
  int32_t (*connect_share_center)(void *self_,
                                  int32_t user_id,
                                  const char *bundle_name,
                                  struct CloudSyncReply *reply);
} CloudSyncCloudServiceVTable;

/**
 * An account with its applications' switches: the documented CloudInfo. Its map is a list, in the order of the bundles' names.
 */
typedef struct CloudSyncCloudInfo {
  /**
   * sizeof(CloudSyncCloudInfo), as the library that runs knows it.
   */
  size_t struct_size;
  /**
   * The account and its space.
   */
  const struct CloudSyncServiceInfo *cloud_info;
  /**
   * Pointers to the applications, each of which names its bundle.
   */
  const struct CloudSyncAppBriefInfo *const *apps;
  /**
   * Their number.
   */
  size_t app_count;
} CloudSyncCloudInfo;

/**
 * What became of one asset: the documented Result of a CloudAsset.
 */
typedef struct CloudSyncAssetResult {
  /**
   * Size of this structure in bytes, as the library that runs knows it.
   */
  size_t struct_size;
  /**
   * What failed; empty for success.
   */
  const char *description;
  /**
   * The asset, with its id and hash; NULL where it failed.
   */
  const struct CloudSyncCloudAsset *asset;
  /**
   * A CLOUDSYNC_ERROR_CODE_... number; 0 for success.
   */
  int32_t code;
} CloudSyncAssetResult;

/**
 * What became of one participant: the documented Result of a Participant.
 */
typedef struct CloudSyncParticipantResult {
  /**
   * Size of this structure in bytes, as the library that runs knows it.
   */
  size_t struct_size;
  /**
   * What failed; empty for success.
   */
  const char *description;
  /**
   * The participant; NULL where it failed.
   */
  const struct CloudSyncParticipant *participant;
  /**
   * A CLOUDSYNC_SHARING_CODE_... number; 0 for success.
   */
  int32_t code;
} CloudSyncParticipantResult;

/**
 * Told that records of a bundle were written. The name lives until the callback returns.
 */
typedef void (*CloudSyncCloudChangeCallback)(const char *bundle_name,
                                             void *user_data);

/**
 * Told one check of cloudsync_conformance: its name, 1 where the cloud passed it and 0 where not, and what was found
 * instead, which is never NULL: "" where it was passed, a text that begins with "skipped: " where it was left out and counts as
 * passed. Both texts live until the callback returns.
 */
typedef void (*CloudSyncConformanceCallback)(const char *name,
                                             int32_t passed,
                                             const char *text,
                                             void *user_data);

/**
 * Told once how an asynchronous call of sharing ended: a code and a text as in CloudSyncCompletion; the share centre's
 * CLOUDSYNC_SHARING_CODE_... number, 0 for success and where the call did not come so far; and what the documents have the
 * call give, as a result to be freed with cloudsync_result_free, or NULL where it gives nothing or failed.
 */
typedef void (*CloudSyncSharingCompletion)(int32_t code,
                                           const char *message,
                                           int32_t sharing_code,
                                           struct CloudSyncResult *result,
                                           void *user_data);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library that runs, such as "0.1.0". The macros CLOUDSYNC_VERSION_... are the version
 * of the header that the program was compiled with.
 *
 * @return A static text, never NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
const char *cloudsync_version(void);

/**
 * The version of the library that runs as one number: major * 65536 + minor * 256 + patch.
 *
 * @return The number.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
uint32_t cloudsync_version_number(void);

/**
 * What a code means, in a few words, for a log or a developer.
 *
 * @param code Any number; one that is none of ours has a text as well.
 * @return A static text in English, never NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
const char *cloudsync_strerror(int32_t code);

/**
 * What the caller can do about a code, in a few words.
 *
 * @param code Any number; one that is none of ours has a text as well.
 * @return A static text in English, never NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
const char *cloudsync_error_remedy(int32_t code);

/**
 * This thread's last failed call in detail: which argument, which file, what to do. A call that succeeds
 * leaves it as it is. What fails later, in an asynchronous operation, brings its own text with it.
 *
 * @param buffer Where the text goes, cut between characters where it does not fit, always ended by a NUL.
 *               NULL only asks for the length.
 * @param length The buffer's size in bytes; 0 only asks for the length.
 * @return The whole text's length in bytes without the NUL; 0 where no call has failed on this thread.
 *
 * Thread safety: any thread, each has its own text. Callback safe: yes.
 */
size_t cloudsync_last_error(char *buffer,
                            size_t length);

/**
 * Sets where log lines go, for the whole process, in place of the one set before. Without it the library
 * is silent: it never prints.
 *
 * Lines of a context come on its dispatcher (see cloudsync_options_set_dispatch), so with several contexts the
 * function may run on several threads at once. Lines may be left out while a dispatcher is far behind.
 * When this returns on a thread that is not inside a callback, the function set before is not running, will
 * not run again, and its destroy has been called.
 *
 * @param max_level The most detailed CLOUDSYNC_LOG_... level wanted, 1 to 4; not looked at where cb is NULL.
 * @param cb        The function, or NULL for none.
 * @param user_data Passed to cb.
 * @param destroy   Takes user_data back, once, also where this call fails; may be NULL.
 * @return 0; 401 for a level outside 1 to 4.
 *
 * Thread safety: any thread, one at a time. Callback safe: yes.
 */
int32_t cloudsync_set_log_cb(int32_t max_level,
                             CloudSyncLogCallback cb,
                             void *user_data,
                             CloudSyncDestroy destroy);

/**
 * Opens the embedded cloud: a directory that holds records and assets, made with mode 0700 where it is missing.
 * Several processes may use one directory at once.
 *
 * @param dir     A path; copied.
 * @param account The account's name; copied.
 * @param out     Where the stub goes; the caller frees it with cloud_service_stub_free.
 * @return 0; 401 where something is NULL, empty or not UTF-8; 13900005, 13900012, 13900025 or 13900027 where the
 *         directory cannot be used; 13900042 where it was damaged or is of a newer version.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_embedded_cloud_new(const char *dir,
                                     const char *account,
                                     struct CloudSyncCloudServiceStub **out);

/**
 * Opens the embedded cloud as cloudsync_embedded_cloud_new does, with a limit to the account's space: an upload that
 * goes beyond it fails with CLOUD_STORAGE_FULL.
 *
 * @param dir     A path; copied.
 * @param account The account's name; copied.
 * @param quota   The account's space in bytes.
 * @param out     Where the stub goes; the caller frees it with cloud_service_stub_free.
 * @return As cloudsync_embedded_cloud_new.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_embedded_cloud_new_with_quota(const char *dir,
                                                const char *account,
                                                uint64_t quota,
                                                struct CloudSyncCloudServiceStub **out);

/**
 * Switches an embedded cloud on or off, for one bundle or for the whole account, as a person does in a cloud's
 * settings. Kept in the cloud's directory, for every device. While it is off, a start answers 22400001; what the cloud
 * and the devices hold stays.
 *
 * @param stub        The embedded cloud.
 * @param bundle_name The bundle; copied. The gallery's is com.ohos.medialibrary. NULL for the whole account.
 * @param on          0 for off.
 * @return 0; 401 for a bad handle, another cloud than an embedded one, or a name that is empty or not UTF-8; 13900025 where its disk is
 *         full.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_embedded_cloud_switch(struct CloudSyncCloudServiceStub *stub,
                                        const char *bundle_name,
                                        int32_t on);

/**
 * Frees a stub. Options and contexts that use its cloud keep it.
 *
 * @param stub The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloud_service_stub_free(struct CloudSyncCloudServiceStub *stub);

/**
 * Makes options with the defaults that each setter names.
 *
 * @param out Where the handle goes; the caller frees it with cloudsync_options_free.
 * @return 0; 401 where out is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_new(struct CloudSyncOptions **out);

/**
 * Frees options. Contexts opened with them are not touched.
 *
 * @param options The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_free(struct CloudSyncOptions *options);

/**
 * Sets where the index lies. Required. The directory is made with mode 0700 where it is missing, and belongs
 * to one context at a time. A gallery has one state directory: through a second one it is another device's, for which
 * what the first removes to free space is deleted.
 *
 * @param options The options.
 * @param path    A path; copied.
 * @return 0; 401 for a bad handle, or a path that is NULL, empty or not UTF-8.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_state_dir(struct CloudSyncOptions *options,
                                        const char *path);

/**
 * Sets the folder of photos. Required; the folder must be there when a context is opened.
 *
 * A context keeps the directory open: a disk that it lies on can be unmounted once the context is closed, or lazily.
 *
 * @param options The options.
 * @param path    A path; copied.
 * @return 0; 401 for a bad handle, or a path that is NULL, empty or not UTF-8.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_gallery_dir(struct CloudSyncOptions *options,
                                          const char *path);

/**
 * Adds a bundle whose cloud directory is synced, with FileSync: as file://BUNDLE/data/storage/el2/cloud/PATH its files
 * are known then. Each bundle's directory is synced by itself, with an index, records and a lock of its own, by the
 * threads that cloudsync_options_set_transfer_threads says. None is set by default. A name that was set before gets the
 * new directory.
 *
 * @param options     The options.
 * @param bundle_name The bundle's name: letters, digits, '.', '_' and '-', not beginning with '.'; copied.
 * @param path        The directory, which must be there when a context is opened; copied.
 * @return 0; 401 for a bad handle, a name that is NULL, empty or has other letters, or a path that is NULL, empty or
 *         not UTF-8.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_bundle_dir(struct CloudSyncOptions *options,
                                         const char *bundle_name,
                                         const char *path);

/**
 * Sets who calls: decides which operations answer 201 (no ohos.permission.CLOUDFILE_SYNC) and 202 (no
 * system app). By default the program is its own host: it has every permission and is a system app.
 *
 * @param options     The options.
 * @param bundle_name The caller's bundle name, as error texts show it; copied.
 * @param permissions The permissions that it was granted; copied. Not looked at where n is 0.
 * @param n           How many permissions there are.
 * @param system_app  0 for no system app, anything else for one.
 * @return 0; 401 for a bad handle, or text that is NULL, empty (the bundle name) or not UTF-8.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_caller(struct CloudSyncOptions *options,
                                     const char *bundle_name,
                                     const char *const *permissions,
                                     size_t n,
                                     int32_t system_app);

/**
 * Sets the cloud. Required. The stub may be freed at once: the options keep what it stands for.
 *
 * @param options The options.
 * @param cloud   A cloud, such as cloudsync_embedded_cloud_new makes.
 * @return 0; 401 for a bad handle.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_cloud(struct CloudSyncOptions *options,
                                    const struct CloudSyncCloudServiceStub *cloud);

/**
 * Sets this device's name, as conflict copies show it. The default is "device".
 *
 * @param options The options.
 * @param name    The name; copied.
 * @return 0; 401 for a bad handle, or a name that is NULL, empty or not UTF-8, or has a '/' in it.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_device_name(struct CloudSyncOptions *options,
                                          const char *name);

/**
 * Sets how many threads move bytes. The default is 4.
 *
 * @param options The options.
 * @param threads 1 to 64.
 * @return 0; 401 for a bad handle or a number outside 1 to 64.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_transfer_threads(struct CloudSyncOptions *options,
                                               uint32_t threads);

/**
 * Sets whether files that come from the cloud bring their bytes at once.
 *
 * @param options The options.
 * @param policy  A CLOUDSYNC_DOWNLOAD_POLICY_... number; CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS by default.
 * @return 0; 401 for a bad handle or another number.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_download_policy(struct CloudSyncOptions *options,
                                              int32_t policy);

/**
 * Sets where callbacks run.
 *
 * @param options  The options.
 * @param dispatch A CLOUDSYNC_DISPATCH_... number; CLOUDSYNC_DISPATCH_THREAD by default.
 * @return 0; 401 for a bad handle or another number.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_dispatch(struct CloudSyncOptions *options,
                                       int32_t dispatch);

/**
 * Sets when a large share of deletions stops and asks (cloudsync_get_held_deletions): where at least so many
 * files, and at least so large a share of all, are gone at once. The defaults are 50 files and 25 percent.
 *
 * @param options The options.
 * @param files   Fewer deletions than this never ask.
 * @param percent A smaller share than this never asks, 0 to 100.
 * @return 0; 401 for a bad handle or more than 100 percent.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_deletion_hold(struct CloudSyncOptions *options,
                                            uint64_t files,
                                            uint32_t percent);

/**
 * Sets the battery marks, in percent of charge, for a device that is not charging. The defaults are 15 and 10.
 *
 * @param options The options.
 * @param low     Under it, start is refused with 22400003, and a run ends with BATTERY_LEVEL_LOW; 0 to 100.
 * @param warning Under it, a run ends with BATTERY_LEVEL_WARNING; 0 to low.
 * @return 0; 401 for a bad handle or numbers outside their ranges.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_battery_marks(struct CloudSyncOptions *options,
                                            int32_t low,
                                            int32_t warning);

/**
 * Sets whether uploads wait for Wi-Fi or a wired network. By default they do not.
 *
 * @param options   The options.
 * @param wifi_only 0 for no, anything else for yes.
 * @return 0; 401 for a bad handle.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_upload_on_wifi_only(struct CloudSyncOptions *options,
                                                  int32_t wifi_only);

/**
 * Sets whether runs begin by themselves from when a context is opened on, of the gallery and of every bundle: see
 * cloudsync_set_auto_sync, which changes it later. By default they do not.
 *
 * @param options The options.
 * @param on      0 for no, anything else for yes.
 * @return 0; 401 for a bad handle.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_auto_sync(struct CloudSyncOptions *options,
                                        int32_t on);

/**
 * Sets whether small pictures (thumbnail and LCD) are made of the photos that this device sends. By default they are;
 * without them other devices have none of these photos to show, and nothing else changes.
 *
 * @param options  The options.
 * @param previews 0 for no, anything else for yes.
 * @return 0; 401 for a bad handle.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_previews(struct CloudSyncOptions *options,
                                       int32_t previews);

/**
 * Sets whether files carry their states as the attribute `user.cloud.filestatus`, for other programs to see. By
 * default they do, where the gallery's file system has user attributes and read leases. The value is a decimal
 * number, as CloudSyncFileState numbers are not: 0 to be uploaded, 2 upload failed, 3 uploaded from this device,
 * 4 downloaded, 5 left out by a filter. A run writes 0 to what was in step and is so no more before it changes anything, 3
 * when a file's record is in the cloud, and the rest in the end; a download writes it at once. While somebody is told of
 * changes (register_change), 0 is written without a run as well; otherwise it stays as it was while nothing runs. It is
 * not written to a new file of 32 MiB or more before all its bytes are sent, nor to one that has several names, that
 * another program has open for writing, or that this process may not write to. Modification times stay; change times
 * do not.
 *
 * @param options The options.
 * @param on      0 for no, anything else for yes.
 * @return 0; 401 for a bad handle.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_state_attributes(struct CloudSyncOptions *options,
                                               int32_t on);

/**
 * Sets who tells network, battery and heat. By default the system does (sysfs).
 *
 * @param options The options.
 * @param vtable  The host's functions; copied, and owned from here on, also where this call fails (see destroy).
 * @return 0; 401 for a bad handle, a vtable or function that is NULL, or a struct_size that is not this
 *         library's. Where struct_size is wrong, destroy cannot be read and is not called.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_device(struct CloudSyncOptions *options,
                                     const struct CloudSyncDeviceVTable *vtable);

/**
 * Adds a filter after the others: of those that match a file, or a folder that it is in, the last one decides, and
 * what none matches is synced. The filters of the options hold for the gallery and for every bundle.
 *
 * A pattern without a '/', but at its end, matches names of files and folders anywhere; one with a '/' matches paths
 * from the directory on, with or without a '/' at its beginning. '*' stands for any letters but '/', '?' for one,
 * '**' between slashes for any folders, '[abc]' and '[!abc]' for one letter of these and of others. Capital and small
 * letters differ. The photos alone: exclude "*", then include "*.jpg".
 *
 * What is left out is left as it is, here and in the cloud: nothing of it is sent, brought, moved or deleted, whatever
 * happens to it on either side meanwhile. It is listed, cloudsync_explain tells 13900001 and names the filter
 * where both sides differ, and whoever downloads it by name gets it. The name here decides, and for what is in the cloud
 * alone the name there. A context opened without the filter takes it up again: what was changed on one side comes
 * to the other, two different changes are both kept, and what is missing on one side comes back from the other.
 *
 * @param options The options.
 * @param action  A CLOUDSYNC_FILTER_... number.
 * @param pattern The pattern; copied.
 * @return 0; 401 for a bad handle, another number, or a pattern that is NULL, empty, not UTF-8 or none, which
 *         cloudsync_last_error names.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_add_filter(struct CloudSyncOptions *options,
                                     int32_t action,
                                     const char *pattern);

/**
 * Sets the size of the largest files that are synced. Larger ones are left alone, as by a filter
 * (cloudsync_options_add_filter). By default there is none.
 *
 * @param options The options.
 * @param bytes   The size in bytes; 0 for none.
 * @return 0; 401 for a bad handle.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_max_file_size(struct CloudSyncOptions *options,
                                            uint64_t bytes);

/**
 * Sets how fast bytes move, in all transfers of a context together, gallery and bundles. By default as fast as they
 * can. Within the limit, what a person waits for (Download, CloudFileCache's single files) goes before what runs
 * in the background.
 *
 * @param options  The options.
 * @param upload   Bytes a second to the cloud; 0 for any number.
 * @param download Bytes a second from the cloud; 0 for any number.
 * @return 0; 401 for a bad handle.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_options_set_bandwidth_limits(struct CloudSyncOptions *options,
                                               uint64_t upload,
                                               uint64_t download);

/**
 * Changes how fast bytes move from now on, those that are under way too: see
 * cloudsync_options_set_bandwidth_limits.
 *
 * @param context  The context.
 * @param upload   Bytes a second to the cloud; 0 for any number.
 * @param download Bytes a second from the cloud; 0 for any number.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle; 13600001 where the context has been
 *         closed.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_set_bandwidth_limits(struct CloudSyncContext *context,
                                       uint64_t upload,
                                       uint64_t download);

/**
 * Opens a context: takes the state directory, opens the index, and starts the library's threads, with all
 * signals blocked on them. Nothing is synced yet.
 *
 * @param options What to open it with; copied, so it may be freed or changed afterwards.
 * @param out     Where the handle goes; the caller ends it with cloudsync_close.
 * @return 0; 401 for a bad handle, where out is NULL, or where the state directory, the gallery directory or the
 *         cloud is not set; 13900002 where the gallery is missing; 13900012 where a directory is not ours to
 *         use; 13900014 where another context, of any process, has the state directory open; 13900025 where its disk is
 *         full; 13900005 for another failure of the disk; 13900001 where the state directory is of a newer version;
 *         13900027 where it is read-only.
 *
 * Thread safety: any thread. Blocks while the index is read. Callback safe: yes.
 */
int32_t cloudsync_open(const struct CloudSyncOptions *options,
                       struct CloudSyncContext **out);

/**
 * Closes a context: stops what runs, delivers every final event and completion that is due, and joins the library's
 * threads, within 2 seconds plus what the host's callbacks take. With CLOUDSYNC_DISPATCH_HOST, what is left
 * is delivered on the thread that closes, after a cloudsync_dispatch that is under way.
 *
 * GallerySync, FileSync, Download and CloudFileCache handles of the context answer 13600001 from then on, and are still
 * to be freed: their callbacks' destroy is called when they are. The destroy of the callbacks of register_change is
 * called here.
 *
 * @param context The handle; NULL does nothing.
 * @return 0; 401 for a handle that was closed already or is none; 13900029 from inside a callback, nothing is
 *         done then.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029.
 */
int32_t cloudsync_close(struct CloudSyncContext *context);

/**
 * Runs waiting callbacks on this thread, for a context opened with CLOUDSYNC_DISPATCH_HOST. Where several
 * threads call it, one runs callbacks at a time.
 *
 * @param context    The context.
 * @param max_events The most callbacks' events to run; 0 for those that wait when it begins.
 * @param timeout_ms How long to wait for the first event, in milliseconds: 0 not at all, -1 without end.
 * @return 0, also where nothing came in time; 401 for a bad handle, a timeout under -1, or a context that has
 *         its own dispatcher thread; 13900029 from inside a callback, nothing is done then.
 *
 * Thread safety: any thread. Blocks as long as said. Callback safe: no, answers 13900029.
 */
int32_t cloudsync_dispatch(struct CloudSyncContext *context,
                           size_t max_events,
                           int32_t timeout_ms);

/**
 * The descriptor that polls readable exactly while events wait, for a context opened with
 * CLOUDSYNC_DISPATCH_HOST: when it is readable, call cloudsync_dispatch. Only poll it: it is the library's, is never to
 * be read or closed, and is closed by cloudsync_close.
 *
 * @param context The context.
 * @return The descriptor, 0 or greater; or a code negated: -401 for a bad handle, or a context that has its
 *         own dispatcher thread.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_event_fd(struct CloudSyncContext *context);

/**
 * How many deletions wait for the host's word, because a large share of a directory's files is gone at once (see
 * cloudsync_options_set_deletion_hold). Until it is given, none of them is carried out.
 *
 * @param context The context.
 * @param out     Where the number goes.
 * @return 0; 401 for a bad handle or where out is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_get_held_deletions(struct CloudSyncContext *context,
                                     uint64_t *out);

/**
 * Gives the host's word on the deletions that wait.
 *
 * @param context   The context.
 * @param carry_out 0: bring the files back. Anything else: carry the deletions out, at the next run.
 * @return 0, also where none wait; 401 for a bad handle; 22400005 where the index cannot keep the answer.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_answer_held_deletions(struct CloudSyncContext *context,
                                        int32_t carry_out);

/**
 * Makes a GallerySync (documented: constructor).
 *
 * @param context The context.
 * @param out     Where the handle goes; the caller frees it with gallery_sync_free.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle or where out is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t gallery_sync_new(struct CloudSyncContext *context,
                         struct CloudSyncGallerySync **out);

/**
 * Frees a GallerySync. A sync run that it started goes on; completions that it still owes come. When this
 * returns on a thread that is not inside a callback, none of its progress callbacks is running or will run
 * again, and the destroy of each has been called. Inside a callback it does not wait: a callback that runs is done
 * with when it returns.
 *
 * @param gallery_sync The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
 */
int32_t gallery_sync_free(struct CloudSyncGallerySync *gallery_sync);

/**
 * Registers a progress callback (documented: on). Several may be registered; each is told of every
 * event from now on, in the order of registering. Registering tells nothing by itself: the next event comes with the
 * next change. The same function with the same user data is registered once: a second time answers 0, changes
 * nothing, and calls destroy for the user data handed over with it.
 *
 * @param gallery_sync The GallerySync.
 * @param cb           The function.
 * @param user_data    Passed to cb.
 * @param destroy      Takes user_data back, once, also where this call fails; may be NULL.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle or where cb is NULL;
 *         13600001 where the context has been closed.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t gallery_sync_register_progress_cb(struct CloudSyncGallerySync *gallery_sync,
                                          CloudSyncSyncProgressCallback cb,
                                          void *user_data,
                                          CloudSyncDestroy destroy);

/**
 * Unregisters progress callbacks (documented: off). What is not registered is no error. When this returns on a
 * thread that is not inside a callback, the callback is not running, will not run again, and its destroy has
 * been called. Inside a callback it does not wait: a callback that runs is done with when it returns.
 *
 * @param gallery_sync The GallerySync.
 * @param cb           The function, or NULL for all of this GallerySync.
 * @param user_data    The user data that it was registered with; not looked at where cb is NULL.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle.
 *
 * Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
 */
int32_t gallery_sync_unregister_progress_cb(struct CloudSyncGallerySync *gallery_sync,
                                            CloudSyncSyncProgressCallback cb,
                                            void *user_data);

/**
 * Starts a sync run (documented: start as a promise). Returns when the run is accepted; how it ends arrives as
 * a progress event with a final state. A start while a run is under way is accepted and runs once more
 * afterwards; starts that were accepted meanwhile share that run and its final event.
 *
 * @param gallery_sync The GallerySync.
 * @return 0: accepted; 201 without the permission; 202 for no system app; 401 for a bad handle; 22400002 without
 *         network; 22400001 where the cloud is signed out or switched off; 22400003 with too little battery; 13600001
 *         where the context has been closed; 13900029 from inside a callback, nothing is done then.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use gallery_sync_start_async.
 */
int32_t gallery_sync_start(struct CloudSyncGallerySync *gallery_sync);

/**
 * Starts a sync run (documented: start with an AsyncCallback). As gallery_sync_start, but returns at once: its
 * code comes to the completion callback, once, also where the context is closed first.
 *
 * @param gallery_sync The GallerySync.
 * @param done         Told the code of gallery_sync_start.
 * @param user_data    Passed to done.
 * @return 0: done will be called; 201, 202, 401 or 13600001 as gallery_sync_start, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t gallery_sync_start_async(struct CloudSyncGallerySync *gallery_sync,
                                 CloudSyncCompletion done,
                                 void *user_data);

/**
 * Stops the sync run (documented: stop as a promise). Returns when that is accepted; the run ends with a
 * progress event STOPPED, and the next start goes on from where it was. Without a run this is no error.
 *
 * @param gallery_sync The GallerySync.
 * @return 0: accepted; 201 without the permission; 202 for no system app; 401 for a bad handle; 13600001 where the
 *         context has been closed; 13900029 from inside a callback, nothing is done then.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use gallery_sync_stop_async.
 */
int32_t gallery_sync_stop(struct CloudSyncGallerySync *gallery_sync);

/**
 * Stops the sync run (documented: stop with an AsyncCallback). As gallery_sync_stop, but returns at once: its
 * code comes to the completion callback, once, also where the context is closed first.
 *
 * @param gallery_sync The GallerySync.
 * @param done         Told the code of gallery_sync_stop.
 * @param user_data    Passed to done.
 * @return 0: done will be called; 201, 202, 401 or 13600001 as gallery_sync_stop, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t gallery_sync_stop_async(struct CloudSyncGallerySync *gallery_sync,
                                CloudSyncCompletion done,
                                void *user_data);

/**
 * Makes a FileSync (documented: constructor).
 *
 * @param context     The context.
 * @param bundle_name A bundle whose directory the context was opened with (cloudsync_options_set_bundle_dir).
 * @param out         Where the handle goes; the caller frees it with file_sync_free.
 * @return 0; 202 where the caller is no system app and the bundle is not its own; 401 for a bad handle, a name that is
 *         NULL, empty, not UTF-8 or of no bundle of this context, or where out is NULL; 13600001 where the context has
 *         been closed.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t file_sync_new(struct CloudSyncContext *context,
                      const char *bundle_name,
                      struct CloudSyncFileSync **out);

/**
 * Frees a FileSync. A sync run that it started goes on; completions that it still owes come. When this returns on a
 * thread that is not inside a callback, none of its progress callbacks is running or will run again, and the destroy of
 * each has been called. Inside a callback it does not wait: a callback that runs is done with when it returns.
 *
 * @param file_sync The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
 */
int32_t file_sync_free(struct CloudSyncFileSync *file_sync);

/**
 * Registers a progress callback (documented: on). Several may be registered; each is told of every event of the bundle's
 * runs from now on, in the order of registering. Registering tells nothing by itself: the next event comes with the next
 * change. The same function with the same user data is registered once: a second time answers 0, changes nothing, and
 * calls destroy for the user data handed over with it.
 *
 * @param file_sync The FileSync.
 * @param cb        The function.
 * @param user_data Passed to cb.
 * @param destroy   Takes user_data back, once, also where this call fails; may be NULL.
 * @return 0; 401 for a bad handle or where cb is NULL; 13600001 where the context has been closed.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t file_sync_register_progress_cb(struct CloudSyncFileSync *file_sync,
                                       CloudSyncSyncProgressCallback cb,
                                       void *user_data,
                                       CloudSyncDestroy destroy);

/**
 * Unregisters progress callbacks (documented: off). What is not registered is no error. When this returns on a thread
 * that is not inside a callback, the callback is not running, will not run again, and its destroy has been called.
 * Inside a callback it does not wait: a callback that runs is done with when it returns.
 *
 * @param file_sync The FileSync.
 * @param cb        The function, or NULL for all of this FileSync.
 * @param user_data The user data that it was registered with; not looked at where cb is NULL.
 * @return 0; 401 for a bad handle.
 *
 * Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
 */
int32_t file_sync_unregister_progress_cb(struct CloudSyncFileSync *file_sync,
                                         CloudSyncSyncProgressCallback cb,
                                         void *user_data);

/**
 * Starts a sync run of the bundle's directory (documented: start as a promise). Returns when the run is accepted; how it
 * ends arrives as a progress event with a final state. A start while a run of this directory is under way is accepted and
 * runs once more afterwards; starts that were accepted meanwhile share that run and its final event. Runs of other
 * directories are not waited for.
 *
 * @param file_sync The FileSync.
 * @return 0: accepted; 401 for a bad handle; 22400002 without network; 22400001 where the cloud is signed out or switched
 *         off; 22400003 with too little battery; 13600001 where the context has been closed; 13900029 from inside a
 *         callback, nothing is done then.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use file_sync_start_async.
 */
int32_t file_sync_start(struct CloudSyncFileSync *file_sync);

/**
 * Starts a sync run (documented: start with an AsyncCallback). As file_sync_start, but returns at once: its code comes to
 * the completion callback, once, also where the context is closed first.
 *
 * @param file_sync The FileSync.
 * @param done      Told the code of file_sync_start.
 * @param user_data Passed to done.
 * @return 0: done will be called; 401 or 13600001 as file_sync_start, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t file_sync_start_async(struct CloudSyncFileSync *file_sync,
                              CloudSyncCompletion done,
                              void *user_data);

/**
 * Stops the bundle's sync run (documented: stop as a promise). Returns when that is accepted; the run ends with a
 * progress event STOPPED, and the next start goes on from where it was. Without a run this is no error.
 *
 * @param file_sync The FileSync.
 * @return 0: accepted; 401 for a bad handle; 13600001 where the context has been closed; 13900029 from inside a callback,
 *         nothing is done then.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use file_sync_stop_async.
 */
int32_t file_sync_stop(struct CloudSyncFileSync *file_sync);

/**
 * Stops the bundle's sync run (documented: stop with an AsyncCallback). As file_sync_stop, but returns at once: its code
 * comes to the completion callback, once, also where the context is closed first.
 *
 * @param file_sync The FileSync.
 * @param done      Told the code of file_sync_stop.
 * @param user_data Passed to done.
 * @return 0: done will be called; 401 or 13600001 as file_sync_stop, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t file_sync_stop_async(struct CloudSyncFileSync *file_sync,
                             CloudSyncCompletion done,
                             void *user_data);

/**
 * When the bundle's last successful sync run ended (documented: getLastSyncTime as a promise), by this device's clock.
 * A run that was stopped or failed does not count, and the time is kept when the context is closed.
 *
 * @param file_sync The FileSync.
 * @param out       Where the milliseconds since 1970 go; 0 where no run has succeeded yet.
 * @return 0; 401 for a bad handle or where out is NULL; 13600001 where the context has been closed.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t file_sync_get_last_sync_time(struct CloudSyncFileSync *file_sync,
                                     int64_t *out);

/**
 * When the bundle's last successful sync run ended (documented: getLastSyncTime with an AsyncCallback). As
 * file_sync_get_last_sync_time, but returns at once: code and time come to the completion callback, once, also where the
 * context is closed first.
 *
 * @param file_sync The FileSync.
 * @param done      Told the code and the time.
 * @param user_data Passed to done.
 * @return 0: done will be called; 401 or 13600001 as file_sync_get_last_sync_time, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t file_sync_get_last_sync_time_async(struct CloudSyncFileSync *file_sync,
                                           CloudSyncTimeCompletion done,
                                           void *user_data);

/**
 * Lets sync runs begin by themselves, or no more; replaces what cloudsync_options_set_auto_sync said.
 *
 * While it is on, a run begins half a second after the last change of the directory, and at the latest ten seconds after
 * the first; one begins too when another device has written to the cloud, which tells of it, and one when this
 * is switched on. Where disk or cloud cannot tell of changes, one begins every 15 minutes. Such a run is told of as any
 * other is, and ends in one final event; a start during one is accepted and runs once more afterwards; a stop ends
 * it, and the next change begins one again.
 *
 * Conditions that forbid a start (network, cloud, battery), that the device is hot, and that Wi-Fi is missing
 * where uploads wait for it, keep it from beginning, without an event; it begins once they are over, within
 * a minute, or at once after cloudsync_conditions_changed. A run that failed is followed by another after 2 seconds,
 * then after twice as long each time, up to a minute; one that left files out after 30 seconds, up to an hour.
 *
 * @param context The context.
 * @param uri     The directory, or anything in it: such as file://media/Photo/ for the gallery. NULL for all.
 * @param on      0 for no, anything else for yes. Saying the same again is no error and changes nothing.
 * @return 0; 201 without the permission and 202 for no system app, where uri is the gallery's or NULL; 202 for another
 *         bundle's directory; 401 for a bad handle, or a URI that is not UTF-8; 14000002 for a URI that cannot be read
 *         or that leaves the synced directories; 13600001 where the context has been closed.
 *
 * Thread safety: any thread. Does not wait for a run. Callback safe: yes.
 */
int32_t cloudsync_set_auto_sync(struct CloudSyncContext *context,
                                const char *uri,
                                int32_t on);

/**
 * Says that network, battery, heat or the account are others than before: runs that wait for them to begin by
 * themselves are tried at once. Needed by nobody: without it they are tried within a minute.
 *
 * @param context The context.
 * @return 0; 401 for a bad handle; 13600001 where the context has been closed.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_conditions_changed(struct CloudSyncContext *context);

/**
 * Signs in (documented: cloudSyncManager.enableCloud, as a promise): the cloud is on for this device, and on or off for
 * each bundle named; the others keep their switches. Kept over restarts. A context is signed in until
 * cloud_sync_manager_disable_cloud. Files that are synced with another account are not touched, and not synced, until
 * cloud_sync_manager_clean lets go of that account.
 *
 * @param context      The context.
 * @param account_id   The account, by the id of its ServiceInfo.
 * @param bundle_names The bundles; the gallery's is com.ohos.medialibrary. Not looked at where n is 0.
 * @param switches     For each, 0 for off, anything else for on. Not looked at where n is 0.
 * @param n            How many there are.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle, text that is NULL or not UTF-8, an
 *         account that neither is signed in nor has files here, or a bundle without a directory; 13600001 where the
 *         cloud does not answer, or the context has been closed; 13900029 from inside a callback, nothing is done then;
 *         22400001 where nobody is signed in at the cloud; 22400002 where it cannot be reached.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloud_sync_manager_enable_cloud_async.
 */
int32_t cloud_sync_manager_enable_cloud(struct CloudSyncContext *context,
                                        const char *account_id,
                                        const char *const *bundle_names,
                                        const int32_t *switches,
                                        size_t n);

/**
 * Signs in (documented: enableCloud, with an AsyncCallback). As cloud_sync_manager_enable_cloud, but returns at once: its
 * code comes to the completion callback, once, also where the context is closed first.
 *
 * @param context      The context.
 * @param account_id   The account; copied.
 * @param bundle_names The bundles; copied. Not looked at where n is 0.
 * @param switches     For each, 0 for off, anything else for on; copied.
 * @param n            How many there are.
 * @param done         Told the code of cloud_sync_manager_enable_cloud.
 * @param user_data    Passed to done.
 * @return 0: done will be called; 201, 202, 401 for what can be seen at once, or where done is NULL, or 13600001 for a
 *         closed context: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloud_sync_manager_enable_cloud_async(struct CloudSyncContext *context,
                                              const char *account_id,
                                              const char *const *bundle_names,
                                              const int32_t *switches,
                                              size_t n,
                                              CloudSyncCompletion done,
                                              void *user_data);

/**
 * Signs out (documented: cloudSyncManager.disableCloud, as a promise): what is under way stops, with its final events,
 * and nothing begins any more, in any of the context's directories; starts answer 22400001. Nothing is removed and
 * nothing forgotten: signing in again goes on. Kept over restarts.
 *
 * @param context    The context.
 * @param account_id The account, by the id of its ServiceInfo.
 * @return As cloud_sync_manager_enable_cloud.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloud_sync_manager_disable_cloud_async.
 */
int32_t cloud_sync_manager_disable_cloud(struct CloudSyncContext *context,
                                         const char *account_id);

/**
 * Signs out (documented: disableCloud, with an AsyncCallback). As cloud_sync_manager_disable_cloud, but returns at once:
 * its code comes to the completion callback, once, also where the context is closed first.
 *
 * @param context    The context.
 * @param account_id The account; copied.
 * @param done       Told the code of cloud_sync_manager_disable_cloud.
 * @param user_data  Passed to done.
 * @return As cloud_sync_manager_enable_cloud_async.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloud_sync_manager_disable_cloud_async(struct CloudSyncContext *context,
                                               const char *account_id,
                                               CloudSyncCompletion done,
                                               void *user_data);

/**
 * Switches the cloud on or off for one bundle on this device (documented: cloudSyncManager.changeAppCloudSwitch, as a
 * promise). Off: what is under way in its directory stops, and nothing begins any more. Nothing is removed. It counts
 * while somebody is signed in, and is kept over restarts. cloudsync_embedded_cloud_switch is the account's own switch,
 * for all devices.
 *
 * @param context     The context.
 * @param account_id  The account, by the id of its ServiceInfo.
 * @param bundle_name The bundle; the gallery's is com.ohos.medialibrary.
 * @param status      0: off. Anything else: on.
 * @return As cloud_sync_manager_enable_cloud.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use
 * cloud_sync_manager_change_app_cloud_switch_async.
 */
int32_t cloud_sync_manager_change_app_cloud_switch(struct CloudSyncContext *context,
                                                   const char *account_id,
                                                   const char *bundle_name,
                                                   int32_t status);

/**
 * Switches the cloud on or off for one bundle (documented: changeAppCloudSwitch, with an AsyncCallback). As
 * cloud_sync_manager_change_app_cloud_switch, but returns at once: its code comes to the completion callback, once, also
 * where the context is closed first.
 *
 * @param context     The context.
 * @param account_id  The account; copied.
 * @param bundle_name The bundle; copied.
 * @param status      0: off. Anything else: on.
 * @param done        Told the code of cloud_sync_manager_change_app_cloud_switch.
 * @param user_data   Passed to done.
 * @return As cloud_sync_manager_enable_cloud_async.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloud_sync_manager_change_app_cloud_switch_async(struct CloudSyncContext *context,
                                                         const char *account_id,
                                                         const char *bundle_name,
                                                         int32_t status,
                                                         CloudSyncCompletion done,
                                                         void *user_data);

/**
 * Lets go of an account's files (documented: cloudSyncManager.clean, as a promise), bundle by bundle, when the account
 * has changed or a person leaves. What runs in their directories stops. Then all that is known of the account's cloud is
 * forgotten: the files are as if they had never been synced, and the next sync, with whatever account, joins them with
 * what that one holds. What is in the cloud alone is no longer listed here; it stays in the cloud, and so does all else there.
 * Deletions that no sync has carried out are forgotten.
 *
 * CLOUDSYNC_ACTION_RETAIN_DATA keeps every file. CLOUDSYNC_ACTION_CLEAR_DATA first removes those that the account's
 * cloud has just proved to hold, pinned ones too, and folders that are empty then; what was not uploaded, was changed
 * since, is open for writing or cannot be proved stays. It fails, and nothing is let go of, where the account cannot be
 * asked. A failed or killed call is repeated: it goes on.
 *
 * @param context      The context.
 * @param account_id   The account that the files are synced with, by the id of its ServiceInfo: cloudsync_account.
 * @param bundle_names The bundles; the gallery's is com.ohos.medialibrary. Not looked at where n is 0.
 * @param actions      For each a CLOUDSYNC_ACTION_... number. Not looked at where n is 0.
 * @param n            How many there are. They are let go of in this order; the first that fails ends the call.
 * @return 0, also for a bundle that is synced with nobody; 201 without the permission; 202 for no system app; 401 for a
 *         bad handle, text that is NULL or not UTF-8, an impossible action, a bundle without a directory, or one that is
 *         synced with another account; 13600001 where the cloud does not answer, or the context has been closed; 13900004
 *         where stop_optimize_space ends it; 13900029 from inside a callback, nothing is done then; 22400001 where the
 *         cloud answers for another account, or is switched off there; 22400002 where it cannot be reached; 22400006
 *         where it is being done already.
 *
 * Thread safety: any thread. Blocks, for as long as the files take. Callback safe: no, answers 13900029: use
 * cloud_sync_manager_clean_async.
 */
int32_t cloud_sync_manager_clean(struct CloudSyncContext *context,
                                 const char *account_id,
                                 const char *const *bundle_names,
                                 const int32_t *actions,
                                 size_t n);

/**
 * Lets go of an account's files (documented: clean, with an AsyncCallback). As cloud_sync_manager_clean, but returns at
 * once: its code comes to the completion callback, once, also where the context is closed first. Other asynchronous
 * calls of cloud_sync_manager_... wait until it is done.
 *
 * @param context      The context.
 * @param account_id   The account; copied.
 * @param bundle_names The bundles; copied. Not looked at where n is 0.
 * @param actions      For each a CLOUDSYNC_ACTION_... number; copied.
 * @param n            How many there are.
 * @param done         Told the code of cloud_sync_manager_clean.
 * @param user_data    Passed to done.
 * @return As cloud_sync_manager_enable_cloud_async.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloud_sync_manager_clean_async(struct CloudSyncContext *context,
                                       const char *account_id,
                                       const char *const *bundle_names,
                                       const int32_t *actions,
                                       size_t n,
                                       CloudSyncCompletion done,
                                       void *user_data);

/**
 * Says that a bundle's files have changed in the cloud (documented: cloudSyncManager.notifyDataChange, as a promise), as
 * a push message tells a host: a sync of its directory starts, or one more after the one under way. A context with
 * automatic sync hears of changes by itself where the cloud tells of them.
 *
 * @param context     The context.
 * @param account_id  The account, by the id of its ServiceInfo.
 * @param bundle_name The bundle; the gallery's is com.ohos.medialibrary.
 * @return 0: the sync is accepted; otherwise as cloud_sync_manager_enable_cloud, or 22400003 with too little battery.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use
 * cloud_sync_manager_notify_data_change_async.
 */
int32_t cloud_sync_manager_notify_data_change(struct CloudSyncContext *context,
                                              const char *account_id,
                                              const char *bundle_name);

/**
 * Says that a bundle's files have changed in the cloud (documented: notifyDataChange, with an AsyncCallback). As
 * cloud_sync_manager_notify_data_change, but returns at once: its code comes to the completion callback, once, also where
 * the context is closed first.
 *
 * @param context     The context.
 * @param account_id  The account; copied.
 * @param bundle_name The bundle; copied.
 * @param done        Told the code of cloud_sync_manager_notify_data_change.
 * @param user_data   Passed to done.
 * @return As cloud_sync_manager_enable_cloud_async.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloud_sync_manager_notify_data_change_async(struct CloudSyncContext *context,
                                                    const char *account_id,
                                                    const char *bundle_name,
                                                    CloudSyncCompletion done,
                                                    void *user_data);

/**
 * Which account a bundle's files are synced with, by the id that its cloud gave: what cloud_sync_manager_clean wants once
 * another one is signed in.
 *
 * @param context     The context.
 * @param bundle_name The bundle; the gallery's is com.ohos.medialibrary.
 * @param buffer      Where the id goes, ended by a NUL and cut where it does not fit; NULL to ask for the length alone.
 * @param length      How many bytes the buffer has.
 * @param out_length  Where the whole id's length in bytes goes, without the NUL; 0 where they are synced with nobody.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle, text that is NULL or not UTF-8, a
 *         bundle without a directory, or where out_length is NULL; 13600001 where the context has been closed.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_account(struct CloudSyncContext *context,
                          const char *bundle_name,
                          char *buffer,
                          size_t length,
                          size_t *out_length);

/**
 * Makes a Download (documented: constructor).
 *
 * @param context The context.
 * @param out     Where the handle goes; the caller frees it with download_free.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle or where out is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t download_new(struct CloudSyncContext *context,
                     struct CloudSyncDownload **out);

/**
 * Frees a Download, and stops the downloads that it started, without events; completions that it still owes
 * come. When this returns on a thread that is not inside a callback, none of its progress callbacks is running
 * or will run again, and the destroy of each has been called. Inside a callback it does not wait: a callback
 * that runs is done with when it returns.
 *
 * @param download The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
 */
int32_t download_free(struct CloudSyncDownload *download);

/**
 * Registers a progress callback (documented: on). Several may be registered; each is told of every
 * event from now on, in the order of registering. Registering tells nothing by itself: the next event comes with the
 * next change. The same function with the same user data is registered once: a second time answers 0, changes
 * nothing, and calls destroy for the user data handed over with it.
 *
 * @param download The Download.
 * @param cb           The function.
 * @param user_data    Passed to cb.
 * @param destroy      Takes user_data back, once, also where this call fails; may be NULL.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle or where cb is NULL;
 *         13600001 where the context has been closed.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t download_register_progress_cb(struct CloudSyncDownload *download,
                                      CloudSyncDownloadProgressCallback cb,
                                      void *user_data,
                                      CloudSyncDestroy destroy);

/**
 * Unregisters progress callbacks (documented: off). What is not registered is no error. When this returns on a
 * thread that is not inside a callback, the callback is not running, will not run again, and its destroy has
 * been called. Inside a callback it does not wait: a callback that runs is done with when it returns.
 *
 * @param download The Download.
 * @param cb           The function, or NULL for all of this Download.
 * @param user_data    The user data that it was registered with; not looked at where cb is NULL.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle.
 *
 * Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
 */
int32_t download_unregister_progress_cb(struct CloudSyncDownload *download,
                                        CloudSyncDownloadProgressCallback cb,
                                        void *user_data);

/**
 * Fetches one file's bytes (documented: start of a URI, as a promise). Returns when the download is accepted;
 * how it goes arrives as progress events, the last of them COMPLETED, FAILED or STOPPED. A file that is here
 * already completes at once. Without a network it ends FAILED with CLOUDSYNC_DOWNLOAD_ERROR_NETWORK_UNAVAILABLE, on an
 * overheated device STOPPED, also where that comes over it under way; the next start goes on from there. Of a photo
 * with several parts (as for cloudsync_remove) the others come after the one
 * that was asked for, in the background and where there is room: no event is told of them, and stopping what has
 * completed does not stop them.
 *
 * @param download The Download.
 * @param uri      The file; copied.
 * @return 0: accepted; 201 without the permission; 202 for no system app; 401 for a bad handle, or a URI that is NULL or
 *         not UTF-8; 13900002 for a file that is not there; 13900025 without room for it; 14000002 for a URI
 *         that cannot be read or that leaves the gallery; 13600001 where the context has been closed; 13900029 from
 *         inside a callback, nothing is done then.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use download_start_async.
 */
int32_t download_start(struct CloudSyncDownload *download,
                       const char *uri);

/**
 * Fetches one file's bytes (documented: start of a URI, with an AsyncCallback). As download_start, but returns
 * at once: its code comes to the completion callback, once, also where the context is closed first.
 *
 * @param download  The Download.
 * @param uri       The file; copied.
 * @param done      Told the code of download_start.
 * @param user_data Passed to done.
 * @return 0: done will be called; 201, 202, 401 or 13600001 as download_start, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t download_start_async(struct CloudSyncDownload *download,
                             const char *uri,
                             CloudSyncCompletion done,
                             void *user_data);

/**
 * Stops this Download's fetching of one file and discards the part received (documented: stop of a URI, as a
 * promise). Returns when that is accepted; the download ends with a progress event STOPPED, one for each name by which it was started. A file that is not
 * being fetched is no error.
 *
 * @param download The Download.
 * @param uri      The file; copied.
 * @return 0: accepted; 201 without the permission; 202 for no system app; 401 for a bad handle, or a URI that is NULL or
 *         not UTF-8; 13600001 where the context has been closed; 13900029 from inside a callback, nothing is done
 *         then.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use download_stop_async.
 */
int32_t download_stop(struct CloudSyncDownload *download,
                      const char *uri);

/**
 * Stops this Download's fetching of one file (documented: stop of a URI, with an AsyncCallback). As download_stop,
 * but returns at once: its code comes to the completion callback, once, also where the context is closed first.
 *
 * @param download  The Download.
 * @param uri       The file; copied.
 * @param done      Told the code of download_stop.
 * @param user_data Passed to done.
 * @return 0: done will be called; 201, 202, 401 or 13600001 as download_stop, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t download_stop_async(struct CloudSyncDownload *download,
                            const char *uri,
                            CloudSyncCompletion done,
                            void *user_data);

/**
 * Makes a CloudFileCache (documented: constructor).
 *
 * @param context The context.
 * @param out     Where the handle goes; the caller frees it with cloud_file_cache_free.
 * @return 0; 401 for a bad handle or where out is NULL; 13600001 where the context has been closed.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloud_file_cache_new(struct CloudSyncContext *context,
                             struct CloudSyncCloudFileCache **out);

/**
 * Frees a CloudFileCache, and stops the downloads and batches that it started, without events; what was received
 * stays, for a later start to go on from. Completions that it still owes come. When this returns on a thread that is not
 * inside a callback, none of its callbacks is running or will run again, and the destroy of each has been called. Inside
 * a callback it does not wait: a callback that runs is done with when it returns.
 *
 * @param cache The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
 */
int32_t cloud_file_cache_free(struct CloudSyncCloudFileCache *cache);

/**
 * Registers a progress callback for single files (documented: on of progress). Several may be registered; each is told of
 * every event from now on, in the order of registering. Registering tells nothing by itself: the next event comes with
 * the next change. The same function with the same user data is registered once: a second time answers 0, changes
 * nothing, and calls destroy for the user data handed over with it.
 *
 * @param cache     The CloudFileCache.
 * @param cb        The function.
 * @param user_data Passed to cb.
 * @param destroy   Takes user_data back, once, also where this call fails; may be NULL.
 * @return 0; 401 for a bad handle or where cb is NULL; 13600001 where the context has been closed.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloud_file_cache_register_progress_cb(struct CloudSyncCloudFileCache *cache,
                                              CloudSyncDownloadProgressCallback cb,
                                              void *user_data,
                                              CloudSyncDestroy destroy);

/**
 * Unregisters progress callbacks for single files (documented: off of progress). What is not registered is no error. When
 * this returns on a thread that is not inside a callback, the callback is not running, will not run again, and its
 * destroy has been called. Inside a callback it does not wait: a callback that runs is done with when it returns.
 *
 * @param cache     The CloudFileCache.
 * @param cb        The function, or NULL for all of this CloudFileCache.
 * @param user_data The user data that it was registered with; not looked at where cb is NULL.
 * @return 0; 401 for a bad handle.
 *
 * Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
 */
int32_t cloud_file_cache_unregister_progress_cb(struct CloudSyncCloudFileCache *cache,
                                                CloudSyncDownloadProgressCallback cb,
                                                void *user_data);

/**
 * Registers a callback for batches (documented: on of batchDownload). As cloud_file_cache_register_progress_cb.
 *
 * @param cache     The CloudFileCache.
 * @param cb        The function.
 * @param user_data Passed to cb.
 * @param destroy   Takes user_data back, once, also where this call fails; may be NULL.
 * @return 0; 401 for a bad handle or where cb is NULL; 13600001 where the context has been closed.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloud_file_cache_register_batch_download_cb(struct CloudSyncCloudFileCache *cache,
                                                    CloudSyncMultiDownloadProgressCallback cb,
                                                    void *user_data,
                                                    CloudSyncDestroy destroy);

/**
 * Unregisters callbacks for batches (documented: off of batchDownload). As cloud_file_cache_unregister_progress_cb.
 *
 * @param cache     The CloudFileCache.
 * @param cb        The function, or NULL for all of this CloudFileCache.
 * @param user_data The user data that it was registered with; not looked at where cb is NULL.
 * @return 0; 401 for a bad handle.
 *
 * Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
 */
int32_t cloud_file_cache_unregister_batch_download_cb(struct CloudSyncCloudFileCache *cache,
                                                      CloudSyncMultiDownloadProgressCallback cb,
                                                      void *user_data);

/**
 * Fetches one file's bytes (documented: start of a URI, as a promise), before batches and before what sync runs fetch.
 * Goes on from what an earlier download received. Returns when the download is accepted; how it goes arrives as progress
 * events, the last of them COMPLETED, FAILED or STOPPED. A file that is here already completes at once. Who asks for a
 * file that is being fetched already shares that transfer. Without a network it ends FAILED with
 * CLOUDSYNC_DOWNLOAD_ERROR_NETWORK_UNAVAILABLE, on an overheated device STOPPED, also where that comes over it under
 * way; the next start goes on from there. Of a photo with several parts (as for cloudsync_remove) the
 * others come after the one that was asked for, in the background and where there is room: no event is told of them, and
 * stopping what has completed does not stop them. The next start of any part tries again what did not come.
 *
 * @param cache The CloudFileCache.
 * @param uri   The file, of the gallery or of a bundle; copied.
 * @return 0: accepted; 401 for a bad handle, or a URI that is NULL or not UTF-8; 13900002 for a file that is not there;
 *         13900025 without room for it; 14000002 for a URI that cannot be read, that leaves the synced directories, or
 *         that belongs to another app where the caller is no system app; 13600001 where the context has been closed;
 *         13900029 from inside a callback, nothing is done then.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloud_file_cache_start_async.
 */
int32_t cloud_file_cache_start(struct CloudSyncCloudFileCache *cache,
                               const char *uri);

/**
 * Fetches one file's bytes (documented: start of a URI, with an AsyncCallback). As cloud_file_cache_start, but returns at
 * once: its code comes to the completion callback, once, also where the context is closed first.
 *
 * @param cache     The CloudFileCache.
 * @param uri       The file; copied.
 * @param done      Told the code of cloud_file_cache_start.
 * @param user_data Passed to done.
 * @return 0: done will be called; 401 or 13600001 as cloud_file_cache_start, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloud_file_cache_start_async(struct CloudSyncCloudFileCache *cache,
                                     const char *uri,
                                     CloudSyncCompletion done,
                                     void *user_data);

/**
 * Stops this CloudFileCache's fetching of one file (documented: stop of a URI, as a promise). Returns when that is
 * accepted; the download ends with a progress event STOPPED, one for each name by which it was started. A file that is there and is not being fetched is no error.
 * Batches are stopped with cloud_file_cache_stop_batch alone.
 *
 * @param cache      The CloudFileCache.
 * @param uri        The file; copied.
 * @param need_clean 0: what was received stays, and the next start goes on from it. Anything else: it is discarded, also
 *                   where an earlier stop left it, unless somebody else waits for the file.
 * @return 0: accepted; 401 for a bad handle, or a URI that is NULL or not UTF-8; 13900002 for a file that is not there;
 *         14000002 for a URI that cannot be read, that leaves the synced directories, or that belongs to another app
 *         where the caller is no system app; 13600001 where the context has been closed; 13900029 from inside a
 *         callback, nothing is done then.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloud_file_cache_stop_async.
 */
int32_t cloud_file_cache_stop(struct CloudSyncCloudFileCache *cache,
                              const char *uri,
                              int32_t need_clean);

/**
 * Stops this CloudFileCache's fetching of one file (documented: stop of a URI, with an AsyncCallback). As
 * cloud_file_cache_stop, but returns at once: its code comes to the completion callback, once, also where the context is
 * closed first.
 *
 * @param cache      The CloudFileCache.
 * @param uri        The file; copied.
 * @param need_clean As for cloud_file_cache_stop.
 * @param done       Told the code of cloud_file_cache_stop.
 * @param user_data  Passed to done.
 * @return 0: done will be called; 401 or 13600001 as cloud_file_cache_stop, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloud_file_cache_stop_async(struct CloudSyncCloudFileCache *cache,
                                    const char *uri,
                                    int32_t need_clean,
                                    CloudSyncCompletion done,
                                    void *user_data);

/**
 * Fetches many files' bytes (documented: startBatch, as a promise), before what sync runs fetch and after what single
 * starts wait for: a bounded number of its files is under way at a time. Returns when the batch is accepted; how it goes
 * arrives as batch events, the last of them COMPLETED, FAILED or STOPPED; the first may come before this returns. A file
 * that cannot be fetched is one of the batch's failed files and does not keep the others from coming. The other parts of
 * its photos come too, as for cloud_file_cache_start, and are not counted. Without a network, and on an overheated
 * device, the files that have not come end as for cloud_file_cache_start.
 *
 * A batch of THUMBNAIL or LCD fetches small pictures instead of files, and succeeds at once where they are here;
 * cloudsync_preview_path says where they lie. A file without such a picture fails with
 * CLOUDSYNC_DOWNLOAD_ERROR_CONTENT_NOT_FOUND.
 *
 * @param cache     The CloudFileCache.
 * @param uris      The files, as for cloud_file_cache_start_batch; copied.
 * @param n         How many: 1 to CLOUDSYNC_MAX_BATCH_FILES.
 * @param file_type A CLOUDSYNC_DOWNLOAD_FILE_TYPE_... number.
 * @param task_id   Where the batch's number goes, which its events carry.
 * @return 0: accepted; 401 for a bad handle, no URI, one that is NULL or not UTF-8, another file_type, or where task_id
 *         is NULL; 22400004 for more than CLOUDSYNC_MAX_BATCH_FILES; 14000002 where one of the URIs cannot be read, leaves
 *         the synced directories, or belongs to another app where the caller is no system app; 13600001 where the context
 *         has been closed; 13900029 from inside a callback. Nothing is started then.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloud_file_cache_start_batch_async.
 */
int32_t cloud_file_cache_start_batch(struct CloudSyncCloudFileCache *cache,
                                     const char *const *uris,
                                     size_t n,
                                     int32_t file_type,
                                     int64_t *task_id);

/**
 * Fetches many files' bytes (documented: startBatch). As cloud_file_cache_start_batch, but returns at once: code and task
 * id come to the completion callback, once, also where the context is closed first.
 *
 * @param cache     The CloudFileCache.
 * @param uris      The files; copied.
 * @param n         How many: 1 to CLOUDSYNC_MAX_BATCH_FILES.
 * @param file_type A CLOUDSYNC_DOWNLOAD_FILE_TYPE_... number.
 * @param done      Told the code of cloud_file_cache_start_batch, and the task id.
 * @param user_data Passed to done.
 * @return 0: done will be called; 401 or 13600001 as cloud_file_cache_start_batch, or 401 where done is NULL: it will
 *         not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloud_file_cache_start_batch_async(struct CloudSyncCloudFileCache *cache,
                                           const char *const *uris,
                                           size_t n,
                                           int32_t file_type,
                                           CloudSyncTaskCompletion done,
                                           void *user_data);

/**
 * Stops a batch of this CloudFileCache (documented: stopBatch, as a promise). Returns when that is accepted; the batch
 * ends with a batch event STOPPED, and files that came until then stay. A batch that has ended, or that this
 * CloudFileCache did not start, is no error.
 *
 * @param cache      The CloudFileCache.
 * @param task_id    The batch: 0 or greater.
 * @param need_clean 0: what was received of files that have not come stays, and the next start goes on from it. Anything
 *                   else: it is discarded, but for files that somebody else waits for.
 * @return 0: accepted; 401 for a bad handle or a negative task_id; 13600001 where the context has been closed; 13900029
 *         from inside a callback, nothing is done then.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloud_file_cache_stop_batch_async.
 */
int32_t cloud_file_cache_stop_batch(struct CloudSyncCloudFileCache *cache,
                                    int64_t task_id,
                                    int32_t need_clean);

/**
 * Stops a batch of this CloudFileCache (documented: stopBatch). As cloud_file_cache_stop_batch, but returns at once: its
 * code comes to the completion callback, once, also where the context is closed first.
 *
 * @param cache      The CloudFileCache.
 * @param task_id    The batch: 0 or greater.
 * @param need_clean As for cloud_file_cache_stop_batch.
 * @param done       Told the code of cloud_file_cache_stop_batch.
 * @param user_data  Passed to done.
 * @return 0: done will be called; 401 or 13600001 as cloud_file_cache_stop_batch, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloud_file_cache_stop_batch_async(struct CloudSyncCloudFileCache *cache,
                                          int64_t task_id,
                                          int32_t need_clean,
                                          CloudSyncCompletion done,
                                          void *user_data);

/**
 * Frees the space of one file's own copy, for the system (documented: cleanCache). As cloud_file_cache_clean_file_cache.
 *
 * @param cache The CloudFileCache.
 * @param uri   The file; copied.
 * @return 0; 201 without the permission; 202 for no system app; otherwise as cloud_file_cache_clean_file_cache.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029.
 */
int32_t cloud_file_cache_clean_cache(struct CloudSyncCloudFileCache *cache,
                                     const char *uri);

/**
 * Frees the space of one file's own copy, and of the other parts of the same photo (documented: cleanFileCache). Returns
 * when that is done: its bytes are in the cloud alone then, and a start brings them back. A file whose bytes are not here
 * is no error. Nothing goes that the cloud has not just proved to hold, byte for byte; otherwise
 * cloudsync_last_error says why it stays.
 *
 * @param cache The CloudFileCache.
 * @param uri   The file; copied.
 * @return 0; 401 for a bad handle, or a URI that is NULL or not UTF-8; 13900002 for a file that is not there; 13900010 for
 *         one that is not in the cloud as it is here, that a program has open for writing, or that the cloud did not
 *         prove; 13900012 for one that is pinned or has another name as a hard link; 13900031 where the file system cannot
 *         tell whether it is open; 14000002 for a URI that cannot be read, that leaves the synced directories, or that
 *         belongs to another app where the caller is no system app; 22400001 where the cloud is signed out; 22400002 where
 *         it cannot be reached; 22400005 where the index fails; 13600001 where the context has been closed; 13900029 from
 *         inside a callback, nothing is done then.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029.
 */
int32_t cloud_file_cache_clean_file_cache(struct CloudSyncCloudFileCache *cache,
                                          const char *uri);

/**
 * Says where a photo's small picture lies on this device: a JPEG file, upright, that the program may read for as long
 * as the photo stays as it is; it is not to be written. Pictures are made once, when a photo is first sent, and kept on
 * the device that sent it. A device that receives photos on demand fetches their thumbnails with each sync; any other is
 * fetched with cloud_file_cache_start_batch and its file type. Never waits for a running sync.
 *
 * An app that is no system app can ask for the files of its own bundle only; no permission is asked for.
 *
 * @param context   The context.
 * @param uri       The photo.
 * @param file_type CLOUDSYNC_DOWNLOAD_FILE_TYPE_THUMBNAIL or CLOUDSYNC_DOWNLOAD_FILE_TYPE_LCD.
 * @param buffer    Where the path goes, ended by a NUL; NULL to be told its size alone.
 * @param length    The buffer's size in bytes. Not looked at where buffer is NULL.
 * @param size      Where the path's size in bytes goes, its NUL included; may be NULL where buffer is not.
 * @return 0; 401 for a bad handle, a URI that is NULL or not UTF-8, another file_type, a buffer that is too short, or no
 *         buffer and no size; 13900002 for a file that is not there, or has no picture: it is none that can be decoded, or
 *         was sent without one; 13900010 where the picture is not here yet: it has to be fetched, or the photo to be sent,
 *         first, which cloudsync_last_error tells apart; 14000002 for a URI that cannot be read, leaves the synced
 *         directories, or belongs to another app where the caller is no system app. Nothing is written then.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_preview_path(struct CloudSyncContext *context,
                               const char *uri,
                               int32_t file_type,
                               char *buffer,
                               size_t length,
                               size_t *size);

/**
 * One file's state (documented: getFileSyncState of one URI). Answers from memory and never waits for a
 * running sync.
 *
 * @param context The context.
 * @param uri     The file.
 * @param out     Where the CLOUDSYNC_FILE_SYNC_STATE_... number goes.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle, or a URI or out that is NULL;
 *         13900002 for a file that is not there; 14000002 for a URI that cannot be read or that leaves the synced
 *         directories.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t get_file_sync_state(struct CloudSyncContext *context,
                            const char *uri,
                            int32_t *out);

/**
 * How far sending one file is (documented: getCoreFileSyncState). Needs no permission: every caller may ask for
 * files of the gallery and of its own bundle. Answers from memory and never waits for a running sync.
 *
 * @param context The context.
 * @param uri     The file.
 * @param out     Where the CLOUDSYNC_FILE_STATE_... number goes.
 * @return 0; 401 for a bad handle, or a URI or out that is NULL; 202 for a file of another bundle, to a caller that is
 *         no system app; 13900002 for a file that is not there; 13900012 where the disk does not let it be looked at;
 *         14000002 for a URI that cannot be read or that leaves the synced directories.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t get_core_file_sync_state(struct CloudSyncContext *context,
                                 const char *uri,
                                 int32_t *out);

/**
 * Many files' states (documented: getFileSyncState of several URIs, as a promise). The first URI that fails
 * fails the call, and nothing is written then.
 *
 * @param context The context.
 * @param uris    The files. Not looked at where n is 0.
 * @param n       How many there are; any number.
 * @param states  Where their n CLOUDSYNC_FILE_SYNC_STATE_... numbers go, in order.
 * @return 0; otherwise as get_file_sync_state.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t get_file_sync_states(struct CloudSyncContext *context,
                             const char *const *uris,
                             size_t n,
                             int32_t *states);

/**
 * Many files' states (documented: getFileSyncState of several URIs, with an AsyncCallback). As get_file_sync_states,
 * but returns at once: code and states come to the completion callback, once, also where the context is
 * closed first.
 *
 * @param context   The context.
 * @param uris      The files; copied. Not looked at where n is 0.
 * @param n         How many there are.
 * @param done      Told the code and the states.
 * @param user_data Passed to done.
 * @return 0: done will be called; 201, 202 or 401 as get_file_sync_states, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t get_file_sync_states_async(struct CloudSyncContext *context,
                                   const char *const *uris,
                                   size_t n,
                                   CloudSyncFileStatesCompletion done,
                                   void *user_data);

/**
 * Says why a file or folder is not in step with the cloud, or that it is, and what can be done about it. Answers from memory
 * and never waits for a running sync. Needs no permission: every caller may ask for the gallery and its own bundle.
 *
 * @param context The context.
 * @param uri     The file or folder, or the gallery or a bundle's cloud directory as a whole.
 * @param out     Where the explanation goes.
 * @param buffer  Where the words go, in English, as cloudsync_last_error writes them; may be NULL.
 * @param length  The buffer's size in bytes.
 * @return 0; 401 for a bad handle, a URI or out that is NULL, or a struct_size that is too small; 202 for a file of another
 *         bundle, to a caller that is no system app; 13900002 for what is neither here nor in the cloud; 14000002 for a URI
 *         that cannot be read or that leaves the synced directories; 13600001 where the context has been closed.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_explain(struct CloudSyncContext *context,
                          const char *uri,
                          struct CloudSyncExplanation *out,
                          char *buffer,
                          size_t length);

/**
 * Finds out what a start of the gallery, or of a bundle, would do now, and does none of it: looks at the disk and asks the
 * cloud as a start would, reads files that are new or were changed, and changes nothing on the disk nor in the cloud; only
 * what lies between two places since a process was killed goes back. What it finds out it keeps, so that the start need not
 * find it out again. No progress event comes of it. A start meanwhile is accepted, and begins when this is done.
 *
 * The steps are in no order: each names what it is about as it is called now, or, where it is new, as it will be called. A
 * start does them in an order in which they can be done.
 *
 * @param context The context.
 * @param uri     The gallery (file://media/Photo) or a bundle's cloud directory as a whole; with or without a slash at the end.
 * @param out     Where the plan's handle goes; the caller frees it with cloudsync_plan_free.
 * @return 0, also where nothing is to be done; 201 without the permission, and 202 for no system app, for the gallery; 202 for
 *         another bundle's directory, to a caller that is no system app; 401 for a bad handle or where URI or out is NULL;
 *         14000002 for a URI that is not that of a synced directory as a whole; 22400002 without network; 22400001 where the
 *         cloud is signed out or switched off; 22400003 with too little battery; 22400006 while a sync run, or another plan,
 *         of this directory is under way; 13900005 where the files cannot be looked at or the cloud fails; 13600001 where the
 *         context has been closed; 13900029 from inside a callback, nothing is done then.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloudsync_plan_async.
 */
int32_t cloudsync_plan(struct CloudSyncContext *context,
                       const char *uri,
                       struct CloudSyncPlan **out);

/**
 * Finds out what a start would do now. As cloudsync_plan, but returns at once: its code, and the plan's handle, come to the
 * completion callback, once, also where the context is closed first.
 *
 * @param context   The context.
 * @param uri       As in cloudsync_plan; copied.
 * @param done      Told the code of cloudsync_plan, and given the handle, which it or the caller frees with
 *                  cloudsync_plan_free.
 * @param user_data Passed to done.
 * @return 0: done will be called; 201, 202, 401, 14000002 or 13600001 as cloudsync_plan, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_plan_async(struct CloudSyncContext *context,
                             const char *uri,
                             CloudSyncPlanCompletion done,
                             void *user_data);

/**
 * Reads a plan.
 *
 * @param plan    The plan.
 * @param actions Where the array of pointers to its actions goes; it lives as long as the plan.
 * @param count   Where their number goes.
 * @param totals  Where a pointer to what they come to goes, which lives as long as the plan; may be NULL.
 * @return 0; 401 for a bad handle, or where actions or count is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_plan_read(const struct CloudSyncPlan *plan,
                            const struct CloudSyncPlannedAction *const **actions,
                            size_t *count,
                            const struct CloudSyncPlanTotals **totals);

/**
 * Frees a plan, and all that was read from it.
 *
 * @param plan The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_plan_free(struct CloudSyncPlan *plan);

/**
 * Removes a file, or a folder with all that is in it: when this returns it is in the trash on this disk, and is not listed
 * and not fetched any more; the next sync run moves it to the cloud's trash, from where every other device removes it too.
 * Each trash keeps it for its retention (30 days here). A part of a photo goes with all its other parts in the same folder:
 * a live photo's still with its video, a raw file with its JPEG, a sidecar, an edited copy with its original. What is in the
 * cloud alone goes to the cloud's trash only. Such a deletion was asked for: it never waits for
 * cloudsync_answer_held_deletions on this device. Where the cloud gets a changed version before it hears of the deletion,
 * that version wins, and comes; of a photo only the part that was changed.
 *
 * @param context The context.
 * @param uri     The file or folder.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle or a URI that is NULL or not UTF-8;
 *         13900002 for what is neither here nor in the cloud; 13900010 while it is being sent or fetched; 13900001 for a link, a
 *         pipe or a device; 13900005, 13900012, 13900025 or 13900027 where the disk refuses it, and nothing is removed then;
 *         13900029 from inside a callback, nothing is done then; 14000002 for a URI that cannot be read or that leaves the
 *         synced directories; 13600001 where the context has been closed.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloudsync_remove_async.
 */
int32_t cloudsync_remove(struct CloudSyncContext *context,
                         const char *uri);

/**
 * Removes a file or folder. As cloudsync_remove, but returns at once: its code comes to the completion callback, once, also
 * where the context is closed first.
 *
 * @param context   The context.
 * @param uri       The file or folder; copied.
 * @param done      Told the code of cloudsync_remove.
 * @param user_data Passed to done.
 * @return 0: done will be called; 201, 202, 401 or 13600001 as cloudsync_remove, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_remove_async(struct CloudSyncContext *context,
                               const char *uri,
                               CloudSyncCompletion done,
                               void *user_data);

/**
 * Restores what was removed with cloudsync_remove, or deleted in any other way on any device: what this disk's trash has goes
 * back to its place when this returns, and otherwise what the cloud's trash has is brought back in the cloud. The next sync run
 * brings it to wherever it is not yet, with the bytes that it had. Of what was deleted several times the last comes back, and
 * what this disk's trash has comes before what the cloud's has. Folders, and parts of a photo,
 * come back with all that went with them, pinned where it was; where some of that was in the cloud alone and the cloud has
 * heard of the removal, the cloud is asked first, and nothing comes back before it can bring that. On a device that has only
 * heard of the removal, a folder comes back with what of it this disk's trash has; the rest stays in the cloud's trash.
 * From the cloud's trash they come back with all that it has of them, whenever it was deleted, for which all records of the
 * cloud are looked through. A part whose name something else has by now stays in the trash. A trash_uri of
 * cloudsync_list_trash brings that one back and no other, with the parts of its photo that went with it. While a run of this
 * device writes records, this waits for that.
 *
 * @param context The context.
 * @param uri     The file or folder, as it was called, or the trash_uri of cloudsync_list_trash.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle or a URI that is NULL or not UTF-8;
 *         13900002 where neither trash has it; 13900015 where something else has its name now, which is left as it is: give that
 *         another name first; 13900014 while another device is just changing the cloud; 22400002 or 22400001
 *         where the cloud is to be asked and there is no network, or it is signed out or switched off; 13900005, 13900012,
 *         13900025 or 13900027 where the disk refuses it or the cloud fails or is full; 13900029 from inside a callback, nothing
 *         is done then; 14000002 for a URI that cannot be read or that leaves the synced directories; 13600001 where the context
 *         has been closed.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use cloudsync_restore_async.
 */
int32_t cloudsync_restore(struct CloudSyncContext *context,
                          const char *uri);

/**
 * Restores what was removed or deleted. As cloudsync_restore, but returns at once: its code comes to the completion callback,
 * once, also where the context is closed first.
 *
 * @param context   The context.
 * @param uri       The file or folder, as it was called, or the trash_uri of cloudsync_list_trash; copied.
 * @param done      Told the code of cloudsync_restore.
 * @param user_data Passed to done.
 * @return 0: done will be called; 201, 202, 401 or 13600001 as cloudsync_restore, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_restore_async(struct CloudSyncContext *context,
                                const char *uri,
                                CloudSyncCompletion done,
                                void *user_data);

/**
 * Frees as much space as the disk needs (documented: optimizeStorage, as a promise), and returns when that is
 * done. Under half of the disk free, photos that nobody has read for 30 days go until 60 % are free; still under
 * 15 %, any go until 20 % are. What went is in the cloud alone: its state and name stay, and a download brings it back.
 *
 * Nothing goes without a fresh proof that the cloud holds the same bytes, nor what is open for writing, changed,
 * pinned, or has another name as a hard link. The parts of one photo (a live photo's film, a raw file's JPEG, a
 * sidecar, an edited copy) go together or stay together.
 *
 * @param context The context.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle; 13900029 from inside a callback,
 *         nothing is done then; 22400001 where the cloud is signed out; 22400002 where it cannot be reached; 22400005
 *         where the index fails; 22400006 while space is being freed already; 13600001 where the context has been closed.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use optimize_storage_async.
 */
int32_t optimize_storage(struct CloudSyncContext *context);

/**
 * Frees as much space as the disk needs (documented: optimizeStorage). As optimize_storage, but returns at once: its
 * code comes to the completion callback, once, also where the context is closed first.
 *
 * @param context   The context.
 * @param done      Told the code of optimize_storage.
 * @param user_data Passed to done.
 * @return 0: done will be called; 201, 202, 401 or 13600001 as optimize_storage, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t optimize_storage_async(struct CloudSyncContext *context,
                               CloudSyncCompletion done,
                               void *user_data);

/**
 * Frees so many bytes (documented: startOptimizeSpace, as a promise): photos of the gallery, what nobody has read for
 * longest first. Returns when it is accepted; how far it is arrives at the callback, the last event COMPLETED, FAILED
 * or STOPPED, after which the callback is not called again. What may go and what stays is as for optimize_storage.
 *
 * @param context   The context.
 * @param param     How much; read before the call returns.
 * @param cb        Told how far it is.
 * @param user_data Passed to cb.
 * @return 0: accepted; 201 without the permission; 202 for no system app; 401 for a bad handle, where param or cb is NULL,
 *         or a number in param is impossible; 13900029 from inside a callback, nothing is done then; 22400006 while
 *         space is being freed already; 13600001 where the context has been closed.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029: use start_optimize_space_async.
 */
int32_t start_optimize_space(struct CloudSyncContext *context,
                             const struct CloudSyncOptimizeSpaceParam *param,
                             CloudSyncOptimizeSpaceCallback cb,
                             void *user_data);

/**
 * Frees so many bytes (documented: startOptimizeSpace). As start_optimize_space, but returns at once: its code comes to
 * the completion callback, once, also where the context is closed first.
 *
 * @param context   The context.
 * @param param     How much; read before the call returns.
 * @param cb        Told how far it is.
 * @param done      Told the code of start_optimize_space.
 * @param user_data Passed to both.
 * @return 0: done will be called; 201, 202, 401 or 13600001 as start_optimize_space, or 401 where done is NULL: it will
 *         not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t start_optimize_space_async(struct CloudSyncContext *context,
                                   const struct CloudSyncOptimizeSpaceParam *param,
                                   CloudSyncOptimizeSpaceCallback cb,
                                   CloudSyncCompletion done,
                                   void *user_data);

/**
 * Stops freeing space (documented: stopOptimizeSpace). Its last event is STOPPED, unless it ends before. What went is not
 * brought back. Where none is under way this is no error.
 *
 * @param context The context.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle; 13600001 where the context has been
 *         closed.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t stop_optimize_space(struct CloudSyncContext *context);

/**
 * Pins a file, or a folder with all that is in it, to this device: its bytes are never freed here, until it is
 * unpinned. Does not fetch anything by itself. Pinning what is pinned already is no error, nor unpinning what is not.
 *
 * @param context The context.
 * @param uri     The file or folder.
 * @param pinned  0: unpin. Anything else: pin.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle or a URI that is NULL or not UTF-8;
 *         13900002 for what is not there or was not synced yet; 13900010 while its space is just being freed; 13900029
 *         from inside a callback, nothing is done then; 14000002 for a URI that cannot be read or that leaves the synced
 *         directories; 13600001 where the context has been closed.
 *
 * Thread safety: any thread. Blocks. Callback safe: no, answers 13900029.
 */
int32_t cloudsync_pin(struct CloudSyncContext *context,
                      const char *uri,
                      int32_t pinned);

/**
 * Says when a person looked at a photo. What is freed first (start_optimize_space, optimize_storage) goes by that, for
 * the photos that it was said of, and for the others by when anybody read them. Kept over restarts; of several times
 * the latest counts.
 *
 * @param context The context.
 * @param uri     The file.
 * @param time_ms When, in milliseconds since 1970; one that is still to come counts as now. At least 0.
 * @return 0; 201 without the permission; 202 for no system app; 401 for a bad handle, a URI that is NULL or not UTF-8, or a
 *         time under 0; 13900002 for a file that no run has seen yet, or that is not there; 13900029 from inside a
 *         callback, nothing is done then; 14000002 for a URI that cannot be read or that leaves the synced directories;
 *         13600001 where the context has been closed.
 *
 * Thread safety: any thread. Blocks for a moment. Callback safe: no, answers 13900029.
 */
int32_t cloudsync_report_view(struct CloudSyncContext *context,
                              const char *uri,
                              int64_t time_ms);

/**
 * Tells a callback of changes of a file, or of the files and folders in a folder (documented: registerChange): of
 * those that happen on the disk, and of those that a run or a download makes on it or to what is known of
 * files in the cloud alone. Needs no permission: every caller may ask for the gallery and its own bundle.
 *
 * While somebody is registered the disk of that directory is watched, and what changes there is told without a start: half a
 * second after the last of several changes, at most 10 seconds after the first, and also without a network or an account.
 * Registering begins with a look at the disk in the background, which tells what has changed since the last one. Where the
 * system has no watchers left (inotify), and while a run is under way, changes are told when a run finds them. No run begins for it.
 *
 * Each change is told once, after it is done: a folder renamed or moved with all in it is one rename, a conflict copy is
 * one added file beside one that was modified, a file that the cloud's bytes replace is modified, and one that the
 * disk is found to hold for the first time is added. What is moved out of the folder is deleted there, and what is moved
 * into it is added, each file and folder in it as well; a file or folder that is watched itself is told of as renamed, and watched where
 * it was. A file of the cloud may be listed before it has come here (cloudsync_list), and is told when it has.
 *
 * Changes that are found together come together: renamed, deleted, added, modified, in this order, and those that a run
 * finds or makes before its final event. The renames are one step: each old URI is that of before all of them, each new
 * one that of after all (two files that have swapped their names are two renames). The URIs of what is deleted, added and
 * modified are those of after the renames: what went from a folder that was renamed too is deleted under the new name.
 *
 * Several callbacks may be registered for one URI. The same function with the same user data and recursion is
 * registered once: a second time answers 0, changes nothing, and calls destroy for the user data handed over with it.
 *
 * @param context   The context; closing it unregisters.
 * @param uri       A file, a folder, or the gallery (file://media/Photo) or a bundle's cloud directory as a whole; with
 *                  or without a slash at the end.
 * @param recursion 0: a folder stands for its own entries. Anything else: for all below it too.
 * @param cb        The function.
 * @param user_data Passed to cb.
 * @param destroy   Takes user_data back, once, also where this call fails; may be NULL.
 * @return 0; 401 for a bad handle, or a URI or cb that is NULL; 202 for a directory of another bundle, to a caller that
 *         is no system app; 13900002 for what is not there; 13900012 where the disk does not let it be looked at; 14000002
 *         for a URI that cannot be read or that leaves the synced directories; 13600001 where the context is being closed.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t register_change(struct CloudSyncContext *context,
                        const char *uri,
                        int32_t recursion,
                        CloudSyncChangeCallback cb,
                        void *user_data,
                        CloudSyncDestroy destroy);

/**
 * Unregisters all callbacks for changes of a URI (documented: unregisterChange). What is not registered is no error.
 * When this returns on a thread that is not inside a callback, none of them is running or will run again, and the
 * destroy of each has been called. Inside a callback it does not wait: a callback that runs is done with when it returns.
 *
 * @param context The context.
 * @param uri     What was registered; it need not be there any more.
 * @return 0; 401 for a bad handle, or a URI that is NULL; 202 for a directory of another bundle, to a caller that is no
 *         system app; 14000002 for a URI that cannot be read or that leaves the synced directories.
 *
 * Thread safety: any thread. Waits for a callback that runs on another thread. Callback safe: yes.
 */
int32_t unregister_change(struct CloudSyncContext *context,
                          const char *uri);

/**
 * Lists a folder, a page at a time: what is on the disk, as the last sync run saw it, and what is in the cloud alone.
 * Answers from memory and never waits for a running sync. What was deleted here is not listed, also where the cloud has yet
 * to hear of it. Needs no permission: every caller may list the gallery and its own bundle.
 *
 * The order is the library's own and stays: what comes or goes between two pages, or is renamed, makes nothing else come
 * twice or not at all. Where a folder is moved, what is in it may come twice, or not: list that folder again. A folder
 * comes before what is in it. The last page takes no longer than the first.
 *
 * @param context     The context.
 * @param uri         A folder, or the gallery (file://media/Photo) or a bundle's cloud directory as a whole; with or without
 *                    a slash at the end.
 * @param recursion   0: the folder's own entries. Anything else: all below it too.
 * @param after       Where the page begins, as cloudsync_page_read of the page before says; NULL for the first.
 * @param max_entries The most entries of the page, 1 to 10000.
 * @param out         Where the page's handle goes; the caller frees it with cloudsync_page_free.
 * @return 0, also where there is nothing; 401 for a bad handle, where URI or out is NULL, for an after that no page has said
 *         and a max_entries out of range; 202 for a directory of another bundle, to a caller that is no system app; 13900002
 *         for what is no folder; 14000002 for a URI that cannot be read or that leaves the synced directories.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_list(struct CloudSyncContext *context,
                       const char *uri,
                       int32_t recursion,
                       const char *after,
                       uint32_t max_entries,
                       struct CloudSyncPage **out);

/**
 * Reads a page.
 *
 * @param page    The page.
 * @param entries Where the array of pointers to its entries goes; it lives as long as the page.
 * @param count   Where their number goes.
 * @param after   Where what cloudsync_list needs for the next page goes, which lives as long as this page; NULL after the
 *                last page.
 * @return 0; 401 for a bad handle, or where entries, count or after is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_page_read(const struct CloudSyncPage *page,
                            const struct CloudSyncEntry *const **entries,
                            size_t *count,
                            const char **after);

/**
 * Frees a page, and all that was read from it.
 *
 * @param page The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_page_free(struct CloudSyncPage *page);

/**
 * Lists what can be restored, a page at a time, for an album of what was deleted: what was removed on this device with
 * cloudsync_remove, also what was in the cloud alone; and what this device had when a sync run brought its deletion from
 * another one. Looks at the trash on this disk alone, and never waits for a running sync, nor for the cloud. Not listed, because
 * the cloud's trash alone has it, is what another program deletes on this device, and what was in the cloud alone here and was deleted
 * on another device: the URI that it had restores that.
 *
 * What was removed last comes first, and what went together by its path. Every file is listed for each time that it
 * was removed, also those of a folder that was, and a folder where it had nothing in it; to restore a folder as a whole, give
 * cloudsync_restore the URI that it had. What comes or goes between two pages makes nothing else come twice or not at all.
 *
 * @param context     The context.
 * @param uri         The gallery (file://media/Photo) or a bundle's cloud directory as a whole; with or without a slash at the end.
 * @param after       Where the page begins, as cloudsync_trash_page_read of the page before says; NULL for the first.
 * @param max_entries The most entries of the page, 1 to 10000.
 * @param out         Where the page's handle goes; the caller frees it with cloudsync_trash_page_free.
 * @return 0, also where there is nothing; 201 without the permission; 202 for no system app; 401 for a bad handle, where URI or
 *         out is NULL, for an after that no page has said and a max_entries out of range; 13900012 where the disk
 *         does not let the trash be looked at; 13600001 where the context has been closed; 14000002 for a URI that is
 *         not that of a synced directory as a whole.
 *
 * Thread safety: any thread. Reads folders of the disk. Callback safe: yes.
 */
int32_t cloudsync_list_trash(struct CloudSyncContext *context,
                             const char *uri,
                             const char *after,
                             uint32_t max_entries,
                             struct CloudSyncTrashPage **out);

/**
 * Reads a page of the trash.
 *
 * @param page    The page.
 * @param entries Where the array of pointers to its entries goes; it lives as long as the page.
 * @param count   Where their number goes.
 * @param after   Where what cloudsync_list_trash needs for the next page goes, which lives as long as this page; NULL after
 *                the last page.
 * @return 0; 401 for a bad handle, or where entries, count or after is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_trash_page_read(const struct CloudSyncTrashPage *page,
                                  const struct CloudSyncTrashEntry *const **entries,
                                  size_t *count,
                                  const char **after);

/**
 * Frees a page of the trash, and all that was read from it.
 *
 * @param page The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_trash_page_free(struct CloudSyncTrashPage *page);

/**
 * Makes an empty list.
 *
 * @param out Where the handle goes; the caller frees it with cloudsync_rows_free.
 * @return 0; 401 where out is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_new(struct CloudSyncRows **out);

/**
 * Frees a list, and all that was read from it. Not for the rows that a vendor's method is given.
 *
 * @param rows The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none, or for rows that a vendor's method was given.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_free(struct CloudSyncRows *rows);

/**
 * Adds a row without fields. The setters below set the fields of the row that was added last.
 *
 * @param rows      The list.
 * @param extension The row's id, times, version, lock and operation; copied. NULL for none of them: an answer that failed
 *                  needs none.
 * @return 0; 401 for a bad handle, rows that a vendor's method was given, or an extension with a struct_size, a text or a
 *         number that cannot be read.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_add(struct CloudSyncRows *rows,
                           const struct CloudSyncExtensionValue *extension);

/**
 * Sets a field of the last row to no value.
 *
 * @param rows The list.
 * @param name The field's name; copied.
 * @return 0; 401 for a bad handle, rows that a vendor's method was given, where there is no row yet, or for a name that is
 *         NULL, empty or not UTF-8.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_set_null(struct CloudSyncRows *rows,
                                const char *name);

/**
 * Sets a field of the last row to a whole number.
 *
 * @param rows   The list.
 * @param name   The field's name; copied.
 * @param number The number.
 * @return As cloudsync_rows_set_null.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_set_number(struct CloudSyncRows *rows,
                                  const char *name,
                                  int64_t number);

/**
 * Sets a field of the last row to a double.
 *
 * @param rows The list.
 * @param name The field's name; copied.
 * @param real The double.
 * @return As cloudsync_rows_set_null.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_set_real(struct CloudSyncRows *rows,
                                const char *name,
                                double real);

/**
 * Sets a field of the last row to a text.
 *
 * @param rows The list.
 * @param name The field's name; copied.
 * @param text The text; copied.
 * @return As cloudsync_rows_set_null; 401 where text is NULL or not UTF-8.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_set_text(struct CloudSyncRows *rows,
                                const char *name,
                                const char *text);

/**
 * Sets a field of the last row to true or false.
 *
 * @param rows  The list.
 * @param name  The field's name; copied.
 * @param truth 0 for false.
 * @return As cloudsync_rows_set_null.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_set_bool(struct CloudSyncRows *rows,
                                const char *name,
                                int32_t truth);

/**
 * Sets a field of the last row to bytes.
 *
 * @param rows   The list.
 * @param name   The field's name; copied.
 * @param bytes  The bytes; copied. Not looked at where length is 0.
 * @param length Their number.
 * @return As cloudsync_rows_set_null; 401 where bytes is NULL and length is not 0.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_set_blob(struct CloudSyncRows *rows,
                                const char *name,
                                const uint8_t *bytes,
                                size_t length);

/**
 * Sets a field of the last row to one asset.
 *
 * @param rows  The list.
 * @param name  The field's name; copied.
 * @param asset The asset; copied.
 * @return As cloudsync_rows_set_null; 401 for an asset that is NULL, or has a struct_size, a text or a number that cannot be
 *         read.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_set_asset(struct CloudSyncRows *rows,
                                 const char *name,
                                 const struct CloudSyncCloudAsset *asset);

/**
 * Sets a field of the last row to several assets.
 *
 * @param rows   The list.
 * @param name   The field's name; copied.
 * @param assets The assets; copied. Not looked at where count is 0.
 * @param count  Their number.
 * @return As cloudsync_rows_set_asset, for each.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_set_assets(struct CloudSyncRows *rows,
                                  const char *name,
                                  const struct CloudSyncCloudAsset *const *assets,
                                  size_t count);

/**
 * Says that the last row failed: in what a vendor answers to an insert, an update or a delete. For VERSION_CONFLICT its
 * extension has the version that there is.
 *
 * @param rows        The list.
 * @param error_code  A CLOUDSYNC_ERROR_CODE_... number; 0 for success, as it is without this call.
 * @param description What failed; copied. NULL for nothing.
 * @return 0; 401 for a bad handle, rows that a vendor's method was given, where there is no row yet, or for a description
 *         that is not UTF-8.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_set_result(struct CloudSyncRows *rows,
                                  int32_t error_code,
                                  const char *description);

/**
 * Says where the page after these rows begins: in what a vendor answers to a query.
 *
 * @param rows        The list.
 * @param next_cursor The cursor, whatever the vendor makes of it; copied.
 * @param has_more    Not 0 where there are more rows now.
 * @return 0; 401 for a bad handle, rows that a vendor's method was given, or a cursor that is NULL or not UTF-8.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_set_page(struct CloudSyncRows *rows,
                                const char *next_cursor,
                                int32_t has_more);

/**
 * How many rows a list has.
 *
 * @param rows The list.
 * @param out  Where the number goes.
 * @return 0; 401 for a bad handle or where out is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_count(const struct CloudSyncRows *rows,
                             size_t *out);

/**
 * Reads a field by its name.
 *
 * @param rows  The list.
 * @param index Which row, from 0.
 * @param name  The field's name.
 * @param out   Where the value goes; its struct_size is set by the caller.
 * @return 0; 401 for a bad handle, a row that there is not, a name that is NULL or not UTF-8, or where out is NULL or its
 *         struct_size cannot be read; 13900002 where the row has no such field.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_get(const struct CloudSyncRows *rows,
                           size_t index,
                           const char *name,
                           struct CloudSyncCloudValue *out);

/**
 * Reads a field by its place, in the order of their names: to look at all of them, count up from 0 until there are no more.
 *
 * @param rows  The list.
 * @param index Which row, from 0.
 * @param field Which field of it, from 0.
 * @param name  Where the field's name goes.
 * @param out   Where the value goes; its struct_size is set by the caller.
 * @return 0; 401 for a bad handle, a row that there is not, or where name or out is NULL or its struct_size cannot be read;
 *         13900002 where the row has no more fields.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_field(const struct CloudSyncRows *rows,
                             size_t index,
                             size_t field,
                             const char **name,
                             struct CloudSyncCloudValue *out);

/**
 * Reads a row's id, times, version, lock and operation.
 *
 * @param rows  The list.
 * @param index Which row, from 0.
 * @param out   Where they go; its struct_size is set by the caller.
 * @return 0; 401 for a bad handle, a row that there is not, or where out is NULL or its struct_size cannot be read.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_extension(const struct CloudSyncRows *rows,
                                 size_t index,
                                 struct CloudSyncExtensionValue *out);

/**
 * Reads what became of a row: the documented Result.
 *
 * @param rows        The list.
 * @param index       Which row, from 0.
 * @param error_code  Where the CLOUDSYNC_ERROR_CODE_... number goes; 0 for success.
 * @param description Where what failed goes; empty for success. May be NULL.
 * @return 0; 401 for a bad handle, a row that there is not, or where error_code is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_result(const struct CloudSyncRows *rows,
                              size_t index,
                              int32_t *error_code,
                              const char **description);

/**
 * Reads where the next page of a query begins.
 *
 * @param rows        The page.
 * @param next_cursor Where the cursor goes.
 * @param has_more    Where 1 goes where there are more rows now, else 0.
 * @return 0; 401 for a bad handle, or where next_cursor or has_more is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_rows_page(const struct CloudSyncRows *rows,
                            const char **next_cursor,
                            int32_t *has_more);

/**
 * Answers with an error.
 *
 * @param reply       The reply.
 * @param error_code  A CLOUDSYNC_ERROR_CODE_... number other than 0; one that is none counts as UNKNOWN_ERROR. From a share
 *                    centre's method a CLOUDSYNC_SHARING_CODE_... number other than 0; one that is none counts as INNER_ERROR.
 * @param description What failed, for a person; copied. NULL for nothing.
 * @return 0, also where the call has ended meanwhile; 401 for a reply that was answered or dropped already or is none, for the
 *         error code 0, or for a description that is not UTF-8: the reply is then still to be answered.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_fail(struct CloudSyncReply *reply,
                             int32_t error_code,
                             const char *description);

/**
 * Lets go of a reply without an answer: the call fails with CLOUDSYNC_ERROR_CODE_GONE, that of a share centre with
 * CLOUDSYNC_SHARING_CODE_IPC_ERROR, and may or may not have done something.
 *
 * @param reply The reply; NULL does nothing.
 * @return 0; 401 for a reply that was answered or dropped already or is none.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_drop(struct CloudSyncReply *reply);

/**
 * Answers with success where there is no value: to unsubscribe, exit and change_confirmation. Ends the answer to upload,
 * download and prove, after cloudsync_reply_item for each item, and to share, unshare and change_privilege, after
 * cloudsync_reply_participant for each participant; one that was left out has failed.
 *
 * @param reply The reply.
 * @return 0, also where the call has ended meanwhile; 401 for a reply that was answered or dropped already or is none, or of
 *         a method that gives a value.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_done(struct CloudSyncReply *reply);

/**
 * Says what became of one item of an upload, a download or a prove. The reply is answered with cloudsync_reply_done, after
 * all of them.
 *
 * @param reply       The reply.
 * @param index       Which item, from 0.
 * @param error_code  A CLOUDSYNC_ERROR_CODE_... number; 0 for success.
 * @param description What failed; copied. NULL for nothing.
 * @param asset       For success the asset, with its id and hash; copied. Not looked at for a failure or for prove.
 * @return 0, also where the call has ended meanwhile; 401 for a reply that was answered or dropped already, is none or of
 *         another method, an item that there is not or of which was said already, or an asset or a description that cannot be
 *         read.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_item(struct CloudSyncReply *reply,
                             size_t index,
                             int32_t error_code,
                             const char *description,
                             const struct CloudSyncCloudAsset *asset);

/**
 * Answers to get_service_info.
 *
 * @param reply The reply.
 * @param info  The account; copied.
 * @return 0, also where the call has ended meanwhile; 401 for a reply that was answered or dropped already, is none or of
 *         another method, or for a value that cannot be read: the reply is then still to be answered.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_service_info(struct CloudSyncReply *reply,
                                     const struct CloudSyncServiceInfo *info);

/**
 * Answers to get_app_brief_info.
 *
 * @param reply The reply.
 * @param apps  Pointers to the applications; copied. Not looked at where count is 0.
 * @param count Their number.
 * @return As cloudsync_reply_service_info.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_app_brief_info(struct CloudSyncReply *reply,
                                       const struct CloudSyncAppBriefInfo *const *apps,
                                       size_t count);

/**
 * Answers to get_app_schema.
 *
 * @param reply  The reply.
 * @param schema The bundle's databases; copied.
 * @return As cloudsync_reply_service_info.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_app_schema(struct CloudSyncReply *reply,
                                   const struct CloudSyncAppSchema *schema);

/**
 * Answers to subscribe.
 *
 * @param reply The reply.
 * @param info  How long the subscription lasts, and the ids to end it with; copied.
 * @return As cloudsync_reply_service_info.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_subscribe_info(struct CloudSyncReply *reply,
                                       const struct CloudSyncSubscribeInfo *info);

/**
 * Answers to connect_db.
 *
 * @param reply The reply.
 * @param stub  A database. The vendor may free the stub at once, or keep it for the next connect_db.
 * @return As cloudsync_reply_service_info; 401 for a bad stub.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_cloud_db(struct CloudSyncReply *reply,
                                 const struct CloudSyncCloudDbStub *stub);

/**
 * Answers to connect_asset_loader.
 *
 * @param reply The reply.
 * @param stub  An asset loader. The vendor may free the stub at once, or keep it for the next connect_asset_loader.
 * @return As cloudsync_reply_service_info; 401 for a bad stub.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_asset_loader(struct CloudSyncReply *reply,
                                     const struct CloudSyncAssetLoaderStub *stub);

/**
 * Answers to generate_id.
 *
 * @param reply The reply.
 * @param ids   The ids, as many as were asked for, of 1 to 23 bytes; copied. Not looked at where count is 0.
 * @param count Their number.
 * @return As cloudsync_reply_service_info.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_ids(struct CloudSyncReply *reply,
                            const char *const *ids,
                            size_t count);

/**
 * Answers to insert, update and delete: one row for each that was to be written, in order, with its extension, or with what
 * failed (cloudsync_rows_set_result). Answers to query: the rows, and where the next page begins (cloudsync_rows_set_page).
 *
 * @param reply The reply.
 * @param rows  The rows; copied. The vendor keeps them, and frees them when it likes.
 * @return As cloudsync_reply_service_info; 401 for bad rows.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_rows(struct CloudSyncReply *reply,
                             const struct CloudSyncRows *rows);

/**
 * Answers to lock and heartbeat.
 *
 * @param reply The reply.
 * @param info  The lock; copied.
 * @return As cloudsync_reply_service_info.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_lock_info(struct CloudSyncReply *reply,
                                  const struct CloudSyncLockInfo *info);

/**
 * Answers to unlock.
 *
 * @param reply The reply.
 * @param held  Not 0 where the lock was held under that id until now, 0 where it was lost already.
 * @return 0, also where the call has ended meanwhile; 401 for a reply that was answered or dropped already, is none or of
 *         another method.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_unlocked(struct CloudSyncReply *reply,
                                 int32_t held);

/**
 * Answers to connect_share_center.
 *
 * @param reply The reply.
 * @param stub  A share centre. The vendor may free the stub at once, or keep it for the next connect_share_center.
 * @return As cloudsync_reply_service_info; 401 for a bad stub.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_share_center(struct CloudSyncReply *reply,
                                     const struct CloudSyncShareServiceStub *stub);

/**
 * Says what became of one participant of share, unshare or change_privilege. The reply is answered with cloudsync_reply_done,
 * after all of them.
 *
 * @param reply        The reply.
 * @param index        Which participant, from 0.
 * @param sharing_code A CLOUDSYNC_SHARING_CODE_... number; 0 for success.
 * @param description  What failed; copied. NULL for nothing.
 * @param participant  For success the participant as it is now; copied. NULL where it is as it was asked. Not looked at for a
 *                     failure.
 * @return As cloudsync_reply_item.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_participant(struct CloudSyncReply *reply,
                                    size_t index,
                                    int32_t sharing_code,
                                    const char *description,
                                    const struct CloudSyncParticipant *participant);

/**
 * Answers to query_participants and query_participants_by_invitation.
 *
 * @param reply        The reply.
 * @param participants Pointers to the participants; copied. Not looked at where count is 0.
 * @param count        Their number.
 * @return As cloudsync_reply_service_info.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_participants(struct CloudSyncReply *reply,
                                     const struct CloudSyncParticipant *const *participants,
                                     size_t count);

/**
 * Answers to confirm_invitation and alloc_resource.
 *
 * @param reply            The reply.
 * @param sharing_resource The name of what is shared; copied.
 * @return As cloudsync_reply_service_info.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_reply_sharing_resource(struct CloudSyncReply *reply,
                                         const char *sharing_resource);

/**
 * How many assets there are.
 *
 * @param transfers The assets.
 * @param out       Where the number goes.
 * @return 0; 401 for a bad handle or where out is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_transfers_count(const struct CloudSyncTransfers *transfers,
                                  size_t *out);

/**
 * Reads what one asset is.
 *
 * @param transfers The assets.
 * @param index     Which one, from 0.
 * @param out       Where a pointer to it goes; it lives as long as the transfers.
 * @return 0; 401 for a bad handle, an asset that there is not, or where out is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_transfers_get(const struct CloudSyncTransfers *transfers,
                                size_t index,
                                const struct CloudSyncTransfer **out);

/**
 * Reads the next bytes of an asset that is to be uploaded.
 *
 * @param transfers The assets.
 * @param index     Which one, from 0.
 * @param buffer    Where the bytes go.
 * @param length    The buffer's size in bytes.
 * @param read      Where their number goes: 0 at the end, and only there.
 * @return 0; 401 for a bad handle, an asset that there is not or that is a download, or where buffer or read is NULL or length
 *         is 0; 13900004 where the transfer is to stop; 13600001 where the call has ended meanwhile; 13900005 or another code of
 *         its I/O error where the file on this device cannot be read. After one of these, answer: the library knows why.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_transfers_read(const struct CloudSyncTransfers *transfers,
                                 size_t index,
                                 uint8_t *buffer,
                                 size_t length,
                                 size_t *read);

/**
 * Writes bytes of an asset that is being downloaded.
 *
 * @param transfers The assets.
 * @param index     Which one, from 0.
 * @param offset    Where they belong: first 0 or the transfer's offset, then always what follows the bytes before.
 * @param bytes     The bytes; copied. Not looked at where length is 0.
 * @param length    Their number.
 * @return 0; 401 for a bad handle, an asset that there is not or that is an upload, an offset that leaves a gap, or where bytes
 *         is NULL; 13900004 where the transfer is to stop; 13600001 where the call has ended meanwhile; 13900025 or another code
 *         of its I/O error where the file on this device cannot be written. After one of these, answer: the library knows why.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_transfers_write(const struct CloudSyncTransfers *transfers,
                                  size_t index,
                                  uint64_t offset,
                                  const uint8_t *bytes,
                                  size_t length);

/**
 * Tells that records of a bundle were written, by whomever. Returns at once.
 *
 * @param listener    The listener.
 * @param bundle_name The bundle.
 * @return 0, also where nobody listens any more; 401 for a bad handle, or a name that is NULL, empty or not UTF-8.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_change_listener_tell(struct CloudSyncChangeListener *listener,
                                       const char *bundle_name);

/**
 * Frees a listener.
 *
 * @param listener The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_change_listener_free(struct CloudSyncChangeListener *listener);

/**
 * Makes a database of a vendor's functions: what connect_db answers with, and what cloud_db_... calls.
 *
 * @param vtable The functions; copied.
 * @param self_  Passed to each of them, and handed over: destroy takes it back, also where this call fails.
 * @param out    Where the stub goes; the caller frees it with cloud_db_stub_free.
 * @return 0; 401 where vtable or out is NULL, or the vtable's struct_size cannot be read.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t create_cloud_db_stub(const struct CloudSyncCloudDbVTable *vtable,
                             void *self_,
                             struct CloudSyncCloudDbStub **out);

/**
 * Frees a stub. Clouds and calls that use its database keep it.
 *
 * @param stub The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloud_db_stub_free(struct CloudSyncCloudDbStub *stub);

/**
 * Makes a store of assets of a vendor's functions: what connect_asset_loader answers with, and what asset_loader_... calls.
 *
 * @param vtable The functions; copied.
 * @param self_  Passed to each of them, and handed over: destroy takes it back, also where this call fails.
 * @param out    Where the stub goes; the caller frees it with asset_loader_stub_free.
 * @return 0; 401 where vtable or out is NULL, or the vtable's struct_size cannot be read.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t create_asset_loader_stub(const struct CloudSyncAssetLoaderVTable *vtable,
                                 void *self_,
                                 struct CloudSyncAssetLoaderStub **out);

/**
 * Frees a stub. Clouds and calls that use its assets keep it.
 *
 * @param stub The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t asset_loader_stub_free(struct CloudSyncAssetLoaderStub *stub);

/**
 * Makes a share centre of a vendor's functions: what connect_share_center answers with, and what share_center_... calls.
 *
 * What it answers is checked: an answer that cannot be true is CLOUDSYNC_SHARING_CODE_INNER_ERROR of that call.
 *
 * @param vtable The functions; copied.
 * @param self_  Passed to each of them, and handed over: destroy takes it back, also where this call fails.
 * @param out    Where the stub goes; the caller frees it with share_service_stub_free.
 * @return 0; 401 where vtable or out is NULL, or the vtable's struct_size cannot be read.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t create_share_service_stub(const struct CloudSyncShareCenterVTable *vtable,
                                  void *self_,
                                  struct CloudSyncShareServiceStub **out);

/**
 * Frees a stub. Clouds and calls that use its share centre keep it.
 *
 * @param stub The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t share_service_stub_free(struct CloudSyncShareServiceStub *stub);

/**
 * Makes a cloud of a vendor's functions, for cloudsync_options_set_cloud and for the functions that begin with
 * cloud_service_.
 *
 * What it answers is checked: an answer that cannot be true is an error of that call, and the gallery is left alone.
 *
 * @param vtable The functions; copied.
 * @param self_  Passed to each of them, and handed over: destroy takes it back, also where this call fails.
 * @param out    Where the stub goes; the caller frees it with cloud_service_stub_free.
 * @return 0; 401 where vtable or out is NULL, or the vtable's struct_size cannot be read.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t create_cloud_service_stub(const struct CloudSyncCloudServiceVTable *vtable,
                                  void *self_,
                                  struct CloudSyncCloudServiceStub **out);

/**
 * The ErrorCode behind this thread's last call of a cloud's method that failed in the cloud.
 *
 * @return A CLOUDSYNC_ERROR_CODE_... number; CLOUDSYNC_ERROR_CODE_SUCCESS where no such call has failed on this thread.
 *
 * Thread safety: any thread, each has its own. Callback safe: yes.
 */
int32_t cloudsync_last_error_code(void);

/**
 * Frees a result, and all that was read from it.
 *
 * @param result The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_result_free(struct CloudSyncResult *result);

/**
 * Reads what cloud_service_get_service_info gave.
 *
 * @param result The result.
 * @param out    Where a pointer to the account goes; it lives as long as the result.
 * @return 0; 401 for a bad handle, a result of another call, or where out is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_result_service_info(const struct CloudSyncResult *result,
                                      const struct CloudSyncServiceInfo **out);

/**
 * Reads what cloud_service_get_app_brief_info gave.
 *
 * @param result The result.
 * @param out    Where the array of pointers to applications goes; it lives as long as the result.
 * @param count  Where their number goes.
 * @return 0; 401 for a bad handle, a result of another call, or where out or count is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_result_app_brief_info(const struct CloudSyncResult *result,
                                        const struct CloudSyncAppBriefInfo *const **out,
                                        size_t *count);

/**
 * Reads what cloudsync_cloud_info gave.
 *
 * @param result The result.
 * @param out    Where a pointer to the account with its applications' switches goes; it lives as long as the result.
 * @return 0; 401 for a bad handle, a result of another call, or where out is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_result_cloud_info(const struct CloudSyncResult *result,
                                    const struct CloudSyncCloudInfo **out);

/**
 * Reads what cloud_service_get_app_schema gave.
 *
 * @param result The result.
 * @param out    Where a pointer to the schema goes; it lives as long as the result.
 * @return 0; 401 for a bad handle, a result of another call, or where out is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_result_app_schema(const struct CloudSyncResult *result,
                                    const struct CloudSyncAppSchema **out);

/**
 * Reads what cloud_service_subscribe gave.
 *
 * @param result The result.
 * @param out    Where a pointer to the subscription goes; it lives as long as the result.
 * @return 0; 401 for a bad handle, a result of another call, or where out is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_result_subscribe_info(const struct CloudSyncResult *result,
                                        const struct CloudSyncSubscribeInfo **out);

/**
 * Reads what cloud_db_generate_id gave.
 *
 * @param result The result.
 * @param out    Where the array of ids goes; it lives as long as the result.
 * @param count  Where their number goes.
 * @return 0; 401 for a bad handle, a result of another call, or where out or count is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_result_ids(const struct CloudSyncResult *result,
                             const char *const **out,
                             size_t *count);

/**
 * Reads what asset_loader_upload or asset_loader_download gave.
 *
 * @param result The result.
 * @param out    Where the array of pointers to the assets' results goes, in the order of the assets; it lives as long as the
 *               result.
 * @param count  Where their number goes.
 * @return 0; 401 for a bad handle, a result of another call, or where out or count is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_result_assets(const struct CloudSyncResult *result,
                                const struct CloudSyncAssetResult *const **out,
                                size_t *count);

/**
 * Reads what share_center_share, unshare, change_privilege and the two queries for participants gave.
 *
 * @param result The result.
 * @param out    Where the array of pointers to the participants' results goes; it lives as long as the result.
 * @param count  Where their number goes.
 * @return 0; 401 for a bad handle, a result of another call, or where out or count is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_result_participants(const struct CloudSyncResult *result,
                                      const struct CloudSyncParticipantResult *const **out,
                                      size_t *count);

/**
 * Reads what share_center_confirm_invitation gave.
 *
 * @param result The result.
 * @param out    Where the name of what is shared goes; it lives as long as the result.
 * @return 0; 401 for a bad handle, a result of another call, or where out is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_result_sharing_resource(const struct CloudSyncResult *result,
                                          const char **out);

/**
 * Asks for the account and its space.
 *
 * @param stub The cloud.
 * @param out  Where the result goes: cloudsync_result_service_info. The caller frees it with cloudsync_result_free.
 * @return 0; 401 for a bad handle or where out is NULL; otherwise what the cloud's failure stands for, as with
 *         cloud_db_generate_id.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_service_get_service_info(struct CloudSyncCloudServiceStub *stub,
                                       struct CloudSyncResult **out);

/**
 * Asks for every known application's switch. An application that is not named is switched on.
 *
 * @param stub The cloud.
 * @param out  Where the result goes: cloudsync_result_app_brief_info. The caller frees it with cloudsync_result_free.
 * @return 0; 401 for a bad handle or where out is NULL; otherwise what the cloud's failure stands for, as with
 *         cloud_db_generate_id.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_service_get_app_brief_info(struct CloudSyncCloudServiceStub *stub,
                                         struct CloudSyncResult **out);

/**
 * Asks for the account, its space, and every known application's switch: cloud_service_get_service_info and
 * cloud_service_get_app_brief_info as one value, the documented CloudInfo. A cloud without switches (NOT_SUPPORTED) has no applications.
 *
 * @param stub The cloud.
 * @param out  Where the result goes: cloudsync_result_cloud_info. The caller frees it with cloudsync_result_free.
 * @return 0; 401 for a bad handle or where out is NULL; otherwise what the cloud's failure stands for, as with
 *         cloud_db_generate_id.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloudsync_cloud_info(struct CloudSyncCloudServiceStub *stub,
                             struct CloudSyncResult **out);

/**
 * Asks for a bundle's databases: what their tables are described as, which holds for every connection. In an embedded cloud that
 * is what all connections have described together: tables and fields are added and may become nullable, and none is ever taken
 * away; version rises with each that adds something.
 *
 * @param stub        The cloud.
 * @param bundle_name The bundle; copied.
 * @param out         Where the result goes: cloudsync_result_app_schema. The caller frees it with cloudsync_result_free.
 * @return 0; 401 for a bad handle, a name that is NULL, empty or not UTF-8, or where out is NULL; otherwise what the cloud's
 *         failure stands for, as with cloud_db_generate_id.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_service_get_app_schema(struct CloudSyncCloudServiceStub *stub,
                                     const char *bundle_name,
                                     struct CloudSyncResult **out);

/**
 * Asks to be told of writes to databases, by whomever, from now on. Several writes may be told as one.
 *
 * @param stub            The cloud.
 * @param bundle_names    The bundles; copied. Not looked at where count is 0.
 * @param databases       For each of them a database; copied. A bundle may come several times.
 * @param count           Their number.
 * @param expiration_time For how long, in milliseconds.
 * @param cb              Told the bundle's name, on a thread of the cloud's; it must not block.
 * @param user_data       Passed to cb, and handed over.
 * @param destroy         Takes user_data back, once: when cb is not running and will not run again, after the subscription
 *                        has ended, and where this call fails. May be NULL.
 * @param out             Where the result goes: cloudsync_result_subscribe_info, with how long it lasts and the ids to end it
 *                        with. The caller frees it with cloudsync_result_free.
 * @return 0; 401 for a bad handle, or where a name, a database, cb or out is NULL or cannot be read; otherwise what the cloud's
 *         failure stands for, as with cloud_db_generate_id.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_service_subscribe(struct CloudSyncCloudServiceStub *stub,
                                const char *const *bundle_names,
                                const struct CloudSyncDatabase *const *databases,
                                size_t count,
                                uint64_t expiration_time,
                                CloudSyncCloudChangeCallback cb,
                                void *user_data,
                                CloudSyncDestroy destroy,
                                struct CloudSyncResult **out);

/**
 * Ends subscriptions. One that has ended is no error.
 *
 * @param stub  The cloud.
 * @param ids   Which, by bundle and id; copied. Not looked at where count is 0.
 * @param count Their number.
 * @return 0; 401 for a bad handle, or where an id cannot be read; otherwise what the cloud's failure stands for, as with
 *         cloud_db_generate_id.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_service_unsubscribe(struct CloudSyncCloudServiceStub *stub,
                                  const struct CloudSyncSubscribeId *const *ids,
                                  size_t count);

/**
 * Connects to a bundle's records.
 *
 * @param stub        The cloud.
 * @param bundle_name The bundle; copied.
 * @param database    Which database; copied. Its tables are what the caller will use, as far as it says so.
 * @param out         Where the database's stub goes; the caller frees it with cloud_db_stub_free.
 * @return 0; 401 for a bad handle, or where a name, the database or out is NULL or cannot be read; 13900020 where the tables do not
 *         fit the cloud's schema: a table or field that it does not have and does not take, another type or key, a field that may
 *         never be null and was left out; otherwise what the cloud's
 *         failure stands for, as with cloud_db_generate_id.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_service_connect_db(struct CloudSyncCloudServiceStub *stub,
                                 const char *bundle_name,
                                 const struct CloudSyncDatabase *database,
                                 struct CloudSyncCloudDbStub **out);

/**
 * Connects to a bundle's assets. Those of a table that the schema does not have fail with
 * CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT.
 *
 * @param stub        The cloud.
 * @param bundle_name The bundle; copied.
 * @param database    Which database; copied. Its tables are as in cloud_service_connect_db.
 * @param out         Where the loader's stub goes; the caller frees it with asset_loader_stub_free.
 * @return As cloud_service_connect_db.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_service_connect_asset_loader(struct CloudSyncCloudServiceStub *stub,
                                           const char *bundle_name,
                                           const struct CloudSyncDatabase *database,
                                           struct CloudSyncAssetLoaderStub **out);

/**
 * Connects to the share centre of a user and a bundle.
 *
 * @param stub        The cloud.
 * @param user_id     The user.
 * @param bundle_name The bundle; copied.
 * @param out         Where the share centre's stub goes; the caller frees it with share_service_stub_free.
 * @return 0; 401 for a bad handle, or where the name or out is NULL, or the name is empty or not UTF-8; otherwise what the cloud's
 *         failure stands for, as with cloud_db_generate_id.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_service_connect_share_center(struct CloudSyncCloudServiceStub *stub,
                                           int32_t user_id,
                                           const char *bundle_name,
                                           struct CloudSyncShareServiceStub **out);

/**
 * What a cloud can do beyond the documents.
 *
 * @param stub The database.
 * @param out  Where the CLOUDSYNC_CAPABILITY_... bits go.
 * @return 0; 401 for a bad handle or where out is NULL.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_cloud_db_capabilities(struct CloudSyncCloudDbStub *stub,
                                        uint32_t *out);

/**
 * Makes ids for records that are to be inserted.
 *
 * @param stub  The database.
 * @param count How many, up to 10000.
 * @param out   Where the result goes: cloudsync_result_ids. The caller frees it with cloudsync_result_free.
 * @return 0; 401 for a bad handle, a count over 10000, or where out is NULL; otherwise what the cloud's failure stands for:
 *         see the CLOUDSYNC_ERROR_CODE_... numbers, cloudsync_last_error_code and cloudsync_last_error.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_db_generate_id(struct CloudSyncCloudDbStub *stub,
                             size_t count,
                             struct CloudSyncResult **out);

/**
 * Inserts records. A row's extension has its id, from cloud_db_generate_id. An insert on the id of a deleted record, with that
 * record's version, brings it back.
 *
 * A row must fit the schema of its table (cloud_service_get_app_schema): each field is of the described type, those that are part
 * of the primary key or not nullable are there and not null, and there is no other field. One that does not fit fails alone with
 * CLOUDSYNC_ERROR_CODE_INVALID_ARGUMENT and a text that names the field, and does not get to the cloud; the others go on.
 *
 * @param stub  The database.
 * @param table The table; copied.
 * @param rows  The records.
 * @param out   Where rows with what became of each go, in order: cloudsync_rows_result, and for success cloudsync_rows_extension
 *              with id, version and modification time. The caller frees them with cloudsync_rows_free.
 * @return 0, also where rows failed; 401 for a bad handle, a row without an id, a table that is NULL, empty or not UTF-8, or
 *         where out is NULL; 13900020 for a table that the schema does not have; otherwise what the cloud's failure stands for, as with cloud_db_generate_id.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_db_insert(struct CloudSyncCloudDbStub *stub,
                        const char *table,
                        const struct CloudSyncRows *rows,
                        struct CloudSyncRows **out);

/**
 * Replaces records' fields: all of them, which must fit the schema as in cloud_db_insert.
 *
 * @param stub  The database.
 * @param table The table; copied.
 * @param rows  The records.
 * @param out   As in cloud_db_insert.
 * @return As cloud_db_insert.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_db_update(struct CloudSyncCloudDbStub *stub,
                        const char *table,
                        const struct CloudSyncRows *rows,
                        struct CloudSyncRows **out);

/**
 * Deletes records. Deleting a deleted record is no error.
 *
 * @param stub  The database.
 * @param table The table; copied.
 * @param rows  The records; their fields are not looked at.
 * @param out   As in cloud_db_insert.
 * @return As cloud_db_insert.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_db_delete(struct CloudSyncCloudDbStub *stub,
                        const char *table,
                        const struct CloudSyncRows *rows,
                        struct CloudSyncRows **out);

/**
 * Lists records written since a cursor, deletions included, the oldest write first.
 *
 * @param stub         The database.
 * @param table        The table; copied.
 * @param fields       The fields wanted; copied. Not looked at where field_count is 0.
 * @param field_count  Their number; 0 for all.
 * @param query_count  The most records to list, 1 to 10000.
 * @param query_cursor Where to go on, from the page before (cloudsync_rows_page); "" from the start; copied.
 * @param out          Where the page goes. The caller frees it with cloudsync_rows_free.
 * @return 0; 401 for a bad handle, a query_count outside 1 to 10000, or where a text or out is NULL or not UTF-8;
 *         13900020 for a table or field that the schema does not have; otherwise what the cloud's failure stands for, as with cloud_db_generate_id.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_db_query(struct CloudSyncCloudDbStub *stub,
                       const char *table,
                       const char *const *fields,
                       size_t field_count,
                       size_t query_count,
                       const char *query_cursor,
                       struct CloudSyncRows **out);

/**
 * Takes the database's lock.
 *
 * @param stub The database.
 * @param out  Where the lock goes; its struct_size is set by the caller.
 * @return 0; 401 for a bad handle, or where out is NULL or its struct_size cannot be read; 13900014 while another holds it;
 *         otherwise what the cloud's failure stands for, as with cloud_db_generate_id.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_db_lock(struct CloudSyncCloudDbStub *stub,
                      struct CloudSyncLockInfo *out);

/**
 * Renews a lock's lease before it ends.
 *
 * @param stub    The database.
 * @param lock_id The lock.
 * @param out     Where the lock goes; its struct_size is set by the caller.
 * @return 0; 401 for a bad handle, or where out is NULL or its struct_size cannot be read; 13900001 where the lock is lost;
 *         otherwise what the cloud's failure stands for, as with cloud_db_generate_id.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_db_heartbeat(struct CloudSyncCloudDbStub *stub,
                           int64_t lock_id,
                           struct CloudSyncLockInfo *out);

/**
 * Gives a lock back. One that is lost already is no error.
 *
 * @param stub    The database.
 * @param lock_id The lock.
 * @param held    Where it goes whether the lock was held under that id until now: 1, or 0 where it was lost already, with its
 *                lease or to another holder. May be NULL.
 * @return 0; 401 for a bad handle; otherwise what the cloud's failure stands for, as with cloud_db_generate_id.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t cloud_db_unlock(struct CloudSyncCloudDbStub *stub,
                        int64_t lock_id,
                        int32_t *held);

/**
 * Uploads assets of one record: the files that their paths name. What the cloud answers with success is durable there.
 *
 * @param stub   The loader.
 * @param table  The record's table; copied.
 * @param gid    The record's id; copied.
 * @param assets Pointers to the assets; copied. Their size is read from the files. Not looked at where count is 0.
 * @param count  Their number.
 * @param out    Where the result goes: cloudsync_result_assets, one for each asset. The caller frees it with
 *               cloudsync_result_free.
 * @return 0, also where assets failed, each of which has its code; 401 for a bad handle, or where a pointer, a text, a
 *         struct_size or a path cannot be read.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t asset_loader_upload(struct CloudSyncAssetLoaderStub *stub,
                            const char *table,
                            const char *gid,
                            const struct CloudSyncCloudAsset *const *assets,
                            size_t count,
                            struct CloudSyncResult **out);

/**
 * Downloads assets of one record into the files that their paths name. A file appears when it is whole, in place of one that
 * has its name.
 *
 * @param stub   The loader.
 * @param table  The record's table; copied.
 * @param gid    The record's id; copied.
 * @param prefix The directory that the paths begin at; copied. "" for paths that say it all.
 * @param assets Pointers to the assets, with id and path; copied. Not looked at where count is 0.
 * @param count  Their number.
 * @param out    Where the result goes: cloudsync_result_assets, one for each asset. The caller frees it with
 *               cloudsync_result_free.
 * @return 0, also where assets failed, each of which has its code; 401 for a bad handle, or where a pointer, a text, a
 *         struct_size or a path cannot be read.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t asset_loader_download(struct CloudSyncAssetLoaderStub *stub,
                              const char *table,
                              const char *gid,
                              const char *prefix,
                              const struct CloudSyncCloudAsset *const *assets,
                              size_t count,
                              struct CloudSyncResult **out);

/**
 * The SharingCode behind this thread's last call of share_center_... or sharing_... that failed in the share centre.
 *
 * @return A CLOUDSYNC_SHARING_CODE_... number, or a vendor's own; CLOUDSYNC_SHARING_CODE_SUCCESS where no such call has failed
 *         on this thread.
 *
 * Thread safety: any thread, each has its own. Callback safe: yes.
 */
int32_t cloudsync_last_sharing_code(void);

/**
 * Shares what a name stands for with participants.
 *
 * @param stub             The share centre.
 * @param user_id          The user who shares.
 * @param bundle_name      The application; copied.
 * @param sharing_resource What is shared; copied.
 * @param participants     Pointers to those who are invited; copied. Not looked at where count is 0.
 * @param count            Their number.
 * @param out              Where the result goes: cloudsync_result_participants, one for each. The caller frees it with
 *                         cloudsync_result_free.
 * @return 0, also where single participants failed, each of which has its code; 401 for a bad handle, or where a text, a
 *         participant or out is NULL or cannot be read; otherwise what the share centre's failure stands for, which
 *         cloudsync_last_sharing_code and cloudsync_last_error tell more of: 13900014 for what was done already, otherwise than it
 *         is asked for now; 13900001 where only the inviter, or only who takes part, may do this, or there is no such share;
 *         22400004 where the account shares as much as it may, or a share has as many participants; 13900020 where the call
 *         is wrong; 22400002 where the cloud is not reached; 22400001 where it is signed out or switched off; 13900005 where it
 *         is damaged; 13900002 for an invitation that is not there, or not any more; 13900010 for too many calls in a short
 *         time; 13600001 where its provider has gone; 801 where it does not share; 13900042 for anything else, and for a
 *         vendor's own numbers.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t share_center_share(struct CloudSyncShareServiceStub *stub,
                           int32_t user_id,
                           const char *bundle_name,
                           const char *sharing_resource,
                           const struct CloudSyncParticipant *const *participants,
                           size_t count,
                           struct CloudSyncResult **out);

/**
 * Takes a share back from participants.
 *
 * @param stub             The share centre.
 * @param user_id          The user who shares.
 * @param bundle_name      The application; copied.
 * @param sharing_resource What is shared; copied.
 * @param participants     As in share_center_share.
 * @param count            Their number.
 * @param out              As in share_center_share.
 * @return As share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t share_center_unshare(struct CloudSyncShareServiceStub *stub,
                             int32_t user_id,
                             const char *bundle_name,
                             const char *sharing_resource,
                             const struct CloudSyncParticipant *const *participants,
                             size_t count,
                             struct CloudSyncResult **out);

/**
 * Changes what participants may do.
 *
 * @param stub             The share centre.
 * @param user_id          The user who shares.
 * @param bundle_name      The application; copied.
 * @param sharing_resource What is shared; copied.
 * @param participants     As in share_center_share, with their new privileges.
 * @param count            Their number.
 * @param out              As in share_center_share.
 * @return As share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t share_center_change_privilege(struct CloudSyncShareServiceStub *stub,
                                      int32_t user_id,
                                      const char *bundle_name,
                                      const char *sharing_resource,
                                      const struct CloudSyncParticipant *const *participants,
                                      size_t count,
                                      struct CloudSyncResult **out);

/**
 * Leaves a share.
 *
 * @param stub             The share centre.
 * @param user_id          The user who leaves.
 * @param bundle_name      The application; copied.
 * @param sharing_resource What is shared; copied.
 * @return 0; 401 for a bad handle, or where a text is NULL, empty or not UTF-8; otherwise as
 *         share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t share_center_exit(struct CloudSyncShareServiceStub *stub,
                          int32_t user_id,
                          const char *bundle_name,
                          const char *sharing_resource);

/**
 * Asks who takes part in a share.
 *
 * @param stub             The share centre.
 * @param user_id          The user who asks.
 * @param bundle_name      The application; copied.
 * @param sharing_resource What is shared; copied.
 * @param out              Where the result goes: cloudsync_result_participants. The caller frees it with cloudsync_result_free.
 * @return 0; 401 for a bad handle, or where a text or out is NULL, or a text is empty or not UTF-8; otherwise as
 *         share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t share_center_query_participants(struct CloudSyncShareServiceStub *stub,
                                        int32_t user_id,
                                        const char *bundle_name,
                                        const char *sharing_resource,
                                        struct CloudSyncResult **out);

/**
 * Asks who takes part in the share that an invitation is for.
 *
 * @param stub            The share centre.
 * @param user_id         The user who asks.
 * @param bundle_name     The application; copied.
 * @param invitation_code The invitation's code; copied.
 * @param out             As in share_center_query_participants.
 * @return As share_center_query_participants.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t share_center_query_participants_by_invitation(struct CloudSyncShareServiceStub *stub,
                                                      int32_t user_id,
                                                      const char *bundle_name,
                                                      const char *invitation_code,
                                                      struct CloudSyncResult **out);

/**
 * Answers an invitation.
 *
 * @param stub            The share centre.
 * @param user_id         The user who was invited.
 * @param bundle_name     The application; copied.
 * @param invitation_code The invitation's code; copied.
 * @param state           A CLOUDSYNC_STATE_... number: the answer.
 * @param out             Where the result goes: cloudsync_result_sharing_resource. The caller frees it with
 *                        cloudsync_result_free.
 * @return 0; 401 for a bad handle, a state that is none, or where a text or out is NULL, or a text is empty or not UTF-8;
 *         otherwise as share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t share_center_confirm_invitation(struct CloudSyncShareServiceStub *stub,
                                        int32_t user_id,
                                        const char *bundle_name,
                                        const char *invitation_code,
                                        int32_t state,
                                        struct CloudSyncResult **out);

/**
 * Changes the answer to an invitation.
 *
 * @param stub             The share centre.
 * @param user_id          The user who was invited.
 * @param bundle_name      The application; copied.
 * @param sharing_resource What is shared; copied.
 * @param state            A CLOUDSYNC_STATE_... number: the new answer.
 * @return 0; 401 for a bad handle, a state that is none, or where a text is NULL, empty or not UTF-8; otherwise as
 *         share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t share_center_change_confirmation(struct CloudSyncShareServiceStub *stub,
                                         int32_t user_id,
                                         const char *bundle_name,
                                         const char *sharing_resource,
                                         int32_t state);

/**
 * Asks for the sharing resource that stands for a record, made where there is none yet: what the documented
 * allocResourceAndShare does first. Records that a context keeps in step are named more easily with
 * cloudsync_sharing_resource.
 *
 * @param stub           The share centre.
 * @param user_id        The user who shares.
 * @param bundle_name    The application; copied.
 * @param database_alias The database's name in the cloud; copied.
 * @param table          The table; copied.
 * @param record_id      The record's id; copied.
 * @param out            Where the result goes: cloudsync_result_sharing_resource. The caller frees it with
 *                       cloudsync_result_free.
 * @return 0; 401 for a bad handle, or where a text or out is NULL, or a text is empty or not UTF-8; otherwise as
 *         share_center_share; 801 for a cloud that names what is shared in another way as well.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: yes.
 */
int32_t share_center_alloc_resource(struct CloudSyncShareServiceStub *stub,
                                    int32_t user_id,
                                    const char *bundle_name,
                                    const char *database_alias,
                                    const char *table,
                                    const char *record_id,
                                    struct CloudSyncResult **out);

/**
 * Puts a cloud through every check that this library has for clouds, and reports each: the account, its applications and its
 * space; records, their versions, times, large fields and unusual names; listings and their cursors; the lock, its lease, and
 * several who want it at once; assets and proofs; subscriptions and their end; schemas. Takes a few seconds where all is well.
 * Leaves a few records and assets in the bundles com.example.conformance and com.example.conformance.other, which nobody else
 * may use meanwhile.
 *
 * A check of what the cloud does not offer is left out: what it does not declare (CLOUDSYNC_CAPABILITY_...), methods that are
 * NULL or answer NOT_SUPPORTED, a lease or a subscription too long to wait for its end, space too large to fill. It counts as
 * passed, and its text says why it was left out. A cloud whose leases last at most 3 s, whose subscriptions end when they are
 * asked to, and that has at most 64 MiB left, is put through all of it.
 *
 * @param stub      The cloud.
 * @param report_cb Told each check's name, 1 where it was passed and 0 where not, and a text: what was found instead, "" where
 *                  it was passed, "skipped: " and why where it was left out. The texts live until it returns. It runs on
 *                  the calling thread, inside this call.
 * @param user_data Passed to report_cb.
 * @return 0 where all checks were made, whether they were passed or not; 401 for a bad handle or where report_cb is NULL.
 *
 * Thread safety: any thread. Blocks. Callback safe: yes.
 */
int32_t cloudsync_conformance(struct CloudSyncCloudServiceStub *stub,
                              CloudSyncConformanceCallback report_cb,
                              void *user_data);

/**
 * Puts two accounts of one cloud through every check of sharing that this library has, and reports each: the first shares
 * records of the bundle com.example.conformance with the second. cloudsync_conformance has what one account can be checked
 * for alone. What the second then finds and may do among its own records is left out where it does not find what was shared.
 *
 * @param inviter          The account that shares.
 * @param inviter_identity Who it is as a participant; copied.
 * @param invitee          The other account.
 * @param invitee_identity Who that is; copied.
 * @param report_cb        As in cloudsync_conformance.
 * @param user_data        Passed to report_cb.
 * @return 0 where all checks were made, whether they were passed or not; 401 for a bad handle, an identity that is NULL, empty or
 *         not UTF-8, or where report_cb is NULL.
 *
 * Thread safety: any thread. Blocks. Callback safe: yes.
 */
int32_t cloudsync_conformance_sharing(struct CloudSyncCloudServiceStub *inviter,
                                      const char *inviter_identity,
                                      struct CloudSyncCloudServiceStub *invitee,
                                      const char *invitee_identity,
                                      CloudSyncConformanceCallback report_cb,
                                      void *user_data);

/**
 * The sharing resource that stands for a file or folder of the gallery, made where there is none yet: what the documented
 * allocResourceAndShare does first, and what every other call of sharing is about. What is shared of a folder is the folder
 * with all that is in it, now and later.
 *
 * A caller whose own bundle has a cloud directory in this context shares files of that directory instead of photos.
 *
 * @param context The context.
 * @param uri     The file or folder; the cloud must have it already.
 * @param out     Where the result goes: cloudsync_result_sharing_resource. The caller frees it with cloudsync_result_free.
 * @return 0; 202 for no system app; 401 for a bad handle, or where uri or out is NULL, or uri is empty or not UTF-8;
 *         14000002 for a URI that cannot be read, leaves the directory, or is the directory as a whole; 13900002 for what is not
 *         there; 13900010 for what is not in the cloud yet: sync first; 13900029 from
 *         inside a callback, nothing is done then; otherwise as share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use
 * cloudsync_sharing_resource_async.
 */
int32_t cloudsync_sharing_resource(struct CloudSyncContext *context,
                                   const char *uri,
                                   struct CloudSyncResult **out);

/**
 * The sharing resource that stands for a file or folder. As cloudsync_sharing_resource, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
 * context is closed first.
 *
 * @param context   The context.
 * @param uri       The file or folder; copied.
 * @param done      Told the code of cloudsync_sharing_resource.
 * @param user_data Passed to done.
 * @return 0: done will be called; 202, 401 or 13600001 as cloudsync_sharing_resource, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_sharing_resource_async(struct CloudSyncContext *context,
                                         const char *uri,
                                         CloudSyncSharingCompletion done,
                                         void *user_data);

/**
 * Shares something with participants (documented: sharing.share): invites each, with its privilege. Each one's result has the
 * invitation's code, which the program brings to the invitee, unless the cloud does.
 *
 * @param context          The context.
 * @param sharing_resource What is shared; copied.
 * @param participants     Pointers to those who are invited; copied. Not looked at where count is 0.
 * @param count            Their number.
 * @param out              Where the result goes: cloudsync_result_participants, one for each. The caller frees it with
 *                         cloudsync_result_free.
 * @return 0, also where single participants failed, each of which has its code; 202 for no system app; 401 for a bad handle, or
 *         where a text, a participant or out is NULL or cannot be read; 13900029 from inside a callback, nothing is done then;
 *         otherwise as share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use sharing_share_async.
 */
int32_t sharing_share(struct CloudSyncContext *context,
                      const char *sharing_resource,
                      const struct CloudSyncParticipant *const *participants,
                      size_t count,
                      struct CloudSyncResult **out);

/**
 * Shares something with participants. As sharing_share, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
 * context is closed first.
 *
 * @param context   The context.
 * @param sharing_resource What is shared; copied.
 * @param participants     As in sharing_share; copied.
 * @param count            Their number.
 * @param done      Told the code of sharing_share.
 * @param user_data Passed to done.
 * @return 0: done will be called; 202, 401 or 13600001 as sharing_share, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t sharing_share_async(struct CloudSyncContext *context,
                            const char *sharing_resource,
                            const struct CloudSyncParticipant *const *participants,
                            size_t count,
                            CloudSyncSharingCompletion done,
                            void *user_data);

/**
 * Takes a share back from participants (documented: sharing.unshare). For the inviter alone.
 *
 * @param context          The context.
 * @param sharing_resource What is shared; copied.
 * @param participants     Pointers to those who are to have it no more; copied. Not looked at where count is 0.
 * @param count            Their number.
 * @param out              Where the result goes: cloudsync_result_participants, one for each. The caller frees it with
 *                         cloudsync_result_free.
 * @return 0, also where single participants failed, each of which has its code; 202 for no system app; 401 for a bad handle, or
 *         where a text, a participant or out is NULL or cannot be read; 13900029 from inside a callback, nothing is done then;
 *         otherwise as share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use sharing_unshare_async.
 */
int32_t sharing_unshare(struct CloudSyncContext *context,
                        const char *sharing_resource,
                        const struct CloudSyncParticipant *const *participants,
                        size_t count,
                        struct CloudSyncResult **out);

/**
 * Takes a share back. As sharing_unshare, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
 * context is closed first.
 *
 * @param context   The context.
 * @param sharing_resource What is shared; copied.
 * @param participants     As in sharing_unshare; copied.
 * @param count            Their number.
 * @param done      Told the code of sharing_unshare.
 * @param user_data Passed to done.
 * @return 0: done will be called; 202, 401 or 13600001 as sharing_unshare, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t sharing_unshare_async(struct CloudSyncContext *context,
                              const char *sharing_resource,
                              const struct CloudSyncParticipant *const *participants,
                              size_t count,
                              CloudSyncSharingCompletion done,
                              void *user_data);

/**
 * Changes what participants may do (documented: sharing.changePrivilege). For the inviter alone.
 *
 * @param context          The context.
 * @param sharing_resource What is shared; copied.
 * @param participants     Pointers to participants with their new privileges; copied. Not looked at where count is 0.
 * @param count            Their number.
 * @param out              Where the result goes: cloudsync_result_participants, one for each. The caller frees it with
 *                         cloudsync_result_free.
 * @return 0, also where single participants failed, each of which has its code; 202 for no system app; 401 for a bad handle, or
 *         where a text, a participant or out is NULL or cannot be read; 13900029 from inside a callback, nothing is done then;
 *         otherwise as share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use sharing_change_privilege_async.
 */
int32_t sharing_change_privilege(struct CloudSyncContext *context,
                                 const char *sharing_resource,
                                 const struct CloudSyncParticipant *const *participants,
                                 size_t count,
                                 struct CloudSyncResult **out);

/**
 * Changes what participants may do. As sharing_change_privilege, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
 * context is closed first.
 *
 * @param context   The context.
 * @param sharing_resource What is shared; copied.
 * @param participants     As in sharing_change_privilege; copied.
 * @param count            Their number.
 * @param done      Told the code of sharing_change_privilege.
 * @param user_data Passed to done.
 * @return 0: done will be called; 202, 401 or 13600001 as sharing_change_privilege, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t sharing_change_privilege_async(struct CloudSyncContext *context,
                                       const char *sharing_resource,
                                       const struct CloudSyncParticipant *const *participants,
                                       size_t count,
                                       CloudSyncSharingCompletion done,
                                       void *user_data);

/**
 * Leaves a share that this account was invited to (documented: sharing.exit).
 *
 * @param context          The context.
 * @param sharing_resource What is shared; copied.
 * @return 0; 202 for no system app; 401 for a bad handle, or where sharing_resource is NULL, or sharing_resource is empty or not UTF-8;
 *         13900029 from inside a callback, nothing is done then;
 *         otherwise as share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use
 * sharing_exit_async.
 */
int32_t sharing_exit(struct CloudSyncContext *context,
                     const char *sharing_resource);

/**
 * Leaves a share. As sharing_exit, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
 * context is closed first.
 *
 * @param context   The context.
 * @param sharing_resource What is shared; copied.
 * @param done      Told the code of sharing_exit.
 * @param user_data Passed to done.
 * @return 0: done will be called; 202, 401 or 13600001 as sharing_exit, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t sharing_exit_async(struct CloudSyncContext *context,
                           const char *sharing_resource,
                           CloudSyncSharingCompletion done,
                           void *user_data);

/**
 * Who takes part in a share, the inviter first (documented: sharing.queryParticipants).
 *
 * @param context          The context.
 * @param sharing_resource What is shared; copied.
 * @param out              Where the result goes: cloudsync_result_participants. The caller frees it with cloudsync_result_free.
 * @return 0; 202 for no system app; 401 for a bad handle, or where sharing_resource or out is NULL, or sharing_resource is empty or not UTF-8;
 *         13900029 from inside a callback, nothing is done then;
 *         otherwise as share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use
 * sharing_query_participants_async.
 */
int32_t sharing_query_participants(struct CloudSyncContext *context,
                                   const char *sharing_resource,
                                   struct CloudSyncResult **out);

/**
 * Who takes part in a share. As sharing_query_participants, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
 * context is closed first.
 *
 * @param context   The context.
 * @param sharing_resource What is shared; copied.
 * @param done      Told the code of sharing_query_participants.
 * @param user_data Passed to done.
 * @return 0: done will be called; 202, 401 or 13600001 as sharing_query_participants, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t sharing_query_participants_async(struct CloudSyncContext *context,
                                         const char *sharing_resource,
                                         CloudSyncSharingCompletion done,
                                         void *user_data);

/**
 * Who takes part in the share that an invitation of this account is for (documented:
 * sharing.queryParticipantsByInvitation).
 *
 * @param context         The context.
 * @param invitation_code The invitation's code; copied.
 * @param out             Where the result goes: cloudsync_result_participants. The caller frees it with cloudsync_result_free.
 * @return 0; 202 for no system app; 401 for a bad handle, or where invitation_code or out is NULL, or invitation_code is empty or not UTF-8;
 *         13900029 from inside a callback, nothing is done then;
 *         otherwise as share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use
 * sharing_query_participants_by_invitation_async.
 */
int32_t sharing_query_participants_by_invitation(struct CloudSyncContext *context,
                                                 const char *invitation_code,
                                                 struct CloudSyncResult **out);

/**
 * Who takes part in the share that an invitation is for. As sharing_query_participants_by_invitation, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
 * context is closed first.
 *
 * @param context   The context.
 * @param invitation_code The invitation's code; copied.
 * @param done      Told the code of sharing_query_participants_by_invitation.
 * @param user_data Passed to done.
 * @return 0: done will be called; 202, 401 or 13600001 as sharing_query_participants_by_invitation, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t sharing_query_participants_by_invitation_async(struct CloudSyncContext *context,
                                                       const char *invitation_code,
                                                       CloudSyncSharingCompletion done,
                                                       void *user_data);

/**
 * Answers an invitation (documented: sharing.confirmInvitation). What is accepted comes with the next sync.
 *
 * @param context         The context.
 * @param invitation_code The invitation's code; copied.
 * @param state           CLOUDSYNC_STATE_ACCEPTED, CLOUDSYNC_STATE_REJECTED or CLOUDSYNC_STATE_SUSPENDED.
 * @param out             Where the result goes: cloudsync_result_sharing_resource. The caller frees it with cloudsync_result_free.
 * @return 0; 202 for no system app; 401 for a bad handle, a state that is none, or where invitation_code or out is NULL, or invitation_code is empty or not UTF-8;
 *         13900029 from inside a callback, nothing is done then;
 *         otherwise as share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use
 * sharing_confirm_invitation_async.
 */
int32_t sharing_confirm_invitation(struct CloudSyncContext *context,
                                   const char *invitation_code,
                                   int32_t state,
                                   struct CloudSyncResult **out);

/**
 * Answers an invitation. As sharing_confirm_invitation, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
 * context is closed first.
 *
 * @param context   The context.
 * @param invitation_code The invitation's code; copied.
 * @param state     CLOUDSYNC_STATE_ACCEPTED, CLOUDSYNC_STATE_REJECTED or CLOUDSYNC_STATE_SUSPENDED.
 * @param done      Told the code of sharing_confirm_invitation.
 * @param user_data Passed to done.
 * @return 0: done will be called; 202, 401 or 13600001 as sharing_confirm_invitation, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t sharing_confirm_invitation_async(struct CloudSyncContext *context,
                                         const char *invitation_code,
                                         int32_t state,
                                         CloudSyncSharingCompletion done,
                                         void *user_data);

/**
 * Changes the answer that was given to an invitation (documented: sharing.changeConfirmation).
 *
 * @param context          The context.
 * @param sharing_resource What is shared; copied.
 * @param state            CLOUDSYNC_STATE_ACCEPTED, CLOUDSYNC_STATE_REJECTED or CLOUDSYNC_STATE_SUSPENDED.
 * @return 0; 202 for no system app; 401 for a bad handle, a state that is none, or where sharing_resource is NULL, or sharing_resource is empty or not UTF-8;
 *         13900029 from inside a callback, nothing is done then;
 *         otherwise as share_center_share.
 *
 * Thread safety: any thread. Blocks as long as the cloud does. Callback safe: no, answers 13900029: use
 * sharing_change_confirmation_async.
 */
int32_t sharing_change_confirmation(struct CloudSyncContext *context,
                                    const char *sharing_resource,
                                    int32_t state);

/**
 * Changes the answer to an invitation. As sharing_change_confirmation, but returns at once: its code, and what it gives, come to the completion callback, once, also where the
 * context is closed first.
 *
 * @param context   The context.
 * @param sharing_resource What is shared; copied.
 * @param state     CLOUDSYNC_STATE_ACCEPTED, CLOUDSYNC_STATE_REJECTED or CLOUDSYNC_STATE_SUSPENDED.
 * @param done      Told the code of sharing_change_confirmation.
 * @param user_data Passed to done.
 * @return 0: done will be called; 202, 401 or 13600001 as sharing_change_confirmation, or 401 where done is NULL: it will not.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t sharing_change_confirmation_async(struct CloudSyncContext *context,
                                          const char *sharing_resource,
                                          int32_t state,
                                          CloudSyncSharingCompletion done,
                                          void *user_data);

/**
 * Serves a cloud, the embedded one or a vendor's, to other processes of the same user, at a Unix socket. They connect with
 * cloudsync_connect, as many as 64 at a time. The protocol between the two is in docs/protocol.md.
 *
 * The socket has mode 0600; beside it lies a file with the same name and `.lock` behind it. One that a dead server left is
 * replaced. Each call is carried out on a thread of the library's, so that the cloud's methods are called from several at once.
 *
 * @param stub    The cloud, which the server keeps.
 * @param address Where: unix: and an absolute path of at most 107 bytes; copied.
 * @param out     Where the server's handle goes; the caller ends it with cloudsync_cloud_server_free.
 * @return 0; 401 for a bad handle, an address that cannot be read, or where out is NULL; 13900014 where another server serves there;
 *         13900015 where something that is no socket has the path; 13900002, 13900012 or 13900005 where the socket cannot be
 *         made in its folder.
 *
 * Thread safety: any thread. Callback safe: yes.
 */
int32_t cloudsync_serve(struct CloudSyncCloudServiceStub *stub,
                        const char *address,
                        struct CloudSyncCloudServer **out);

/**
 * Ends a server: nobody connects any more, those who are connected are told so, and the socket goes. Their calls that are under
 * way fail there with 13600001, whether the cloud carries them out or not; those who are to go on by themselves do so once
 * something serves there again. A process that ends or is killed without this leaves a socket that the next server replaces.
 *
 * @param server The handle; NULL does nothing.
 * @return 0; 401 for a handle that was freed already or is none.
 *
 * Thread safety: any thread. Blocks until the cloud's methods have returned, for 5 seconds at most. Callback safe: yes; a call of the
 * served cloud's own is not waited for by itself.
 */
int32_t cloudsync_cloud_server_free(struct CloudSyncCloudServer *server);

/**
 * Connects to a cloud that another process of the same user serves with cloudsync_serve: a stub as any other, for
 * cloudsync_options_set_cloud, for cloudsync_conformance, and for the functions that begin with cloud_service_.
 *
 * Where that process ends, calls under way fail with CLOUDSYNC_ERROR_CODE_GONE (13600001), and may or may not have done something. Later
 * calls connect anew, with all databases, loaders, share centres and subscriptions of the stub: a sync that starts by itself goes
 * on once the process is back. A process that gives no sign of life for 60 seconds counts as gone. What it answers is checked, as
 * a vendor's answers are.
 *
 * @param address Where: unix: and an absolute path of at most 107 bytes; copied.
 * @param out     Where the stub goes; the caller frees it with cloud_service_stub_free.
 * @return 0; 401 for an address that cannot be read, or where out is NULL; 13900012 where the socket, or whoever serves there, is
 *         another user's; 13600001 where nobody serves there, or does not answer within 10 seconds.
 *
 * Thread safety: any thread. Blocks. Callback safe: yes.
 */
int32_t cloudsync_connect(const char *address,
                          struct CloudSyncCloudServiceStub **out);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L && !defined(__cplusplus)
/** Registers a progress callback with an object of any class. */
#define register_progress_cb(h, cb, user_data, destroy) \
  _Generic((h), \
    CloudSyncGallerySync *: gallery_sync_register_progress_cb, \
    CloudSyncFileSync *: file_sync_register_progress_cb, \
    CloudSyncDownload *: download_register_progress_cb, \
    CloudSyncCloudFileCache *: cloud_file_cache_register_progress_cb)((h), (cb), (user_data), (destroy))

/** Unregisters a progress callback of an object of any class; all of them where cb is NULL. */
#define unregister_progress_cb(h, cb, user_data) \
  _Generic((h), \
    CloudSyncGallerySync *: gallery_sync_unregister_progress_cb, \
    CloudSyncFileSync *: file_sync_unregister_progress_cb, \
    CloudSyncDownload *: download_unregister_progress_cb, \
    CloudSyncCloudFileCache *: cloud_file_cache_unregister_progress_cb)((h), (cb), (user_data))
#endif

#endif /* CLOUDSYNC_H */
