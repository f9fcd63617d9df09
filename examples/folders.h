/* What the examples do with folders, beside letting the library keep them in step. */
#ifndef FOLDERS_H
#define FOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Called for every file that is found: its path below the folder, and its size. Not 0 ends the walk. */
typedef int (*folder_visit)(const char *relative, uint64_t size, void *data);

/* Visits the regular files in a folder and the folders in it, hidden ones left out, in no order. Returns 0, what a
 * visit returned, or -1 with errno set. */
int folder_walk(const char *folder, folder_visit visit, void *data);

/* Bytes that the file system of a folder has room for; 0 where it cannot be told. */
uint64_t folder_room(const char *folder);

/* Joins a folder and what is below it. Returns `path`, of `length` bytes, or NULL where it does not fit. */
const char *path_join(char *path, size_t length, const char *folder, const char *relative);

/* Copies a file with its time, making the folders it lies in below `folder`. Returns 0, or -1 with errno set. */
int file_copy(const char *from, const char *folder, const char *relative);

/* Whether two files hold the same bytes; false where one cannot be read. */
bool files_equal(const char *a, const char *b);

#endif
