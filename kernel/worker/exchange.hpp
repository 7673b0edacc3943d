// From a row to code: the caller's functions, which look like the ABI's own, and the callee's table of handlers.
//
// A side (kernel or worker) is a policy class with what differs between the two:
//   static bh_status run(Self, Exchange&)   sends, waits for the end, gets the outputs
//   static void tell(Self, Exchange&)       sends an event
#pragma once

#include "kernel/worker/codec.hpp"

#include <utility>

namespace bh::worker {

template <class>
struct Signature;
template <class T, class F>
struct Signature<F T::*> {
    using Table = T;
    using Function = F;
};
template <class M>
using FunctionOf = typename Signature<std::remove_cv_t<M>>::Function;

// One exchange with its types taken away.
class Exchange {
public:
    Exchange(std::uint16_t number, std::string_view name, const bh_call* call, bh_error* err) noexcept
        : number{number}, name{name}, call{call}, err{err} {}
    virtual ~Exchange() = default;
    virtual void put(CallerSide& side) const = 0;
    virtual bool get(CallerSide& side, Reader& in) const = 0;

    const std::uint16_t number;
    const std::string_view name;
    const bh_call* const call;  // the context among the arguments, or null
    bh_error* const err;
};

template <class... A>
class TypedExchange final : public Exchange {
public:
    TypedExchange(std::uint16_t number, std::string_view name, std::tuple<A...> arguments) noexcept
        : Exchange{number, name, find<const bh_call*>(arguments), find<bh_error*>(arguments)}, arguments_{arguments} {}
    void put(CallerSide& side) const override {
        each([&]<std::size_t I>() {
            Codec<std::tuple_element_t<I, std::tuple<A...>>>::template put<I>(side, arguments_);
            return true;
        });
    }
    bool get(CallerSide& side, Reader& in) const override {
        return each([&]<std::size_t I>() {
            return Codec<std::tuple_element_t<I, std::tuple<A...>>>::template get<I>(side, in, arguments_);
        });
    }

private:
    template <class T>
    static T find(const std::tuple<A...>& arguments) noexcept {
        if constexpr ((std::is_same_v<A, T> || ...)) {
            return std::get<T>(arguments);
        } else {
            return nullptr;
        }
    }
    template <class F>
    static bool each(F&& body) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return (body.template operator()<I>() && ...);
        }(std::index_sequence_for<A...>{});
    }
    std::tuple<A...> arguments_;
};

// The caller's function of one row.
template <class Side, class V, std::uint16_t number, class F>
struct Stub;
template <class Side, class V, std::uint16_t number, class R, class S, class... A>
struct Stub<Side, V, number, R (*)(S, A...) noexcept> {
    static R call(S self, A... arguments) noexcept {
        TypedExchange<A...> exchange{number, V::name, std::tuple<A...>{arguments...}};
        if constexpr (std::is_void_v<R>) {
            Side::tell(self, exchange);
        } else {
            return Side::run(self, exchange);
        }
    }
};

// An ABI struct whose functions are the stubs of its rows.
template <class Side, class Table>
constexpr Table table_of_stubs() {
    Table table{};
    table.struct_size = sizeof(Table);
    [&]<class... V>(Verbs<V...>) {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            ((table.*V::member = Stub<Side, V, Rows<Table>::first + I, FunctionOf<decltype(V::member)>>::call), ...);
        }(std::index_sequence_for<V...>{});
    }(typename Rows<Table>::verbs{});
    return table;
}

// The callee.

enum class Handled : std::uint8_t { kDone, kGarbage, kNotOffered };

// Reads the arguments, calls `function`, and writes status and outputs into `out` (already begun). An event writes
// nothing.
template <class R, class S, class... A>
Handled handle(R (*function)(S, A...) noexcept, S self, CalleeSide& side, Reader& in, Writer& out) {
    std::tuple<typename Codec<A>::Slot...> slots{};
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        const bool taken = (Codec<A>::take(side, in, std::get<I>(slots)) && ...);
        std::tuple<decltype(Codec<A>::template argument<I>(slots))...> arguments{
            Codec<A>::template argument<I>(slots)...};
        [[maybe_unused]] const auto counts = [&]<std::size_t J>() {
            using Kind = Codec<std::tuple_element_t<J, std::tuple<A...>>>;
            if constexpr (requires { Kind::count(std::get<J>(slots)); }) {
                return Kind::count(std::get<J>(slots)) == count_behind<J>(arguments);
            } else {
                return true;
            }
        };
        if (!taken || !in.finished() || !(counts.template operator()<I>() && ...)) return Handled::kGarbage;
        if constexpr (std::is_void_v<R>) {
            std::apply([&](auto... argument) { function(self, argument...); }, arguments);
        } else {
            const bh_status status =
                std::apply([&](auto... argument) { return function(self, argument...); }, arguments);
            out.number(status);
            if (status == BH_OK) {
                (Codec<A>::give(side, out, std::get<I>(slots)), ...);
            } else {
                const bh_error& error = std::get<typename Codec<bh_error*>::Slot>(slots).error;
                out.number(error.retry_after_ms);
                out.text({error.reason, ::strnlen(error.reason, sizeof error.reason)});
                out.text({error.message, ::strnlen(error.message, sizeof error.message)});
            }
        }
        return Handled::kDone;
    }(std::index_sequence_for<A...>{});
}

// `Side::target<Table>(context)` gives the struct to call and its first argument as a pair, or a null struct.
template <class Side>
using Handler = Handled (*)(typename Side::Context&, CalleeSide&, Reader&, Writer&);

inline constexpr std::size_t kMaxRows = 320;

// A plugin of an older minor has a shorter table: what is behind its end is not there.
template <class V, class Table>
bool offers(const Table* table) noexcept {
    if (table == nullptr) return false;
    const auto* end = reinterpret_cast<const std::uint8_t*>(&(table->*V::member)) + sizeof(table->*V::member);
    const auto size = static_cast<std::uint32_t>(end - reinterpret_cast<const std::uint8_t*>(table));
    return table->struct_size >= size && table->*V::member != nullptr;
}

template <class Side, class Table, class V>
Handled handle_row(typename Side::Context& context, CalleeSide& side, Reader& in, Writer& out) {
    const auto [table, self] = Side::template target<Table>(context);
    if (!offers<V>(table)) return Handled::kNotOffered;
    using F = FunctionOf<decltype(V::member)>;
    return [&]<class R, class S, class... A>(R (*function)(S, A...) noexcept) {
        return handle(function, static_cast<S>(self), side, in, out);
    }(static_cast<F>(table->*V::member));
}

template <class Side, class... Table>
constexpr std::array<Handler<Side>, kMaxRows> handlers_of(Tables<Table...>) {
    std::array<Handler<Side>, kMaxRows> handlers{};
    const auto add = [&]<class T, class... V>(Rows<T>, Verbs<V...>) {
        std::size_t number = Rows<T>::first;
        ((handlers[number++] = handle_row<Side, T, V>), ...);
    };
    (add(Rows<Table>{}, typename Rows<Table>::verbs{}), ...);
    return handlers;
}

// "sign", "tcp": the name of each row's function; empty where there is no row.
template <class... Table>
constexpr std::array<std::string_view, kMaxRows> names_of(Tables<Table...>) {
    std::array<std::string_view, kMaxRows> names{};
    const auto add = [&]<class T, class... V>(Rows<T>, Verbs<V...>) {
        std::size_t number = Rows<T>::first;
        ((names[number++] = V::name), ...);
    };
    (add(Rows<Table>{}, typename Rows<Table>::verbs{}), ...);
    return names;
}

// Which rows promise not to block.
template <class... Table>
constexpr std::array<bool, kMaxRows> no_block_rows(Tables<Table...>) {
    std::array<bool, kMaxRows> rows{};
    const auto add = [&]<class T, class... V>(Rows<T>, Verbs<V...>) {
        std::size_t number = Rows<T>::first;
        ((rows[number++] = V::no_block), ...);
    };
    (add(Rows<Table>{}, typename Rows<Table>::verbs{}), ...);
    return rows;
}
inline constexpr auto kNoBlockRows = no_block_rows(Interfaces{});

// The first words of a reply: for how many milliseconds the verb, or the query() for its table, broke its promise not
// to block. Both 0 as a rule.
struct BlockedWords {
    std::uint32_t verb_ms = 0, query_ms = 0;
};

// Reads what handle() wrote. BH_E_INTERNAL with reason "garbage" cannot be told from a plugin's own, so the second
// value says whether the bytes were good.
struct Outcome {
    bh_status status = BH_E_INTERNAL;
    bool good = false;
    BlockedWords blocked = {};
};
inline Outcome read_outcome(const Exchange& exchange, CallerSide& side, Reader& in) {
    const auto status = in.number<bh_status>();
    if (!in.good()) return {};
    if (status != BH_OK) {
        const auto retry = in.number<std::uint32_t>();
        const auto reason = in.text();
        const auto message = in.text();
        if (!in.finished()) return {};
        report(exchange.err, status, reason, message, retry);
        return {status, true};
    }
    if (!exchange.get(side, in) || !in.finished()) return {};
    if (side.local != BH_OK) report(exchange.err, side.local, "refused", "the caller refused the output");
    return {side.local, true};
}

}  // namespace bh::worker
