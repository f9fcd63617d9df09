/* Counts what each thread allocates, the library's threads too: this program's malloc is everybody's. glibc only. */
#ifndef COUNT_ALLOC_H
#define COUNT_ALLOC_H

/* How often the calling thread has allocated since it began. */
unsigned long allocations_of_this_thread(void);

#endif
