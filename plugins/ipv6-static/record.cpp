#include "plugins/ipv6-static/record.hpp"

#include "plugin-api/documents/fields/ipv6.hpp"

#include <algorithm>

namespace bh::ipv6_static {

template <class F>
void fields(F& f, Is<Record> auto& x) {
    f.required("request", x.request, "");
    f.required("delegation", x.delegation, "");
}

namespace {

constexpr std::string_view kPrefix = "delegation/";

std::string key_of(const std::string& op_id) { return std::string{kPrefix} + op_id; }

// Only such an id can have been an op_id; anything else was never delegated.
bool is_op_id(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

Result<Record> decode(const std::string& key, const Bytes& value) {
    auto record = read_document<Record>({reinterpret_cast<const char*>(value.data()), value.size()});
    if (record) return record;
    return Failure{BH_E_CORRUPT, "bad_record",
                   "the stored record \"" + key + "\" is damaged: " + record.failure().message};
}

}  // namespace

Result<std::optional<Record>> Records::find(const std::string& op_id) const {
    if (!is_op_id(op_id)) return std::optional<Record>{};
    auto value = store_.get(key_of(op_id));
    if (!value && value.failure().code == BH_E_NOT_FOUND) return std::optional<Record>{};
    if (!value) return value.failure();
    auto record = decode(key_of(op_id), *value);
    if (!record) return record.failure();
    return std::optional<Record>{std::move(*record)};
}

Status Records::put(const Record& record) const {
    if (!is_op_id(record.delegation.created_by))
        return invalid("bad_op_id", "op_id: it is not 1 to 64 of a-z, 0-9 and -");
    const std::string text = write_document(record);
    return store_.put(key_of(record.delegation.created_by), Bytes{text.begin(), text.end()});
}

Status Records::remove(const std::string& op_id) const { return store_.remove(key_of(op_id)); }

Result<Records::Page> Records::list(std::string_view page) const {
    auto keys = store_.list(kPrefix, page);
    if (!keys) return keys.failure();
    Page out;
    for (const auto& key : keys->keys) {
        auto value = store_.get(key);
        if (!value && value.failure().code == BH_E_NOT_FOUND) continue;
        if (!value) return value.failure();
        auto record = decode(key, *value);
        if (!record) return record.failure();
        out.records.push_back(std::move(*record));
    }
    out.next = keys->next;
    return out;
}

}  // namespace bh::ipv6_static
