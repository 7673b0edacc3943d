#include "kernel/trust/trust.hpp"

#include "kernel/trust/root_file.hpp"
#include "kernel/trust/signature.hpp"
#include "plugin-api/crypto/bytes.hpp"
#include "plugin-api/crypto/digest.hpp"
#include "plugin-api/host/loader.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace bh::trust {

struct Trust::Word {
    Basis basis = Basis::unsigned_file;
    std::string publisher, key;
};

namespace {

constexpr const char* kKernelVersion = "0.1.0";
constexpr std::size_t kMaxSignature = 16384;

// "loading plugin ID, step STEP, FILE: what is wrong; remedy", as the loader says it.
Failure at_step(const std::string& id, const char* step, const std::string& file, Failure failure) {
    failure.message = "loading plugin " + id + ", step " + step + ", " + file + ": " + failure.message;
    return failure;
}

Failure denied(const char* reason, const std::string& message) { return {BH_E_DENIED, reason, message}; }

Failure no_id() { return invalid("bad_id", "a plugin's id is a reverse-DNS name such as org.example.thing"); }

std::string sha256(const std::string& text) { return crypto::hex(crypto::sha256(crypto::bytes_of(text))); }

std::string again(const std::string& id) {
    return "if you updated the plugin on purpose, `blockhost plugin enable " + id +
           "` shows what changed, else install it again";
}

// Names of the files of `directory` that end in `extension`, without it, in order.
Result<std::vector<std::string>> names_in(const std::string& directory, const std::string& extension) {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator it{directory, error}, end; !error && it != end; it.increment(error)) {
        if (it->path().extension() == extension) names.push_back(it->path().stem().string());
    }
    if (error && error != std::errc::no_such_file_or_directory)
        return Failure{BH_E_UNAVAILABLE, "no_directory", "cannot list " + directory + ": " + error.message()};
    std::sort(names.begin(), names.end());
    return names;
}

// The keys that the operator trusts; none at all is what a new host has.
Result<TrustedKeys> read_keys(const Places& places) {
    TrustedKeys keys{{}, {}, places.keys};
    if (auto good = check_private_directory(places.keys, places.owner); !good) {
        if (good.failure().code == BH_E_NOT_FOUND) return keys;
        return good.failure();
    }
    const auto names = names_in(places.keys, ".signers");
    if (!names) return names.failure();
    for (const auto& name : *names) {
        const auto text = read_private(places.keys + "/" + name + ".signers", places.owner);
        if (!text) return text.failure();
        keys.signers += *text + "\n";
    }
    auto revoked = read_private(places.keys + "/revoked_keys", places.owner);
    if (!revoked && revoked.failure().code != BH_E_NOT_FOUND) return revoked.failure();
    if (revoked) keys.revoked = std::move(*revoked);
    return keys;
}

// The text of a signature file; nothing when there is none.
Result<std::optional<std::string>> read_signature(const std::string& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found) return std::optional<std::string>{};
    std::ifstream file;
    if (status.type() == std::filesystem::file_type::regular) file.open(path, std::ios::binary);
    if (!file.is_open())
        return invalid("bad_signature", "it can't be read; install the plugin from its publisher again");
    std::string text(kMaxSignature + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > kMaxSignature)
        return denied("bad_signature", "it is too large for a signature; install the plugin from its publisher again");
    return std::optional<std::string>{std::move(text)};
}

UnixTime now() {
    return {
        std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count()};
}

}  // namespace

Places places_of(const std::string& kernel_yaml, const std::string& records, const std::string& plugins) {
    const auto beside = std::filesystem::path{kernel_yaml}.parent_path();
    return {plugins, records.empty() ? (beside / "plugins.d").string() : records, (beside / "trust").string(), 0};
}

// SHA256SUMS as sha256sum(1) writes it: "HASH  ID/plugin.json".
Result<bool> Trust::is_packaged(const std::string& id, const std::string& sha256) const {
    const auto sums = read_private(places_.plugins + "/SHA256SUMS", places_.owner);
    if (!sums && sums.failure().code == BH_E_NOT_FOUND) return false;
    if (!sums) return sums.failure();
    std::istringstream lines{*sums};
    for (std::string line; std::getline(lines, line);)
        if (line == sha256 + "  " + id + "/plugin.json") return true;
    return false;
}

// On whose word this manifest is what it is. A signature that is there must be good, whatever else would do.
Result<Trust::Word> Trust::word_for(const std::string& id, const std::string& manifest) const {
    const std::string path = home(id) + "/plugin.json.sig";
    const auto signature = read_signature(path);
    if (!signature) return at_step(id, "signature", path, signature.failure());
    if (!*signature) {
        const auto packaged = is_packaged(id, sha256(manifest));
        if (!packaged) return at_step(id, "signature", places_.plugins + "/SHA256SUMS", packaged.failure());
        return Word{*packaged ? Basis::packaged : Basis::unsigned_file, {}, {}};
    }
    const auto keys = read_keys(places_);
    if (!keys) return at_step(id, "signature", path, keys.failure());
    auto signer = verify_signature(manifest, **signature, *keys);
    if (!signer) return at_step(id, "signature", path, signer.failure());
    return Word{Basis::signed_by_publisher, std::move(signer->publisher), std::move(signer->key)};
}

Result<Found> Trust::look(const std::string& id) const {
    if (!is_plugin_id(id)) return no_id();
    const std::string path = home(id) + "/plugin.json";
    if (!std::filesystem::exists(home(id)))
        return Failure{BH_E_NOT_FOUND, "no_plugin", "there is no plugin " + id + " in " + places_.plugins};
    const auto text = host::read_manifest_text(path);
    if (!text) return at_step(id, "manifest", path, text.failure());
    auto manifest = host::parse_manifest(*text, path);
    if (!manifest) return at_step(id, "manifest", path, manifest.failure());
    auto asks = asks_of(*manifest);
    if (!asks) return at_step(id, "manifest", path, asks.failure());
    const auto word = word_for(id, *text);
    if (!word) return word.failure();
    // The manifest's own hash stands for the pin: the operator is about to say whether it is one.
    host::LoadRequest request;
    request.directory = home(id);
    request.id = id;
    request.sha256 = manifest->sha256;
    request.manifest_sha256 = sha256(*text);
    request.kernel_version = kKernelVersion;
    request.worker = manifest->isolation != "inprocess";
    if (const auto checked = host::check(request); !checked) return checked.failure();
    Record record;
    record.id = id;
    record.version = manifest->version;
    record.manifest_sha256 = request.manifest_sha256;
    record.sha256 = manifest->sha256;
    record.basis = word->basis;
    record.publisher = word->publisher;
    record.key = word->key;
    record.enabled_at = now();
    record.asks = std::move(*asks);
    return Found{std::move(*manifest), std::move(record)};
}

Result<std::optional<Record>> Trust::record(const std::string& id) const {
    if (!is_plugin_id(id)) return no_id();
    const std::string path = record_path(places_.records, id);
    const auto text = read_private(path, places_.owner);
    if (!text && text.failure().code == BH_E_NOT_FOUND) return std::optional<Record>{};
    if (!text) return text.failure();
    auto record = parse_record(*text, path);
    if (!record) return record.failure();
    if (record->id != id)
        return invalid("bad_record",
                       path + ": \"id\" is " + record->id + "; `blockhost plugin enable " + id + "` writes it anew");
    return std::optional<Record>{std::move(*record)};
}

Status Trust::enable(const Record& record) const {
    if (!is_plugin_id(record.id)) return no_id();
    if (auto good = check_private_directory(places_.records, places_.owner); !good) return good;
    return write_private(record_path(places_.records, record.id), to_text(record));
}

Status Trust::disable(const std::string& id) const {
    const auto known = record(id);
    // A record that can't be read is none that lets anything be loaded: it may go.
    if (known && !*known) return Failure{BH_E_NOT_FOUND, "not_enabled", "the plugin " + id + " is not enabled"};
    if (!known && known.failure().reason == "bad_id") return known.failure();
    return remove_private(record_path(places_.records, id));
}

Result<Record> Trust::admit(const std::string& id) const {
    if (!is_plugin_id(id)) return no_id();
    const auto known = record(id);
    const std::string path = record_path(places_.records, id);
    if (!known) return at_step(id, "record", path, known.failure());
    if (!*known)
        return at_step(id, "record", path,
                       denied("not_enabled",
                              "there is no such file, because the plugin is not enabled; `blockhost plugin enable " +
                                  id + "` shows what it asks for"));
    const Record& pinned = **known;
    const std::string manifest_path = home(id) + "/plugin.json";
    const auto manifest = host::read_manifest_text(manifest_path);
    if (!manifest) return at_step(id, "manifest", manifest_path, manifest.failure());
    if (const auto hash = sha256(*manifest); hash != pinned.manifest_sha256)
        return at_step(id, "manifest", manifest_path,
                       denied("wrong_hash", "its SHA-256 is " + hash + ", you enabled one with " +
                                                pinned.manifest_sha256 + "; " + again(id)));
    const std::string signature_path = manifest_path + ".sig";
    const auto word = word_for(id, *manifest);
    if (!word) return word.failure();
    if (pinned.basis == Basis::signed_by_publisher && word->key != pinned.key)
        return at_step(id, "signature", signature_path,
                       denied("other_signer", "you enabled it as signed with the key " + pinned.key + ", now it is " +
                                                  (word->key.empty() ? "unsigned" : "signed with " + word->key) + "; " +
                                                  again(id)));
    return pinned;
}

Result<std::vector<std::string>> Trust::installed() const {
    std::vector<std::string> ids;
    std::error_code error;
    for (std::filesystem::directory_iterator it{places_.plugins, error}, end; !error && it != end;
         it.increment(error)) {
        const std::string name = it->path().filename().string();
        if (is_plugin_id(name) && std::filesystem::exists(it->path() / "plugin.json")) ids.push_back(name);
    }
    if (error)
        return Failure{BH_E_NOT_FOUND, "no_directory", "cannot list " + places_.plugins + ": " + error.message()};
    std::sort(ids.begin(), ids.end());
    return ids;
}

Result<std::vector<std::string>> Trust::enabled() const {
    auto names = names_in(places_.records, ".json");
    if (names) std::erase_if(*names, [](const std::string& name) { return !is_plugin_id(name); });
    return names;
}

std::string standing_warning(const Record& record) {
    if (record.basis != Basis::unsigned_file) return {};
    return "the plugin " + record.id +
           " is not signed: nobody answers for what it is; ask its publisher to sign it, then enable it again";
}

}  // namespace bh::trust
