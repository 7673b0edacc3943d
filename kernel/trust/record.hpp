// What the operator said yes to: plugins.d/ID.json, written by `blockhost plugin enable`, read by the daemon at each
// start. The file's form is in README.md. Plain values; any thread.
#pragma once

#include "kernel/trust/asks.hpp"
#include "plugin-api/documents/common.hpp"
#include "plugin-api/documents/result.hpp"

#include <sys/types.h>

#include <string>
#include <vector>

namespace bh::trust {

// Why a plugin may be loaded.
enum class Basis : std::uint8_t {
    signed_by_publisher,  // by a key that the operator trusts
    packaged,             // its manifest is one of those that came with BlockHost's own package
    unsigned_file,        // the operator said so in spite of everything
};
const char* to_text(Basis basis);  // "signed", "packaged", "unsigned"

struct Record {
    std::string id, version;
    std::string manifest_sha256, sha256;  // of plugin.json and of the library, 64 lower-case hex digits
    Basis basis = Basis::unsigned_file;
    std::string publisher, key;  // of a signed one: principal and "SHA256:..."
    UnixTime enabled_at;
    Asks asks;  // as they were shown
};

// A reverse-DNS name as manifests have it: never a path.
bool is_plugin_id(std::string_view id);

std::string to_text(const Record& record);
// Errors name `where`, the key and what it must be.
Result<Record> parse_record(std::string_view text, const std::string& where);

std::string record_path(const std::string& directory, const std::string& id);

}  // namespace bh::trust
