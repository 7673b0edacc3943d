#include "plugins/storage-dir/qemu_img.hpp"

#include "plugin-api/documents/codec.hpp"

#include <chrono>

namespace storage_dir {
namespace {

constexpr auto kTime = std::chrono::seconds{60};
constexpr std::size_t kMaxSaid = 300;

// What `qemu-img info --output=json` prints, as far as it matters here.
struct FormatSpecific {
    struct Data {
        std::string data_file;
        bool operator==(const Data&) const = default;
    } data;
    bool operator==(const FormatSpecific&) const = default;
};

template <class F>
void fields(F& f, bh::Is<FormatSpecific::Data> auto& x) {
    f.optional("data-file", x.data_file, "");
}
template <class F>
void fields(F& f, bh::Is<FormatSpecific> auto& x) {
    f.optional("data", x.data, "");
}

struct Printed {
    std::uint64_t virtual_size = 0;
    std::string backing;
    FormatSpecific specific;
};

template <class F>
void fields(F& f, bh::Is<Printed> auto& x) {
    f.required("virtual-size", x.virtual_size, "");
    f.optional("backing-filename", x.backing, "");
    f.optional("format-specific", x.specific, "");
}

bh::Failure said(const std::string& words) {
    if (words.find("No space left on device") != std::string::npos ||
        words.find("Disk quota exceeded") != std::string::npos) {
        return {BH_E_EXHAUSTED, "disk_full", "the pool is full: " + words.substr(0, kMaxSaid)};
    }
    if (words.find("Failed to get \"write\" lock") != std::string::npos) {
        return {BH_E_BUSY, "volume_in_use", "the volume is in use: " + words.substr(0, kMaxSaid), 5000};
    }
    return {BH_E_UNAVAILABLE, "qemu_img", "qemu-img: " + words.substr(0, kMaxSaid)};
}

}  // namespace

bh::Result<std::string> QemuImg::run(std::vector<std::string> args) const {
    const auto deadline = std::chrono::steady_clock::now() + kTime;
    auto result =
        launch_.run({"qemu-img", std::move(args), {}}, static_cast<std::uint64_t>(deadline.time_since_epoch().count()));
    if (!result) return result.failure();
    if (result->exit_code != 0) return said({result->errors.begin(), result->errors.end()});
    return std::string{result->output.begin(), result->output.end()};
}

bh::Result<QemuImg::Info> QemuImg::info(const std::string& path, const std::string& format) const {
    const auto text = run({"info", "--output=json", "-f", format, path});
    if (!text) {
        const bool unreadable = text.failure().reason == "qemu_img";
        return unreadable ? bh::invalid("image_format", path + " is no " + format + " file: " + text.failure().message)
                          : text.failure();
    }
    const auto printed = bh::read_document<Printed>(*text);
    if (!printed)
        return bh::Failure{BH_E_UNAVAILABLE, "qemu_img",
                           "qemu-img info printed something else: " + printed.failure().message};
    const std::string& data_file = printed->specific.data.data_file;
    return Info{printed->virtual_size, printed->backing.empty() ? data_file : printed->backing};
}

bh::Status QemuImg::create(const std::string& path, const std::string& backing, const std::string& backing_format,
                           std::uint64_t size) const {
    std::vector<std::string> args = {"create", "-q", "-f", "qcow2"};
    if (!backing.empty()) args.insert(args.end(), {"-F", backing_format, "-b", backing});
    args.insert(args.end(), {path, std::to_string(size)});
    const auto done = run(std::move(args));
    if (!done) return done.failure();
    return {};
}

bh::Status QemuImg::grow(const std::string& path, std::uint64_t size) const {
    const auto done = run({"resize", "-q", "-f", "qcow2", path, std::to_string(size)});
    if (!done) return done.failure();
    return {};
}

}  // namespace storage_dir
