// Reads and writes documents from one table per struct.
//
// A table is a function template `fields(F& f, Is<X> auto& x)` that names each member once:
//
//     template <class F> void fields(F& f, Is<Pool> auto& x) {
//         f.required("id", x.id, "what later verbs take");
//         f.optional("path", x.path, "where it is");
//     }
//
// Reader, Writer and Schema (schema.hpp) visit it, so parser, printer and JSON Schema can't disagree. An optional
// member is left out while it has the value of T{}; a member whose default differs from that must be required.
// A plugin may write such a table for its own configuration: `Result<Config> config = read_document<Config>(text)`.
#pragma once

#include "plugin-api/documents/common.hpp"
#include "plugin-api/documents/strict_json.hpp"

#include <concepts>
#include <limits>
#include <map>
#include <type_traits>

namespace bh {

template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

namespace codec {

using nlohmann::json;

// Where the reader is, and the first thing that was wrong; after that nothing else is read.
class Place {
public:
    [[nodiscard]] bool ok() const { return !failure_; }
    [[nodiscard]] const std::optional<Failure>& failure() const { return failure_; }
    void fail(std::string_view what) {
        if (failure_) return;
        std::string pointer;
        for (const std::string& token : tokens_) pointer += "/" + pointer_token(token);
        failure_ = invalid("bad_document", (pointer.empty() ? "the document" : pointer) + ": " + std::string{what});
    }
    void enter(std::string token) { tokens_.push_back(std::move(token)); }
    void leave() { tokens_.pop_back(); }

private:
    std::vector<std::string> tokens_;
    std::optional<Failure> failure_;
};

template <class T>
bool is_default(const T& value) {
    if constexpr (requires { value.has_value(); }) {
        return !value.has_value();
    } else if constexpr (requires { value.empty(); }) {
        return value.empty();
    } else {
        return value == T{};
    }
}

// Leaves. Each pair is the whole truth about how that type looks in JSON.
void read(Place& at, const json& node, std::string& out);
void read(Place& at, const json& node, bool& out);
void read(Place& at, const json& node, Bytes& out);
void read(Place& at, const json& node, UnixTime& out);
void read(Place& at, const json& node, Amount& out);
// -> nullopt after fail(). Integers above 2^53 come as decimal strings.
std::optional<std::uint64_t> read_unsigned(Place& at, const json& node, std::uint64_t max);
std::optional<std::int64_t> read_signed(Place& at, const json& node, std::int64_t min, std::int64_t max);
// Appended to `out`; a string that is not UTF-8 can't be in a document: its bad bytes become U+FFFD.
void write(std::string& out, const std::string& value);
void write(std::string& out, bool value);
void write(std::string& out, const Bytes& value);
void write(std::string& out, UnixTime value);
void write(std::string& out, const Amount& value);
void write_unsigned(std::string& out, std::uint64_t value);
void write_signed(std::string& out, std::int64_t value);

template <class T>
concept Integer = std::integral<T> && !std::same_as<T, bool>;

template <Integer T>
void read(Place& at, const json& node, T& out) {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_unsigned_v<T>) {
        if (const auto value = read_unsigned(at, node, Limits::max())) out = static_cast<T>(*value);
    } else {
        if (const auto value = read_signed(at, node, Limits::min(), Limits::max())) out = static_cast<T>(*value);
    }
}
template <Integer T>
void write(std::string& out, T value) {
    if constexpr (std::is_unsigned_v<T>) {
        write_unsigned(out, value);
    } else {
        write_signed(out, value);
    }
}

template <class T>
    requires std::is_class_v<T>
void read(Place& at, const json& node, T& out);
template <class T>
    requires std::is_class_v<T>
void write(std::string& out, const T& value);

template <class T>
void read(Place& at, const json& node, std::optional<T>& out) {
    T value{};
    read(at, node, value);
    out = std::move(value);
}
template <class T>
void write(std::string& out, const std::optional<T>& value) {
    write(out, *value);
}

template <class T>
void read(Place& at, const json& node, std::vector<T>& out) {
    if (!node.is_array()) return at.fail("must be an array");
    out.clear();
    for (std::size_t i = 0; i < node.size() && at.ok(); ++i) {
        at.enter(std::to_string(i));
        read(at, node[i], out.emplace_back());
        at.leave();
    }
}
template <class T>
void write(std::string& out, const std::vector<T>& value) {
    char before = '[';
    for (const T& item : value) {
        out += std::exchange(before, ',');
        write(out, item);
    }
    out += value.empty() ? "[]" : "]";
}

template <class T>
void read(Place& at, const json& node, std::map<std::string, T>& out) {
    if (!node.is_object()) return at.fail("must be an object");
    out.clear();
    for (const auto& [key, item] : node.items()) {
        at.enter(key);
        read(at, item, out[key]);
        at.leave();
    }
}
template <class T>
void write(std::string& out, const std::map<std::string, T>& value) {
    char before = '{';
    for (const auto& [key, item] : value) {
        out += std::exchange(before, ',');
        write(out, key);
        out += ':';
        write(out, item);
    }
    out += value.empty() ? "{}" : "}";
}

class Reader {
public:
    Reader(Place& at, const json& object) : at_{at}, object_{object} {}
    template <class T>
    void required(const char* name, T& out, const char* /*what*/) {
        member(name, out, true);
    }
    template <class T>
    void optional(const char* name, T& out, const char* /*what*/) {
        member(name, out, false);
    }

private:
    template <class T>
    void member(const char* name, T& out, bool required) {
        if (!at_.ok()) return;
        const auto found = object_.find(name);
        if (found == object_.end() && !required) return;
        at_.enter(name);
        if (found == object_.end()) {
            at_.fail("is missing");
        } else {
            read(at_, *found, out);
        }
        at_.leave();
    }
    Place& at_;
    const json& object_;
};

// Writes the members as they are named and puts them in order in the end: no tree is made of them.
class Writer {
public:
    explicit Writer(std::string& out) : out_{out}, begin_{out.size()} {}
    template <class T>
    void required(const char* name, const T& value, const char* /*what*/) {
        members_.push_back({name, out_.size()});
        out_ += '"';
        out_ += name;
        out_ += "\":";
        write(out_, value);
    }
    template <class T>
    void optional(const char* name, const T& value, const char* what) {
        if (!is_default(value)) required(name, value, what);
    }
    void finish();

private:
    struct Member {
        std::string_view name;
        std::size_t at;  // where its text begins; it ends with the next one's
    };
    std::string& out_;
    const std::size_t begin_;
    std::vector<Member> members_;
};

template <class T>
    requires std::is_class_v<T>
void read(Place& at, const json& node, T& out) {
    if (!node.is_object()) return at.fail("must be an object");
    Reader reader{at, node};
    fields(reader, out);
}
template <class T>
    requires std::is_class_v<T>
void write(std::string& out, const T& value) {
    Writer writer{out};
    fields(writer, value);
    writer.finish();
}

}  // namespace codec

template <class T>
Result<T> read_document(std::string_view text) {
    Result<nlohmann::json> node = read_strict_json(text);
    if (!node) return node.failure();
    codec::Place at;
    T out{};
    codec::read(at, *node, out);
    if (!at.ok()) return *at.failure();
    return out;
}

// Keys in byte order and no spaces: equal values give equal text.
template <class T>
std::string write_document(const T& value) {
    std::string out;
    codec::write(out, value);
    return out;
}

}  // namespace bh
