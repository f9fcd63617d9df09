// Includes the C++ layer and nothing else: it must bring all that it needs.
#include <cloudsync.hpp>

int header_alone();
int header_alone() {
    return 0;
}
