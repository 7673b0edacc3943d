#include "kernel/trust/record.hpp"

#include "kernel/ipc/args.hpp"
#include "plugin-api/documents/strict_json.hpp"

#include <algorithm>
#include <regex>

namespace bh::trust {
namespace {

using nlohmann::json;

constexpr std::int64_t kForm = 1;

std::string hash(ipc::Args& args, const char* name) {
    auto text = args.text(name, 64);
    if (text.size() != 64 || text.find_first_not_of("0123456789abcdef") != std::string::npos)
        args.refuse(name, "must be 64 lower-case hex digits");
    return text;
}

Result<Asks> read_asks(const json& object) {
    Asks asks;
    ipc::Args args{object, "asks."};
    for (const char* name : kAskNames) {
        if (!args.list_or_empty(name, kMaxAsks).empty()) asks[name] = args.texts(name, kMaxAsks, kMaxAskBytes);
    }
    if (auto bad = args.finish(); !bad) return bad.failure();
    return asks;
}

Result<Record> read_record(const json& object) {
    if (!object.is_object()) return invalid("bad_record", "must be a JSON object");
    Record record;
    ipc::Args args{object};
    if (args.integer("record", 0, 1'000'000) != kForm) args.refuse("record", "must be 1");
    record.id = args.text("id", 128);
    if (!is_plugin_id(record.id)) args.refuse("id", "must be a reverse-DNS name such as org.example.thing");
    record.version = args.text("version", 256);
    record.manifest_sha256 = hash(args, "manifest_sha256");
    record.sha256 = hash(args, "sha256");
    const auto basis = args.text("basis", 16);
    if (basis == "signed") {
        record.basis = Basis::signed_by_publisher;
    } else if (basis == "packaged") {
        record.basis = Basis::packaged;
    } else if (basis != "unsigned") {
        args.refuse("basis", "must be signed, packaged or unsigned");
    }
    record.publisher = args.text("publisher", 128);
    record.key = args.text("key", 64);
    if ((record.basis == Basis::signed_by_publisher) == record.key.empty())
        args.refuse("key", "must be the signing key's fingerprint, and empty unless basis is signed");
    const auto at = time_from_text(args.text("enabled_at", 32));
    if (at) {
        record.enabled_at = *at;
    } else {
        args.refuse("enabled_at", "must be a time such as 2026-11-30T12:00:00Z");
    }
    const json& asked = args.object("asks");
    if (auto bad = args.finish(); !bad) return bad.failure();
    auto asks = read_asks(asked);
    if (!asks) return asks.failure();
    record.asks = std::move(*asks);
    return record;
}

}  // namespace

const char* to_text(Basis basis) {
    switch (basis) {
        case Basis::signed_by_publisher:
            return "signed";
        case Basis::packaged:
            return "packaged";
        case Basis::unsigned_file:
            break;
    }
    return "unsigned";
}

bool is_plugin_id(std::string_view id) {
    static const std::regex pattern{"[a-z][a-z0-9-]*(\\.[a-z0-9][a-z0-9-]*){1,9}"};
    return id.size() <= 128 && std::regex_match(id.begin(), id.end(), pattern);
}

std::string to_text(const Record& record) {
    const json object{{"record", kForm},
                      {"id", record.id},
                      {"version", record.version},
                      {"manifest_sha256", record.manifest_sha256},
                      {"sha256", record.sha256},
                      {"basis", to_text(record.basis)},
                      {"publisher", record.publisher},
                      {"key", record.key},
                      {"enabled_at", time_to_text(record.enabled_at)},
                      {"asks", record.asks}};
    return object.dump(2) + "\n";
}

Result<Record> parse_record(std::string_view text, const std::string& where) {
    const auto object = read_strict_json(text);
    auto record = object ? read_record(*object) : Result<Record>{object.failure()};
    if (record) return record;
    return invalid("bad_record",
                   where + ": " + record.failure().message + "; `blockhost plugin enable` writes it anew");
}

std::string record_path(const std::string& directory, const std::string& id) { return directory + "/" + id + ".json"; }

}  // namespace bh::trust
