/* The library can be loaded at run time, with every export; it starts no thread before the first
 * context and leaves none after the last, and survives being unloaded. */
#include <dirent.h>
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cloudsync.h>

static int threads(void) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
        count += task->d_name[0] != '.';
    }
    closedir(tasks);
    return count;
}

static int fails(const char *what) {
    const char *why = dlerror();
    fprintf(stderr, "%s: %s\n", what, why != NULL ? why : "");
    return 1;
}

/* Every export of the list is there. */
static int look_up_all(void *library) {
    char name[256];
    FILE *exports = fopen(EXPORTS_FILE, "r");
    int found = 0;
    while (exports != NULL && fgets(name, sizeof name, exports) != NULL) {
        name[strcspn(name, "\n")] = '\0';
        if (name[0] >= 'a' && name[0] <= 'z') {
            if (dlsym(library, name) == NULL) {
                return fails(name);
            }
            found++;
        }
    }
    fclose(exports);
    return found > 0 ? 0 : fails("no exports");
}

int main(void) {
    void *library = dlopen(LIBRARY_FILE, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        return fails("dlopen");
    }
    int before = threads();
    if (before != 1) {
        return fails("there are threads before the first context");
    }
    if (look_up_all(library) != 0) {
        return 1;
    }

    /* A function's address comes as an object's address; that is how POSIX has it. */
    const char *(*version)(void);
    int32_t (*options_new)(CloudSyncOptions **);
    int32_t (*options_free)(CloudSyncOptions *);
    *(void **)&version = dlsym(library, "cloudsync_version");
    *(void **)&options_new = dlsym(library, "cloudsync_options_new");
    *(void **)&options_free = dlsym(library, "cloudsync_options_free");
    CloudSyncOptions *options = NULL;
    if (strcmp(version(), CLOUDSYNC_VERSION) != 0 || options_new(&options) != CLOUDSYNC_OK) {
        return fails("the version, or making options");
    }
    if (threads() != 1) {
        return fails("making options started a thread");
    }

    /* Unloading takes nothing away that may still be running: the library stays. */
    if (dlclose(library) != 0) {
        return fails("dlclose");
    }
    if (dlopen(LIBRARY_FILE, RTLD_NOW | RTLD_NOLOAD) == NULL) {
        return fails("dlclose unloaded the library");
    }
    return options_free(options) == CLOUDSYNC_OK ? 0 : fails("after dlclose");
}
