#include "plugins/hypervisor-qemu/seed.hpp"

#include "plugin-api/sdk/cpp/durable_file.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <memory>

namespace hypervisor_qemu {
namespace {

// The launcher gives it to the VM's user; nobody else needs to read it.
constexpr mode_t kMode = 0660;
constexpr const char* kOptions = "iso9660:volume-id=cidata,iso9660:joliet=1,iso9660:rockridge=useful";

using Writer = std::unique_ptr<archive, decltype(&archive_write_free)>;
using Entry = std::unique_ptr<archive_entry, decltype(&archive_entry_free)>;

bh::Failure failed(archive* from, const std::string& path) {
    const bool full = archive_errno(from) == ENOSPC;
    const char* text = archive_error_string(from);
    return {full ? BH_E_EXHAUSTED : BH_E_UNAVAILABLE, full ? "disk_full" : "seed",
            "cannot write " + path + ": " + (text != nullptr ? text : "unknown")};
}

bool add(archive* to, const char* name, const std::string& content) {
    const Entry entry{archive_entry_new(), &archive_entry_free};
    if (!entry) return false;
    archive_entry_set_pathname(entry.get(), name);
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0444);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
    archive_entry_set_mtime(entry.get(), 0, 0);
    return archive_write_header(to, entry.get()) == ARCHIVE_OK &&
           archive_write_data(to, content.data(), content.size()) == static_cast<la_ssize_t>(content.size());
}

}  // namespace

bh::Status write_seed(const std::string& path, const bh::FirstBoot& data) {
    const std::string fresh = path + ".new";
    ::unlink(fresh.c_str());
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kMode);
    if (fd < 0) return bh::sdk::file_failure("write", path);
    const Writer writer{archive_write_new(), &archive_write_free};
    const bool written =
        ::fchmod(fd, kMode) == 0 && writer && archive_write_set_format_iso9660(writer.get()) == ARCHIVE_OK &&
        archive_write_set_options(writer.get(), kOptions) == ARCHIVE_OK &&
        archive_write_open_fd(writer.get(), fd) == ARCHIVE_OK && add(writer.get(), "user-data", data.user_data) &&
        add(writer.get(), "meta-data", data.meta_data) && add(writer.get(), "network-config", data.network_config) &&
        archive_write_close(writer.get()) == ARCHIVE_OK;
    bh::Status status;
    if (!written) {
        status = failed(writer.get(), path);
    } else if (::fsync(fd) != 0 || ::rename(fresh.c_str(), path.c_str()) != 0) {
        status = bh::sdk::file_failure("write", path);
    }
    ::close(fd);
    if (!status) ::unlink(fresh.c_str());
    return status;
}

}  // namespace hypervisor_qemu
