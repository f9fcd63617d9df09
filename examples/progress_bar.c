#define _DEFAULT_SOURCE

#include "progress_bar.h"

#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

const char *size_text(struct size_text *buffer, double bytes) {
    static const char *const UNITS[] = {"bytes", "KB", "MB", "GB", "TB"};
    int unit = 0;
    for (; bytes >= 999.5 && unit < 4; unit++) {
        bytes /= 1000;
    }
    snprintf(buffer->text, sizeof buffer->text, "%.*f %s", unit > 0 && bytes < 9.95 ? 1 : 0, bytes, UNITS[unit]);
    return buffer->text;
}

static void time_text(char *buffer, size_t length, double seconds) {
    long whole = (long)(seconds + 0.5);
    if (seconds < 9.95) {
        snprintf(buffer, length, "%.1f s", seconds);
    } else if (whole < 120) {
        snprintf(buffer, length, "%ld s", whole);
    } else if (whole < 7200) {
        snprintf(buffer, length, "%ld min %02ld s", whole / 60, whole % 60);
    } else {
        snprintf(buffer, length, "%ld h %02ld min", whole / 3600, whole / 60 % 60);
    }
}

static int terminal_width(void) {
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void progress_bar_begin(struct progress_bar *bar, const char *label) {
    memset(bar, 0, sizeof *bar);
    bar->label = label;
    bar->terminal = isatty(STDOUT_FILENO);
    bar->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    bar->began = bar->last_measured = bar->last_drawn = seconds_now();
}

/* The rate follows what happens now, but not every stutter: each second counts about a third of what is left
 * of the seconds before. */
static void measure(struct progress_bar *bar, uint64_t bytes_done, double now) {
    double passed = now - bar->last_measured;
    if (passed < 0.05) {
        return;
    }
    double share = passed > 2 || bar->rate == 0 ? 1 : passed / 2;
    bar->rate += share * ((double)(bytes_done - bar->measured_bytes) / passed - bar->rate);
    bar->measured_bytes = bytes_done;
    bar->last_measured = now;
}

/* A bar of so many columns, in eighths of a column where the terminal has the characters for it. */
static void draw(const struct progress_bar *bar, double share, int columns) {
    static const char *const EIGHTHS[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int eighths = (int)(share * columns * 8), full = eighths / 8, column = full;
    for (int i = 0; i < full; i++) {
        fputs(bar->utf8 ? "█" : "#", stdout);
    }
    if (bar->utf8 && full < columns) {
        fputs(EIGHTHS[eighths % 8], stdout);
        column += eighths % 8 > 0;
    }
    for (; column < columns; column++) {
        fputs(bar->utf8 ? "░" : "-", stdout);
    }
}

void progress_bar_show(struct progress_bar *bar, const struct amount *amount) {
    double now = seconds_now();
    measure(bar, amount->bytes_done, now);
    if (now - bar->last_drawn < (bar->terminal ? PROGRESS_BAR_EVERY_MS / 1000.0 * 0.9 : 1.0)) {
        return;
    }
    bar->last_drawn = now;

    struct size_text done, total, rate;
    char counts[64] = "looking", volume[96] = "", left[40] = "", tail[256];
    double share = 0;
    if (amount->files_total > 0) {
        snprintf(counts, sizeof counts, "%llu/%llu files", (unsigned long long)amount->files_done,
                 (unsigned long long)amount->files_total);
        snprintf(volume, sizeof volume, "  %s of %s  %s/s", size_text(&done, (double)amount->bytes_done),
                 size_text(&total, (double)amount->bytes_total), size_text(&rate, bar->rate));
        share = amount->bytes_total > 0 ? (double)amount->bytes_done / (double)amount->bytes_total
                                        : (double)amount->files_done / (double)amount->files_total;
        share = share > 1 ? 1 : share;
    }
    if (bar->rate > 0 && amount->bytes_total > amount->bytes_done) {
        char time[24];
        time_text(time, sizeof time, (double)(amount->bytes_total - amount->bytes_done) / bar->rate);
        snprintf(left, sizeof left, "  %s left", time);
    }
    snprintf(tail, sizeof tail, "%3.0f %%  %s%s%s", share * 100, counts, volume, left);
    if (!bar->terminal) {
        printf("  %s: %s\n", bar->label, tail);
        fflush(stdout);
        return;
    }
    /* On a narrow terminal the bar keeps its place, and the words get fewer. */
    int room = terminal_width() - 5 - (int)strlen(bar->label);
    if (room < 10 + (int)strlen(tail)) {
        snprintf(tail, sizeof tail, "%3.0f %%%s", share * 100, left);
    }
    int columns = room - (int)strlen(tail);
    printf("\r  %s ", bar->label);
    if (columns > 0) {
        draw(bar, share, columns > 40 ? 40 : columns);
        printf(" %s", tail);
    }
    fputs("\x1b[K", stdout);
    fflush(stdout);
}

void progress_bar_end(struct progress_bar *bar, const struct amount *amount) {
    double took = seconds_now() - bar->began;
    struct size_text done, rate;
    char time[32];
    time_text(time, sizeof time, took);
    if (took < 0.1) {
        snprintf(time, sizeof time, "%.0f ms", took * 1000);
    }
    printf("%s  %s: %llu %s, %s in %s", bar->terminal ? "\r\x1b[K" : "", bar->label,
           (unsigned long long)amount->files_done, amount->files_done == 1 ? "file" : "files",
           size_text(&done, (double)amount->bytes_done), time);
    if (amount->bytes_done > 0 && took > 0) {
        printf(" (%s/s)", size_text(&rate, (double)amount->bytes_done / took));
    }
    putchar('\n');
    fflush(stdout);
}
