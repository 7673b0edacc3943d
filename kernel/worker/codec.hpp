// How each kind of argument of an ABI function travels. Four steps per argument: the caller puts it into the request,
// the callee takes it out and keeps what it needs in a slot, gives outputs back after the call, and the caller gets
// them.
//
//   bh_str, bh_bytes, const char*        their bytes
//   numbers                              as they are
//   const bh_str*, const bh_bytes*       as many as the next uint32_t argument says
//   const int32_t*                       descriptors, likewise
//   const bh_call*                       to the worker: the context; to the kernel: the call that is running
//   bh_sink, bh_vm_stats*, int32_t*      outputs, given only with BH_OK
//   secrets' callback and its argument   bytes, which the caller's side lends to the callback and wipes
//   bh_error*                            with the status
#pragma once

#include "kernel/worker/channel.hpp"
#include "kernel/worker/rows.hpp"

#include <cstdio>
#include <string>
#include <tuple>

namespace bh::worker {

using Lend = bh_status (*)(void* user, bh_bytes secret) noexcept;

inline bh_str view(std::string_view text) noexcept { return {text.data(), text.size()}; }
inline std::string_view view(bh_str text) noexcept {
    return text.len != 0 && text.ptr != nullptr ? std::string_view{text.ptr, text.len} : std::string_view{};
}

inline bh_status report(bh_error* err, bh_status code, std::string_view reason, std::string_view message,
                        std::uint32_t retry_after_ms = 0) noexcept {
    if (err == nullptr) return code;
    err->code = code;
    err->retry_after_ms = retry_after_ms;
    std::snprintf(err->reason, sizeof err->reason, "%.*s", static_cast<int>(reason.size()), reason.data());
    std::snprintf(err->message, sizeof err->message, "%.*s", static_cast<int>(message.size()), message.data());
    return code;
}

// The caller's side of one exchange.
struct CallerSide {
    Writer& out;
    std::vector<int> fds;                                 // go with the request
    void (*put_call)(Writer&, const bh_call*) = nullptr;  // to the worker; to the kernel nothing is put
    std::vector<Fd>* received = nullptr;                  // came with the reply
    bh_status local = BH_OK;                              // what a sink or a lent secret's user said
};

// The callee's side.
struct CalleeSide {
    std::vector<Fd>* received;  // came with the request
    const bh_call* (*take_call)(CalleeSide&, Reader&);
    void* context;          // of take_call
    std::vector<Fd> fds{};  // go with the reply
    bool secret = false;    // the reply is to be wiped when it was sent
};

// The first number behind argument I: the count of the arrays before it.
template <std::size_t I, class... A>
std::uint32_t count_behind(const std::tuple<A...>& arguments) {
    if constexpr (std::is_same_v<std::tuple_element_t<I, std::tuple<A...>>, std::uint32_t>) {
        return std::get<I>(arguments);
    } else {
        return count_behind<I + 1>(arguments);
    }
}

template <class T>
struct Codec;

template <class T>
struct NumberCodec {
    struct Slot {
        T value{};
    };
    template <std::size_t I, class Arguments>
    static void put(CallerSide& side, const Arguments& arguments) {
        side.out.number(std::get<I>(arguments));
    }
    template <std::size_t I, class Arguments>
    static bool get(CallerSide&, Reader&, const Arguments&) {
        return true;
    }
    static bool take(CalleeSide&, Reader& in, Slot& slot) {
        slot.value = in.number<T>();
        return in.good();
    }
    static void give(CalleeSide&, Writer&, Slot&) {}
    template <std::size_t I, class Slots>
    static T argument(Slots& slots) {
        return std::get<I>(slots).value;
    }
};
template <>
struct Codec<std::uint32_t> : NumberCodec<std::uint32_t> {};
template <>
struct Codec<std::uint64_t> : NumberCodec<std::uint64_t> {};
template <>
struct Codec<std::uint16_t> : NumberCodec<std::uint16_t> {};
template <>
struct Codec<std::int32_t> : NumberCodec<std::int32_t> {};

// What goes one way only, to the callee.
struct InputOnly {
    template <std::size_t I, class Arguments>
    static bool get(CallerSide&, Reader&, const Arguments&) {
        return true;
    }
    template <class Slot>
    static void give(CalleeSide&, Writer&, Slot&) {}
};
// What comes back only.
struct OutputOnly {
    template <std::size_t I, class Arguments>
    static void put(CallerSide&, const Arguments&) {}
    template <class Slot>
    static bool take(CalleeSide&, Reader&, Slot&) {
        return true;
    }
};

template <class T>
struct BytesCodec : InputOnly {
    struct Slot {
        T value{};
    };
    template <std::size_t I, class Arguments>
    static void put(CallerSide& side, const Arguments& arguments) {
        const T& value = std::get<I>(arguments);
        side.out.bytes(value.ptr, value.len);
    }
    static bool take(CalleeSide&, Reader& in, Slot& slot) {
        const auto bytes = in.bytes();
        slot.value = {reinterpret_cast<decltype(T::ptr)>(bytes.data()), bytes.size()};
        return in.good();
    }
    template <std::size_t I, class Slots>
    static T argument(Slots& slots) {
        return std::get<I>(slots).value;
    }
};
template <>
struct Codec<bh_str> : BytesCodec<bh_str> {};
template <>
struct Codec<bh_bytes> : BytesCodec<bh_bytes> {};

template <>
struct Codec<const char*> : InputOnly {
    using Slot = std::string;
    template <std::size_t I, class Arguments>
    static void put(CallerSide& side, const Arguments& arguments) {
        side.out.text(std::get<I>(arguments));
    }
    static bool take(CalleeSide&, Reader& in, Slot& slot) {
        slot = in.text();
        return in.good();
    }
    template <std::size_t I, class Slots>
    static const char* argument(Slots& slots) {
        return std::get<I>(slots).c_str();
    }
};

template <class T>
struct ArrayCodec : InputOnly {
    static constexpr std::uint32_t kMost = 4096;
    using Slot = std::vector<T>;
    template <std::size_t I, class Arguments>
    static void put(CallerSide& side, const Arguments& arguments) {
        const std::uint32_t count = count_behind<I>(arguments);
        side.out.number(count);
        for (std::uint32_t i = 0; i < count; ++i)
            side.out.bytes(std::get<I>(arguments)[i].ptr, std::get<I>(arguments)[i].len);
    }
    static bool take(CalleeSide&, Reader& in, Slot& slot) {
        const auto count = in.number<std::uint32_t>();
        if (count > kMost) in.spoil();
        for (std::uint32_t i = 0; i < count && in.good(); ++i) {
            const auto bytes = in.bytes();
            slot.push_back({reinterpret_cast<decltype(T::ptr)>(bytes.data()), bytes.size()});
        }
        return in.good();
    }
    template <std::size_t I, class Slots>
    static const T* argument(Slots& slots) {
        return std::get<I>(slots).data();
    }
    static std::size_t count(const Slot& slot) { return slot.size(); }
};
template <>
struct Codec<const bh_str*> : ArrayCodec<bh_str> {};
template <>
struct Codec<const bh_bytes*> : ArrayCodec<bh_bytes> {};

template <>
struct Codec<const std::int32_t*> : InputOnly {
    struct Slot {
        std::vector<Fd> owned;
        std::vector<std::int32_t> numbers;
    };
    template <std::size_t I, class Arguments>
    static void put(CallerSide& side, const Arguments& arguments) {
        const auto* first = std::get<I>(arguments);
        const std::uint32_t count = count_behind<I>(arguments);
        if (count != 0) side.fds.assign(first, first + count);
    }
    static bool take(CalleeSide& side, Reader&, Slot& slot) {
        slot.owned = std::move(*side.received);
        side.received->clear();
        for (const Fd& fd : slot.owned) slot.numbers.push_back(fd.get());
        return true;
    }
    template <std::size_t I, class Slots>
    static const std::int32_t* argument(Slots& slots) {
        return std::get<I>(slots).numbers.data();
    }
    static std::size_t count(const Slot& slot) { return slot.numbers.size(); }
};

template <>
struct Codec<std::int32_t*> : OutputOnly {
    struct Slot {
        std::int32_t fd = -1;
    };
    template <std::size_t I, class Arguments>
    static bool get(CallerSide& side, Reader&, const Arguments& arguments) {
        if (side.received->size() != 1) return false;
        *std::get<I>(arguments) = side.received->front().release();
        side.received->clear();
        return true;
    }
    static void give(CalleeSide& side, Writer&, Slot& slot) { side.fds.emplace_back(slot.fd); }
    template <std::size_t I, class Slots>
    static std::int32_t* argument(Slots& slots) {
        return &std::get<I>(slots).fd;
    }
};

template <>
struct Codec<bh_sink> : OutputOnly {
    struct Slot {
        std::string text;
        static bh_status write(void* ctx, const void* data, std::size_t size) noexcept {
            auto& text = static_cast<Slot*>(ctx)->text;
            if (size > kMaxDocument - text.size()) return BH_E_EXHAUSTED;
            try {
                text.append(static_cast<const char*>(data), size);
            } catch (const std::bad_alloc&) {
                return BH_E_EXHAUSTED;
            }
            return BH_OK;
        }
    };
    template <std::size_t I, class Arguments>
    static bool get(CallerSide& side, Reader& in, const Arguments& arguments) {
        const auto bytes = in.bytes();
        if (!in.good() || bytes.size() > kMaxDocument) return false;
        const bh_sink& sink = std::get<I>(arguments);
        if (!bytes.empty()) side.local = sink.write(sink.ctx, bytes.data(), bytes.size());
        return true;
    }
    static void give(CalleeSide&, Writer& out, Slot& slot) { out.text(slot.text); }
    template <std::size_t I, class Slots>
    static bh_sink argument(Slots& slots) {
        return {&std::get<I>(slots), Slot::write};
    }
};

// A growable struct: the callee fills in what it knows and says so, the caller takes what it knows.
template <>
struct Codec<bh_vm_stats*> : OutputOnly {
    using Slot = bh_vm_stats;
    template <std::size_t I, class Arguments>
    static bool get(CallerSide&, Reader& in, const Arguments& arguments) {
        const auto bytes = in.bytes();
        if (!in.good() || bytes.size() > sizeof(bh_vm_stats)) return false;
        auto* out = std::get<I>(arguments);
        std::uint32_t filled = 0;
        if (bytes.size() < sizeof filled) return false;
        std::memcpy(&filled, bytes.data(), sizeof filled);
        filled = std::min({filled, static_cast<std::uint32_t>(bytes.size()), out->struct_size});
        std::memcpy(out, bytes.data(), filled);
        out->struct_size = filled;
        return true;
    }
    static void give(CalleeSide&, Writer& out, Slot& slot) { out.bytes(&slot, sizeof slot); }
    template <std::size_t I, class Slots>
    static bh_vm_stats* argument(Slots& slots) {
        auto& slot = std::get<I>(slots);
        slot.struct_size = sizeof slot;
        return &slot;
    }
};

template <>
struct Codec<const bh_call*> : InputOnly {
    struct Slot {
        const bh_call* call = nullptr;
    };
    template <std::size_t I, class Arguments>
    static void put(CallerSide& side, const Arguments& arguments) {
        if (side.put_call != nullptr) side.put_call(side.out, std::get<I>(arguments));
    }
    static bool take(CalleeSide& side, Reader& in, Slot& slot) {
        slot.call = side.take_call(side, in);
        return in.good() && slot.call != nullptr;
    }
    template <std::size_t I, class Slots>
    static const bh_call* argument(Slots& slots) {
        return std::get<I>(slots).call;
    }
};

// The callback runs on the caller's side; the callee lends to a slot.
template <>
struct Codec<Lend> : OutputOnly {
    struct Slot {
        std::vector<std::uint8_t> bytes;
        static bh_status keep(void* slot, bh_bytes secret) noexcept {
            try {
                static_cast<Slot*>(slot)->bytes.assign(secret.ptr, secret.ptr + secret.len);
            } catch (const std::bad_alloc&) {
                return BH_E_EXHAUSTED;
            }
            return BH_OK;
        }
        ~Slot() { ::explicit_bzero(bytes.data(), bytes.size()); }
    };
    template <std::size_t I, class Arguments>
    static bool get(CallerSide& side, Reader& in, const Arguments& arguments) {
        const auto bytes = in.bytes();
        if (!in.good()) return false;
        side.local = std::get<I>(arguments)(std::get<I + 1>(arguments), {bytes.data(), bytes.size()});
        ::explicit_bzero(const_cast<std::uint8_t*>(bytes.data()), bytes.size());
        return true;
    }
    static void give(CalleeSide& side, Writer& out, Slot& slot) {
        side.secret = true;
        out.reserve(slot.bytes.size() + sizeof(std::uint32_t));
        out.bytes(slot.bytes.data(), slot.bytes.size());
    }
    template <std::size_t I, class Slots>
    static Lend argument(Slots&) {
        return Slot::keep;
    }
};
template <>
struct Codec<void*> : OutputOnly {
    struct Slot {};
    template <std::size_t I, class Arguments>
    static bool get(CallerSide&, Reader&, const Arguments&) {
        return true;
    }
    static void give(CalleeSide&, Writer&, Slot&) {}
    template <std::size_t I, class Slots>
    static void* argument(Slots& slots) {
        return &std::get<I - 1>(slots);
    }
};

template <>
struct Codec<bh_error*> : OutputOnly {
    struct Slot {
        bh_error error{};
    };
    template <std::size_t I, class Arguments>
    static bool get(CallerSide&, Reader&, const Arguments&) {
        return true;
    }
    static void give(CalleeSide&, Writer&, Slot&) {}
    template <std::size_t I, class Slots>
    static bh_error* argument(Slots& slots) {
        auto& error = std::get<I>(slots).error;
        error.struct_size = sizeof error;
        return &error;
    }
};

}  // namespace bh::worker
