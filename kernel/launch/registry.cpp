#include "kernel/launch/registry.hpp"

#include "plugin-api/documents/strict_json.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace bh::launch {
namespace {

namespace fs = std::filesystem;

Failure broken(const std::string& path, const std::string& why) {
    return {BH_E_CORRUPT, "launcher_state", path + ": " + why + "; look at the file, or remove it if its unit is gone"};
}

Failure cannot(const std::string& path, const char* what) {
    return {errno == ENOSPC ? BH_E_EXHAUSTED : BH_E_UNAVAILABLE, "launcher_state",
            std::string{"cannot "} + what + " " + path + ": " + std::strerror(errno)};
}

Result<UnitRecord> parse(const std::string& path, const std::string& text) {
    auto json = read_strict_json(text);
    if (!json) return broken(path, json.failure().message);
    const auto member = [&](const char* name) {
        const auto it = json->find(name);
        return it != json->end() && it->is_string() ? it->get<std::string>() : std::string{};
    };
    UnitRecord record{member("instance"), member("unit"), member("owner"), 0, member("limits"), member("spec")};
    const auto uid = json->find("uid");
    if (record.unit.empty() || record.owner.empty() || uid == json->end() || !uid->is_number_unsigned()) {
        return broken(path, "is incomplete");
    }
    record.uid = uid->get<uid_t>();
    return record;
}

bool write_durably(int directory, const std::string& name, const std::string& text) {
    const Fd fd{::openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!fd.valid()) return false;
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t count = ::write(fd.get(), text.data() + done, text.size() - done);
        if (count < 0) return false;
        done += static_cast<std::size_t>(count);
    }
    return ::fsync(fd.get()) == 0;
}

}  // namespace

Result<Registry> Registry::open(const std::string& directory) {
    struct stat now{};
    if (::stat(directory.c_str(), &now) != 0 || !S_ISDIR(now.st_mode)) {
        return invalid("state", "state: " + directory + " is no directory: make it, owned by root, mode 0700");
    }
    if (now.st_uid != ::geteuid() || (now.st_mode & 077) != 0) {
        return invalid("state",
                       "state: " + directory + " must belong to the launcher's user alone: chown root, chmod 0700");
    }
    return Registry{directory};
}

Result<Fd> Registry::instance_directory(const std::string& instance) const {
    const std::string path = directory_ + "/" + instance;
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return cannot(path, "make");
    Fd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!fd.valid()) return cannot(path, "open");
    return fd;
}

Result<std::optional<UnitRecord>> Registry::find(const std::string& instance, const std::string& unit) const {
    const std::string path = directory_ + "/" + instance + "/" + unit + ".json";
    std::ifstream file{path, std::ios::binary};
    if (!file) return std::optional<UnitRecord>{};
    std::ostringstream text;
    text << file.rdbuf();
    auto record = parse(path, text.str());
    if (!record) return record.failure();
    return std::optional{std::move(*record)};
}

Status Registry::save(const UnitRecord& record) const {
    auto directory = instance_directory(record.instance);
    if (!directory) return directory.failure();
    const std::string name = record.unit + ".json", fresh = name + ".new";
    const nlohmann::json json = {{"instance", record.instance}, {"unit", record.unit},     {"owner", record.owner},
                                 {"uid", record.uid},           {"limits", record.limits}, {"spec", record.spec}};
    const int at = directory->get();
    if (!write_durably(at, fresh, json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) ||
        ::renameat(at, fresh.c_str(), at, name.c_str()) != 0 || ::fsync(at) != 0) {
        auto failure = cannot(directory_ + "/" + record.instance + "/" + name, "write");
        ::unlinkat(at, fresh.c_str(), 0);
        return failure;
    }
    return {};
}

void Registry::remove(const UnitRecord& record) const {
    const std::string stem = directory_ + "/" + record.instance + "/" + record.unit;
    // The record last: as long as it stands, its uid is taken.
    for (const char* end : {".run", ".run.new", ".err", ".lock", ".json"}) ::unlink((stem + end).c_str());
}

Result<std::vector<UnitRecord>> Registry::all() const {
    std::vector<UnitRecord> records;
    std::error_code error;
    for (const auto& instance : fs::directory_iterator{directory_, error}) {
        if (!instance.is_directory()) continue;
        const std::string name = instance.path().filename();
        auto units = names(name, "", SIZE_MAX);
        if (!units) return units.failure();
        for (const auto& unit : *units) {
            auto record = find(name, unit);
            if (!record) return record.failure();
            if (*record) records.push_back(std::move(**record));
        }
    }
    if (error) return broken(directory_, error.message());
    return records;
}

Result<std::vector<std::string>> Registry::names(const std::string& instance, const std::string& after,
                                                 std::size_t count) const {
    std::vector<std::string> names;
    std::error_code error;
    const fs::path directory = directory_ + "/" + instance;
    if (!fs::exists(directory, error)) return names;
    for (const auto& entry : fs::directory_iterator{directory, error}) {
        if (entry.path().extension() != ".json") continue;
        std::string name = entry.path().stem();
        if (name > after) names.push_back(std::move(name));
    }
    if (error) return broken(directory, error.message());
    std::ranges::sort(names);
    if (names.size() > count) names.resize(count);
    return names;
}

}  // namespace bh::launch
