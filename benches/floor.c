/* The least that a sync into a store must do, to compare with. Not a product: it knows no conflicts, no second device,
 * no digests, and tells nobody anything.
 *
 *     floor copy GALLERY STORE   copies every file into STORE under a number, 4,096 files or 1 GiB at a time; each
 *                                batch is put on the disk with one syncfs, then its rows are committed to SQLite
 *     floor walk GALLERY         looks at every file once: one stat each
 *
 * One thread; bytes are copied by the kernel (copy_file_range). */
#define _GNU_SOURCE

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH_FILES = 4096, STORE_FOLDERS = 256 };
static const int64_t BATCH_BYTES = (int64_t)1 << 30;

struct file {
    char *path; /* below the gallery */
    struct stat stat;
};

static struct file *files;
static size_t file_count, file_room;
static bool keep; /* what is found, or only count it */

static _Noreturn void fail(const char *what) {
    perror(what);
    exit(EXIT_FAILURE);
}

static void must(sqlite3 *db, int code) {
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
        fprintf(stderr, "floor: %s\n", sqlite3_errmsg(db));
        exit(EXIT_FAILURE);
    }
}

static void found(const char *path, const struct stat *stat) {
    if (keep) {
        if (file_count == file_room) {
            file_room = file_room * 2 + 1024;
            files = realloc(files, file_room * sizeof *files);
        }
        char *copy = strdup(path);
        if (files == NULL || copy == NULL) {
            fail("memory");
        }
        files[file_count] = (struct file){copy, *stat};
    }
    file_count++;
}

static void walk(int parent, const char *name, const char *below) {
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL) {
        fail(name);
    }
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[PATH_MAX];
        struct stat stat;
        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(path, sizeof path, "%s%s%s", below, below[0] == '\0' ? "" : "/", entry->d_name);
        if (entry->d_type == DT_DIR) {
            walk(fd, entry->d_name, path);
        } else if (fstatat(fd, entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(stat.st_mode)) {
            found(path, &stat);
        }
    }
    closedir(dir);
}

static void copy_one(int gallery, int store, const struct file *file, size_t id) {
    char name[64];
    snprintf(name, sizeof name, "%02x/%zx", (unsigned)(id % STORE_FOLDERS), id);
    int from = openat(gallery, file->path, O_RDONLY | O_CLOEXEC);
    int to = openat(store, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (from < 0 || to < 0) {
        fail(file->path);
    }
    for (int64_t left = file->stat.st_size; left > 0;) {
        ssize_t part = copy_file_range(from, NULL, to, NULL, (size_t)left, 0);
        if (part <= 0) {
            fail(file->path);
        }
        left -= part;
    }
    close(from);
    close(to);
}

static void insert(sqlite3 *db, sqlite3_stmt *row, const struct file *file, size_t id) {
    const struct timespec *mtime = &file->stat.st_mtim;
    sqlite3_bind_int64(row, 1, (sqlite3_int64)id);
    sqlite3_bind_text(row, 2, file->path, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 3, file->stat.st_size);
    sqlite3_bind_int64(row, 4, (sqlite3_int64)mtime->tv_sec * 1000000000 + mtime->tv_nsec);
    sqlite3_bind_int64(row, 5, (sqlite3_int64)file->stat.st_ino);
    must(db, sqlite3_step(row));
    must(db, sqlite3_reset(row));
}

static sqlite3 *open_store(const char *folder, int *store) {
    char path[PATH_MAX];
    sqlite3 *db = NULL;
    if (mkdir(folder, 0700) != 0 || (*store = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0) {
        fail(folder);
    }
    for (int i = 0; i < STORE_FOLDERS; i++) {
        snprintf(path, sizeof path, "%02x", i);
        if (mkdirat(*store, path, 0700) != 0) {
            fail(folder);
        }
    }
    snprintf(path, sizeof path, "%s/rows.db", folder);
    must(db, sqlite3_open(path, &db));
    must(db, sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA locking_mode=EXCLUSIVE; PRAGMA synchronous=FULL;"
                              "CREATE TABLE files(id INTEGER PRIMARY KEY, path TEXT UNIQUE, size INT, mtime INT, inode INT)",
                          NULL, NULL, NULL));
    return db;
}

static void copy_all(const char *gallery_folder, const char *store_folder) {
    int store, gallery = open(gallery_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    sqlite3 *db = open_store(store_folder, &store);
    sqlite3_stmt *row;
    must(db, sqlite3_prepare_v2(db, "INSERT INTO files VALUES(?,?,?,?,?)", -1, &row, NULL));
    if (gallery < 0) {
        fail(gallery_folder);
    }
    for (size_t first = 0, end; first < file_count; first = end) {
        int64_t bytes = 0;
        for (end = first; end < file_count && end - first < BATCH_FILES && bytes < BATCH_BYTES; end++) {
            copy_one(gallery, store, &files[end], end + 1);
            bytes += files[end].stat.st_size;
        }
        if (syncfs(store) != 0) {
            fail("syncfs");
        }
        must(db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
        for (size_t i = first; i < end; i++) {
            insert(db, row, &files[i], i + 1);
        }
        must(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    }
    sqlite3_finalize(row);
    must(db, sqlite3_close(db));
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "walk") == 0) {
        walk(AT_FDCWD, argv[2], "");
    } else if (argc == 4 && strcmp(argv[1], "copy") == 0) {
        keep = true;
        walk(AT_FDCWD, argv[2], "");
        copy_all(argv[2], argv[3]);
    } else {
        fprintf(stderr, "usage: floor copy GALLERY STORE | floor walk GALLERY\n");
        return 2;
    }
    printf("files %zu\n", file_count);
    return EXIT_SUCCESS;
}
