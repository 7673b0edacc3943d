// Which plugins may be loaded, and on whose word (PLUGIN-ABI.md D9). Three directories: the plugins as they are
// installed, the operator's records of those that he enabled, and the keys of publishers that he trusts. Nothing of a
// plugin runs here. Any thread.
#pragma once

#include "kernel/trust/record.hpp"
#include "plugin-api/host/manifest.hpp"

#include <optional>
#include <string>
#include <vector>

namespace bh::trust {

struct Places {
    std::string
        plugins;  // a folder per id; beside them SHA256SUMS, of the manifests that came with BlockHost's package
    std::string records;  // ID.json
    std::string keys;     // *.signers: ALLOWED SIGNERS of ssh-keygen(1); revoked_keys: as for its option -r
    uid_t owner = 0;      // whose records, keys and sums count
};

// Where a host has them: the keys in trust/ beside kernel.yaml. `records`: "" for plugins.d/ beside it.
Places places_of(const std::string& kernel_yaml, const std::string& records, const std::string& plugins);

// An installed plugin as it is now.
struct Found {
    host::Manifest manifest;
    Record record;  // what enabling it now would say
};

class Trust {
public:
    explicit Trust(Places places) : places_{std::move(places)} {}

    [[nodiscard]] const Places& places() const noexcept { return places_; }
    [[nodiscard]] std::string home(const std::string& id) const { return places_.plugins + "/" + id; }

    // Looks at everything that decides whether it may be loaded, as the daemon will: manifest, signature, file,
    // symbols. Each failure names step, file and remedy.
    [[nodiscard]] Result<Found> look(const std::string& id) const;

    // What was enabled; nothing when it was not.
    [[nodiscard]] Result<std::optional<Record>> record(const std::string& id) const;
    [[nodiscard]] Status enable(const Record& record) const;
    [[nodiscard]] Status disable(const std::string& id) const;

    // May the daemon load it? Its record, which its manifest and its signature, if it has one, still agree with. The
    // caller loads what has the record's two hashes and nothing else. Each failure names step, file and remedy.
    [[nodiscard]] Result<Record> admit(const std::string& id) const;

    // Ids of what is installed, in order; BH_E_NOT_FOUND when there is no such directory.
    [[nodiscard]] Result<std::vector<std::string>> installed() const;
    // Ids that have a record, in order.
    [[nodiscard]] Result<std::vector<std::string>> enabled() const;

private:
    struct Word;  // basis, publisher, key
    [[nodiscard]] Result<Word> word_for(const std::string& id, const std::string& manifest) const;
    [[nodiscard]] Result<bool> is_packaged(const std::string& id, const std::string& sha256) const;

    Places places_;
};

// What stands as a warning as long as the plugin is enabled; "" for none.
std::string standing_warning(const Record& record);

}  // namespace bh::trust
