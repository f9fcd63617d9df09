/* A vendor's tables whose methods throw when a test wants it: before they answer, or after it. */
#ifndef THROWING_HPP
#define THROWING_HPP

#include <atomic>
#include <random>
#include <stdexcept>
#include <tuple>
#include <type_traits>

#include "support.h"

namespace throwing {

enum class When { never, before, after, number_before, number_after };

/* What the next call of a method does. */
template <auto Method>
std::atomic<When> next{When::never};

/* What the next destroy of a table does. */
inline std::atomic<bool> next_destroy{false};

/* Whether every third call throws, whatever it is. */
inline std::atomic<bool> at_random{false};
inline std::atomic<unsigned> thrown{0};

/* An exception that tells whether it was ended. */
struct Exception : std::runtime_error {
    static inline std::atomic<int> living{0};
    Exception() : std::runtime_error("the server said no") { living++; }
    Exception(const Exception &other) : std::runtime_error(other) { living++; }
    ~Exception() override { living--; }
};

[[noreturn]] inline void throw_now(When when) {
    thrown++;
    if (when == When::number_before || when == When::number_after) {
        throw 7;
    }
    throw Exception();
}

/* A method as the library calls it. */
template <auto Method>
struct Call;

template <auto A, auto B>
constexpr bool same = std::is_same_v<Call<A>, Call<B>>;

/* A lock that is held and that nobody knows of would be waited for until its lease is over. */
template <auto Method>
When by_chance() {
    thread_local std::minstd_rand chance{std::random_device{}()};
    if constexpr (same<Method, &CloudSyncCloudDbVTable::lock>) {
        return chance() % 3 == 0 ? When::before : When::never;
    } else if constexpr (same<Method, &CloudSyncCloudDbVTable::unlock>) {
        return chance() % 3 == 0 ? When::after : When::never;
    } else {
        constexpr When all[] = {When::before, When::after, When::number_before, When::number_after};
        return chance() % 3 == 0 ? all[chance() % 4] : When::never;
    }
}

/* A vendor's table and pointer, behind those that throw. */
template <typename Table>
struct Wrapped {
    Table table;
    void *self;
};

template <typename Table, typename... Arguments, int32_t (*Table::*Method)(void *, Arguments...)>
struct Call<Method> {
    static int32_t made(void *self, Arguments... arguments) {
        const auto *wrapped = static_cast<Wrapped<Table> *>(self);
        const When wanted = next<Method>.exchange(When::never);
        const When when = at_random ? by_chance<Method>() : wanted;
        if (when == When::before || when == When::number_before) {
            throw_now(when);
        }
        const int32_t code = (wrapped->table.*Method)(wrapped->self, arguments...);
        if (when != When::never) {
            CloudSyncReply *reply = std::get<sizeof...(Arguments) - 1>(std::tie(arguments...));
            if (code != CLOUDSYNC_ERROR_CODE_SUCCESS) {
                cloudsync_reply_fail(reply, code, nullptr);
            }
            throw_now(when);
        }
        return code;
    }
};

template <typename Table>
void destroyed(void *self) {
    auto *wrapped = static_cast<Wrapped<Table> *>(self);
    wrapped->table.destroy(wrapped->self);
    delete wrapped;
    if (next_destroy.exchange(false) || at_random) {
        throw_now(When::before);
    }
}

/* Makes a stub of a table whose methods throw. */
template <auto... Methods, typename Table, typename Stub>
int32_t stub_of(int32_t (*create)(const Table *, void *, Stub **), const Table *table, void *self, Stub **out) {
    Table over = *table;
    ((over.*Methods = over.*Methods != nullptr ? Call<Methods>::made : nullptr), ...);
    over.destroy = destroyed<Table>;
    return create(&over, new Wrapped<Table>{*table, self}, out);
}

} // namespace throwing

#endif
