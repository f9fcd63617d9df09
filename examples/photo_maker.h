/* Makes a gallery of pictures that look as a camera left them: for trying things out without anybody's real
 * photos. Every .jpg is a complete baseline JPEG with an EXIF date. What its size asks for beyond the picture
 * is noise behind it, where phones put the film of a moving picture; no compression makes it smaller. */
#ifndef PHOTO_MAKER_H
#define PHOTO_MAKER_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* Writes a picture of `size` bytes, or more where the picture alone takes more (some 40 KB), with `taken` as its date.
 * The same seed gives the same picture. Returns 0, or -1 with errno set. */
int photo_make(const char *path, size_t size, time_t taken, uint64_t seed);

/* Writes a file that begins as an MP4 video does, and plays nothing. Returns 0, or -1 with errno set. */
int video_make(const char *path, size_t size, time_t taken, uint64_t seed);

/* Called after every file. */
typedef void (*gallery_progress)(unsigned files_done, unsigned files, uint64_t bytes_done, uint64_t bytes, void *data);

/* Fills an existing folder with some 120 photos, in and outside of albums, and a video. Returns 0, or -1 with errno set. */
int gallery_make(const char *folder, gallery_progress progress, void *data);

/* What gallery_make writes, in bytes, within a few percent. */
uint64_t gallery_size(void);

#endif
