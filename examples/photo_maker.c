#define _POSIX_C_SOURCE 200809L

#include "photo_maker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* --- Chance ----------------------------------------------------------------------------------- */

/* splitmix64: small, fast, and as random as noise needs to be. */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static int random_between(uint64_t *state, int low, int high) {
    return low + (int)(next_random(state) % (uint64_t)(high - low + 1));
}

/* --- Bytes into a file ------------------------------------------------------------------------ */

/* stdio remembers a failed write until it is asked, so these need not be looked at one by one. */
static void put(FILE *file, const void *bytes, size_t n) {
    fwrite(bytes, 1, n, file);
}

static void put_big_endian(FILE *file, uint64_t value, int bytes) {
    while (bytes-- > 0) {
        fputc((int)(value >> (8 * bytes) & 0xFF), file);
    }
}

static void put_little_endian(FILE *file, uint64_t value, int bytes) {
    for (; bytes > 0; bytes--, value >>= 8) {
        fputc((int)(value & 0xFF), file);
    }
}

static void put_noise(FILE *file, size_t n, uint64_t *state) {
    unsigned char block[4096];
    while (n > 0) {
        size_t part = n < sizeof block ? n : sizeof block;
        for (size_t i = 0; i < sizeof block; i += 8) {
            uint64_t value = next_random(state);
            memcpy(block + i, &value, 8);
        }
        put(file, block, part);
        n -= part;
    }
}

/* Closes the file and gives it the time of the picture, as a camera does. */
static int finish(FILE *file, const char *path, time_t taken) {
    struct timespec times[2] = {{taken, 0}, {taken, 0}};
    int failed = ferror(file);
    if (fclose(file) != 0 || failed) {
        return -1;
    }
    return utimensat(AT_FDCWD, path, times, 0);
}

/* --- The picture ------------------------------------------------------------------------------ */

/* Every block of 8 x 8 pixels has one colour, so a picture is a mosaic of these. */
enum { COLUMNS = 160, ROWS = 120 };

struct colour {
    int red, green, blue;
};

static struct colour mix(struct colour a, struct colour b, int share, int whole) {
    struct colour mixed = {
        a.red + (b.red - a.red) * share / whole,
        a.green + (b.green - a.green) * share / whole,
        a.blue + (b.blue - a.blue) * share / whole,
    };
    return mixed;
}

/* An evening: a sky, a sun, and three ranges of hills, each darker than the one behind it. */
struct scene {
    struct colour zenith, horizon, sun, hills;
    int sun_x, sun_y, sun_radius;
    int crest[3], period[3], height[3];
};

static struct scene random_scene(uint64_t *state) {
    struct scene scene;
    scene.zenith = (struct colour){random_between(state, 10, 90), random_between(state, 30, 110), random_between(state, 90, 200)};
    scene.horizon = (struct colour){random_between(state, 200, 255), random_between(state, 130, 220), random_between(state, 80, 190)};
    scene.sun = (struct colour){255, random_between(state, 215, 250), random_between(state, 150, 225)};
    scene.hills = (struct colour){random_between(state, 20, 90), random_between(state, 40, 100), random_between(state, 50, 110)};
    scene.sun_x = random_between(state, 20, COLUMNS - 20);
    scene.sun_y = random_between(state, 25, 70);
    scene.sun_radius = random_between(state, 6, 12);
    for (int range = 0; range < 3; range++) {
        scene.crest[range] = random_between(state, 0, COLUMNS);
        scene.period[range] = random_between(state, 40, 90);
        scene.height[range] = random_between(state, 8, 22);
    }
    return scene;
}

/* The row where a range of hills begins in a column: parabolas side by side. */
static int ridge(const struct scene *scene, int range, int column) {
    int period = scene->period[range];
    int x = (column + scene->crest[range]) % period * 2 - period;
    int top = scene->height[range] * (period * period - x * x) / (period * period);
    return 78 + 13 * range - top;
}

static struct colour colour_at(const struct scene *scene, int column, int row) {
    for (int range = 2; range >= 0; range--) {
        if (row >= ridge(scene, range, column)) {
            return mix(scene->horizon, scene->hills, range + 2, 4);
        }
    }
    int dx = column - scene->sun_x, dy = row - scene->sun_y;
    if (dx * dx + dy * dy <= scene->sun_radius * scene->sun_radius) {
        return scene->sun;
    }
    return mix(scene->zenith, scene->horizon, row, ROWS);
}

/* --- JPEG ------------------------------------------------------------------------------------- */

/* The Huffman table for the first coefficient of a block (ITU T.81, table K.3): how many codes there are of each
 * length, and what they stand for. */
static const unsigned char DC_LENGTHS[16] = {0, 1, 5, 1, 1, 1, 1, 1, 1};
static const unsigned char DC_VALUES[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
static const struct {
    unsigned code, length;
} DC_CODES[10] = {{0x0, 2},  {0x2, 3},  {0x3, 3},  {0x4, 3},  {0x5, 3},
                  {0x6, 3}, {0xE, 4}, {0x1E, 5}, {0x3E, 6}, {0x7E, 7}};

/* For the others one code of one bit, "0": they are all zero, as the block has one colour. */
static const unsigned char AC_LENGTHS[16] = {1};

struct bits {
    FILE *file;
    unsigned pending, count;
};

static void put_bits(struct bits *bits, unsigned value, unsigned length) {
    while (length-- > 0) {
        bits->pending = bits->pending << 1 | (value >> length & 1);
        if (++bits->count == 8) {
            fputc((int)bits->pending, bits->file);
            if (bits->pending == 0xFF) {
                fputc(0, bits->file); /* so that no data looks like a marker */
            }
            bits->pending = bits->count = 0;
        }
    }
}

/* A block of one colour is its difference from the block before it, and "all the rest is zero". */
static void put_block(struct bits *bits, int level, int *before) {
    int difference = level - *before;
    unsigned magnitude = (unsigned)abs(difference), length = 0;
    *before = level;
    while (magnitude >> length != 0) {
        length++;
    }
    put_bits(bits, DC_CODES[length].code, DC_CODES[length].length);
    put_bits(bits, (unsigned)(difference < 0 ? difference - 1 : difference) & ((1u << length) - 1), length);
    put_bits(bits, 0, 1);
}

/* The colour as JPEG wants it: brightness and two differences, each around 0. */
static void put_colour(struct bits *bits, struct colour c, int before[3]) {
    put_block(bits, (299 * c.red + 587 * c.green + 114 * c.blue) / 1000 - 128, &before[0]);
    put_block(bits, (-169 * c.red - 331 * c.green + 500 * c.blue) / 1000, &before[1]);
    put_block(bits, (500 * c.red - 419 * c.green - 81 * c.blue) / 1000, &before[2]);
}

static void put_segment(FILE *file, int marker, size_t length) {
    put_big_endian(file, 0xFF00u | (unsigned)marker, 2);
    put_big_endian(file, length + 2, 2);
}

/* APP1: a TIFF with two directories, of which the second holds the one entry that matters. */
static void put_exif_date(FILE *file, time_t taken) {
    struct tm parts;
    char date[20];
    gmtime_r(&taken, &parts);
    strftime(date, sizeof date, "%Y:%m:%d %H:%M:%S", &parts);
    put_segment(file, 0xE1, 6 + 8 + 18 + 18 + sizeof date);
    put(file, "Exif\0\0", 6);
    put(file, "II*\0\10\0\0\0", 8); /* little endian; the first directory is at 8 */
    for (int directory = 0; directory < 2; directory++) {
        put_little_endian(file, 1, 2);
        put_little_endian(file, directory == 0 ? 0x8769 : 0x9003, 2); /* the Exif directory; the date taken */
        put_little_endian(file, directory == 0 ? 4 : 2, 2);
        put_little_endian(file, directory == 0 ? 1 : sizeof date, 4);
        put_little_endian(file, directory == 0 ? 26 : 44, 4); /* where it is */
        put_little_endian(file, 0, 4);
    }
    put(file, date, sizeof date);
}

static void put_tables(FILE *file) {
    put_segment(file, 0xDB, 65); /* quantisation: a step of 8 for a coefficient that is 8 times the level */
    fputc(0, file);
    for (int i = 0; i < 64; i++) {
        fputc(8, file);
    }
    put_segment(file, 0xC0, 15); /* the frame: baseline, 8 bits, three components of full resolution */
    fputc(8, file);
    put_big_endian(file, ROWS * 8, 2);
    put_big_endian(file, COLUMNS * 8, 2);
    put(file, "\3\1\x11\0\2\x11\0\3\x11\0", 10);
    put_segment(file, 0xC4, 1 + 16 + sizeof DC_VALUES);
    fputc(0x00, file);
    put(file, DC_LENGTHS, 16);
    put(file, DC_VALUES, sizeof DC_VALUES);
    put_segment(file, 0xC4, 1 + 16 + 1);
    fputc(0x10, file);
    put(file, AC_LENGTHS, 16);
    fputc(0, file);
}

static void put_scan(FILE *file, const struct scene *scene) {
    struct bits bits = {file, 0, 0};
    int before[3] = {0, 0, 0};
    put_segment(file, 0xDA, 10);
    put(file, "\3\1\0\2\0\3\0\0\x3F\0", 10);
    for (int row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS; column++) {
            put_colour(&bits, colour_at(scene, column, row), before);
        }
    }
    put_bits(&bits, 0x7F, 7); /* ones up to the end of the byte; bits that are left over are never written */
}

int photo_make(const char *path, size_t size, time_t taken, uint64_t seed) {
    uint64_t state = seed;
    struct scene scene = random_scene(&state);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return -1;
    }
    put_big_endian(file, 0xFFD8, 2);
    put_exif_date(file, taken);
    put_tables(file);
    put_scan(file, &scene);
    put_big_endian(file, 0xFFD9, 2);
    long picture = ftell(file);
    if (picture > 0 && (size_t)picture < size) {
        put_noise(file, size - (size_t)picture, &state);
    }
    return finish(file, path, taken);
}

/* --- Video ------------------------------------------------------------------------------------ */

int video_make(const char *path, size_t size, time_t taken, uint64_t seed) {
    static const unsigned char HEAD[24] = "\0\0\0\x18" "ftypmp42\0\0\0\0" "mp42isom";
    uint64_t state = seed;
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        return -1;
    }
    put(file, HEAD, sizeof HEAD);
    put_big_endian(file, 1, 4); /* the length follows as 64 bits */
    put(file, "mdat", 4);
    put_big_endian(file, size + 16, 8);
    put_noise(file, size, &state);
    return finish(file, path, taken);
}

/* --- The gallery ------------------------------------------------------------------------------ */

enum { PHOTOS = 119, VIDEO_SIZE = 96000000 };

/* An album's name, "" for none, and how many photos of the hundred and so are in it. */
static const struct {
    const char *name;
    int photos;
} ALBUMS[] = {{"", 41}, {"Lisbon 2026", 34}, {"Lisbon 2026/Tram 28", 12}, {"Family", 20}, {"Café & Küche", 12}};

/* Sizes as phones make them: most of 1 to 4 MB, some small ones that were sent by somebody. */
static size_t random_size(uint64_t *state) {
    return (size_t)(random_between(state, 0, 5) == 0 ? random_between(state, 80, 400)
                                                     : random_between(state, 900, 4200)) * 1000;
}

uint64_t gallery_size(void) {
    return VIDEO_SIZE + (uint64_t)PHOTOS * 2200000;
}

static void camera_name(char *name, size_t length, const char *kind, time_t taken, const char *ending) {
    char date[32];
    struct tm parts;
    gmtime_r(&taken, &parts);
    strftime(date, sizeof date, "%Y%m%d_%H%M%S", &parts);
    snprintf(name, length, "%s_%s.%s", kind, date, ending);
}

int gallery_make(const char *folder, gallery_progress progress, void *data) {
    const unsigned files = PHOTOS + 1;
    const size_t albums = sizeof ALBUMS / sizeof ALBUMS[0];
    uint64_t state = 2026, bytes = 0;
    unsigned made = 0;
    time_t taken = 1783000000; /* July 2026 */
    for (size_t album = 0; album < albums; album++) {
        char path[4096], name[64];
        snprintf(path, sizeof path, "%s/%s", folder, ALBUMS[album].name);
        if (mkdir(path, 0700) != 0 && errno != EEXIST) {
            return -1;
        }
        for (int photo = 0; photo < ALBUMS[album].photos; photo++) {
            size_t size = random_size(&state);
            taken += random_between(&state, 20, 20000);
            camera_name(name, sizeof name, "IMG", taken, "jpg");
            snprintf(path, sizeof path, "%s/%s/%s", folder, ALBUMS[album].name, name);
            if (photo_make(path, size, taken, next_random(&state)) != 0) {
                return -1;
            }
            progress(++made, files, bytes += size, gallery_size(), data);
        }
        if (album == 0) {
            camera_name(name, sizeof name, "VID", taken += 60, "mp4");
            snprintf(path, sizeof path, "%s/%s", folder, name);
            if (video_make(path, VIDEO_SIZE, taken, next_random(&state)) != 0) {
                return -1;
            }
            progress(++made, files, bytes += VIDEO_SIZE, gallery_size(), data);
        }
    }
    return 0;
}
