#define _DEFAULT_SOURCE

#include "folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

const char *path_join(char *path, size_t length, const char *folder, const char *relative) {
    int needed = snprintf(path, length, "%s/%s", folder, relative);
    if (needed < 0 || (size_t)needed >= length) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    return path;
}

static int walk(const char *folder, const char *below, folder_visit visit, void *data) {
    char path[PATH_MAX], relative[PATH_MAX];
    if (path_join(path, sizeof path, folder, below) == NULL) {
        return -1;
    }
    DIR *dir = opendir(path);
    if (dir == NULL) {
        return -1;
    }
    int result = 0;
    while (result == 0) {
        struct stat found;
        errno = 0;
        struct dirent *entry = readdir(dir);
        if (entry == NULL) {
            result = errno == 0 ? 0 : -1;
            break;
        }
        if (entry->d_name[0] == '.') {
            continue;
        }
        if (below[0] == '\0') {
            snprintf(relative, sizeof relative, "%s", entry->d_name);
        } else if (path_join(relative, sizeof relative, below, entry->d_name) == NULL) {
            result = -1;
            break;
        }
        if (fstatat(dirfd(dir), entry->d_name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
            result = errno == ENOENT ? 0 : -1; /* one that is gone meanwhile is no error */
        } else if (S_ISDIR(found.st_mode)) {
            result = walk(folder, relative, visit, data);
        } else if (S_ISREG(found.st_mode)) {
            result = visit(relative, (uint64_t)found.st_size, data);
        }
    }
    int error = errno;
    closedir(dir);
    errno = error;
    return result;
}

int folder_walk(const char *folder, folder_visit visit, void *data) {
    return walk(folder, "", visit, data);
}

uint64_t folder_room(const char *folder) {
    struct statvfs system;
    return statvfs(folder, &system) == 0 ? (uint64_t)system.f_bavail * system.f_frsize : 0;
}

/* Makes the folders that lead to a file below `folder`. */
static int make_parents(char *path, size_t folder_length) {
    for (char *slash = strchr(path + folder_length + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int failed = mkdir(path, 0700) != 0 && errno != EEXIST;
        *slash = '/';
        if (failed) {
            return -1;
        }
    }
    return 0;
}

static int copy_bytes(int from, int to) {
    static char buffer[1 << 20];
    for (;;) {
        ssize_t got = read(from, buffer, sizeof buffer);
        if (got <= 0) {
            return (int)got;
        }
        for (ssize_t written = 0; written < got;) {
            ssize_t part = write(to, buffer + written, (size_t)(got - written));
            if (part < 0) {
                return -1;
            }
            written += part;
        }
    }
}

int file_copy(const char *from, const char *folder, const char *relative) {
    char path[PATH_MAX];
    struct stat source;
    if (path_join(path, sizeof path, folder, relative) == NULL || make_parents(path, strlen(folder)) != 0) {
        return -1;
    }
    int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), out = -1, result = -1;
    if (in >= 0 && fstat(in, &source) == 0) {
        out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    }
    if (out >= 0) {
        struct timespec times[2] = {source.st_mtim, source.st_mtim};
        result = copy_bytes(in, out);
        if (result == 0) {
            result = futimens(out, times);
        }
        if (close(out) != 0) {
            result = -1;
        }
    }
    int error = errno;
    if (in >= 0) {
        close(in);
    }
    errno = error;
    return result;
}

bool files_equal(const char *a, const char *b) {
    static char left[1 << 16], right[1 << 16];
    FILE *one = fopen(a, "rb"), *other = fopen(b, "rb");
    bool equal = one != NULL && other != NULL;
    size_t n = 1;
    while (equal && n > 0) {
        n = fread(left, 1, sizeof left, one);
        equal = fread(right, 1, sizeof right, other) == n && memcmp(left, right, n) == 0;
    }
    if (one != NULL) {
        equal = equal && !ferror(one);
        fclose(one);
    }
    if (other != NULL) {
        equal = equal && !ferror(other);
        fclose(other);
    }
    return equal;
}
