/* Includes the header and nothing else: it must bring all that it needs. Also compiled as C++. */
#include <cloudsync.h>

int header_alone(void);
int header_alone(void) {
    return 0;
}
