#include "plugin-api/host/library.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/shared_library.hpp>

#include <memory>
#include <mutex>
#include <vector>

namespace bh::host {
namespace {

constexpr const char* kEntry = "bh_plugin_entry_v0";

// Keeps the handle for the rest of the process, whose own table of libraries is process-wide, too.
void keep(std::unique_ptr<boost::dll::shared_library> library) {
    static std::mutex mutex;
    static auto* kept = new std::vector<std::unique_ptr<boost::dll::shared_library>>;
    const std::lock_guard lock{mutex};
    kept->push_back(std::move(library));
}

}  // namespace

Result<Entry> map_library(const std::string& path) {
    using Mode = boost::dll::load_mode::type;
    auto library = std::make_unique<boost::dll::shared_library>();
    boost::dll::fs::error_code error;
    try {
        library->load(path, error, static_cast<Mode>(Mode::rtld_now | Mode::rtld_local));
    } catch (const std::exception& thrown) {
        return invalid("not_loadable", std::string{"the dynamic loader refuses it: "} + thrown.what());
    }
    if (error || !library->is_loaded())
        return invalid("not_loadable", "the dynamic loader refuses it: " + error.message() +
                                           "; a library that it needs may be missing (see ldd)");
    auto& held = *library;
    keep(std::move(library));
    if (!held.has(kEntry)) return invalid("no_entry", std::string{"it has no "} + kEntry);
    return Entry{reinterpret_cast<Entry>(&held.get<const bh_plugin*(const bh_entry_args*, bh_error*)>(kEntry))};
}

}  // namespace bh::host
