/* A progress bar: one line that is drawn anew on a terminal, and a plain line now and then anywhere else. */
#ifndef PROGRESS_BAR_H
#define PROGRESS_BAR_H

#include <stdbool.h>
#include <stdint.h>

/* How often progress_bar_show wants to be called, in milliseconds. */
#define PROGRESS_BAR_EVERY_MS 100

struct progress_bar {
    const char *label;
    bool terminal, utf8;
    double began, last_drawn, last_measured; /* seconds */
    uint64_t measured_bytes;
    double rate; /* bytes a second, of late */
};

struct amount {
    uint64_t files_done, files_total, bytes_done, bytes_total;
};

/* Begins at nothing done. The label lives as long as the bar. */
void progress_bar_begin(struct progress_bar *bar, const char *label);

/* Shows how far it is; too frequent calls draw nothing. */
void progress_bar_show(struct progress_bar *bar, const struct amount *amount);

/* Replaces the bar by one line that says what was done and how long it took. */
void progress_bar_end(struct progress_bar *bar, const struct amount *amount);

/* Seconds of a clock that only runs forwards. */
double seconds_now(void);

/* "4.2 MB" in a buffer that is given back. */
struct size_text {
    char text[24];
};
const char *size_text(struct size_text *buffer, double bytes);

#endif
