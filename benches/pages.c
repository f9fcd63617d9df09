/* What a page of a listing costs, wherever in the gallery it is. */
#define _GNU_SOURCE

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { PAGE = 1000, MOST_PAGES = 10000 };

void page_through(char **argv, int rounds) {
    static double took[MOST_PAGES], first[100], last[100];
    CloudSyncContext *device = open_device(argv, CLOUDSYNC_DOWNLOAD_POLICY_ORIGINALS);
    size_t entries = 0, pages = 0;
    for (int round = 0; round < rounds && round < 100; round++) {
        char *after = NULL;
        entries = pages = 0;
        do {
            const CloudSyncEntry *const *found;
            const char *next = NULL;
            size_t count = 0;
            CloudSyncPage *page = NULL;
            double began = now();
            check(cloudsync_list(device, "file://media/Photo", 1, after, PAGE, &page), "list");
            check(cloudsync_page_read(page, &found, &count, &next), "page");
            took[pages] = now() - began;
            free(after);
            after = next == NULL ? NULL : strdup(next);
            entries += count;
            check(cloudsync_page_free(page), "page");
        } while (after != NULL && ++pages < MOST_PAGES);
        first[round] = took[0];
        last[round] = took[pages > 1 ? pages - 1 : 0]; /* the last full one */
    }
    double middle = median(took, pages);
    printf("entries %zu\npage_s %.6f\nslowest_page_s %.6f\n", entries, middle, took[pages > 0 ? pages - 1 : 0]);
    printf("first_page_s %.6f\nlast_page_s %.6f\n", median(first, (size_t)rounds), median(last, (size_t)rounds));
    check(cloudsync_close(device), "close");
}
