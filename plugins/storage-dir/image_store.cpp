#include "plugins/storage-dir/image_store.hpp"

#include "plugins/storage-dir/copy.hpp"
#include "plugins/storage-dir/record.hpp"

#include "plugin-api/sdk/cpp/durable_file.hpp"

#include <algorithm>

namespace storage_dir {
namespace {

constexpr std::uint32_t kAskAgainMs = 500;

constexpr std::string_view kScheme = "sha256:";
constexpr mode_t kRecordMode = 0640;

// The hex digits of "sha256:<64 hex>", or nothing.
std::string hex_of(const std::string& digest) {
    const std::string hex = digest.starts_with(kScheme) ? digest.substr(kScheme.size()) : std::string{};
    const bool good = hex.size() == 64 &&
                      std::ranges::all_of(hex, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    return good ? hex : std::string{};
}

}  // namespace

bh::Result<std::optional<bh::Image>> ImageStore::find(const std::string& digest) const {
    const std::string hex = hex_of(digest);
    if (hex.empty())
        return bh::invalid("digest",
                           "\"" + digest + "\" is no sha256 digest: \"sha256:\" and 64 lower-case hex digits");
    auto text = bh::sdk::read_file(directory_ + "/" + hex + ".json");
    if (!text) return text.failure();
    if (!*text) return std::optional<bh::Image>{};
    auto image = bh::parse_image(**text);
    if (!image)
        return bh::Failure{BH_E_CORRUPT, "record",
                           directory_ + "/" + hex + ".json is damaged: " + image.failure().message};
    return std::optional{std::move(*image)};
}

// The copy is whole and its digest right: looks at what it is, and gives it its place.
bh::Result<bh::Image> ImageStore::adopt(const bh::Image& image, const std::string& hex, const std::string& copy) const {
    const auto info = qemu_img_.info(copy, image.format);
    if (!info) return info.failure();
    if (!info->backing.empty())
        return bh::invalid("image_backing",
                           image.path + " refers to another file (" + info->backing + "): an image must be whole");
    bh::Image imported = image;
    imported.path = directory_ + "/" + hex + ".img";
    imported.size_bytes = info->virtual_size;
    if (::rename(copy.c_str(), imported.path.c_str()) != 0) return bh::sdk::file_failure("rename", copy);
    // The record last: what has one is complete.
    if (auto saved = bh::sdk::write_durably(directory_, hex + ".json", bh::to_json(imported), kRecordMode); !saved)
        return saved.failure();
    return imported;
}

bh::Result<std::optional<bh::Image>> ImageStore::in_pool(const bh::Image& image) const {
    const auto known = find(image.digest);
    if (!known) return known.failure();
    if (!*known || ::access((*known)->path.c_str(), F_OK) != 0) return std::optional<bh::Image>{};
    bh::Image same = image;
    same.path = (*known)->path;
    same.format = (*known)->format;
    same.size_bytes = (*known)->size_bytes;
    return std::optional{std::move(same)};
}

bh::Result<bh::Image> ImageStore::import(const bh::sdk::Call& call, const bh::Image& image) const {
    if (const auto there = in_pool(image); !there || *there) return there ? bh::Result{**there} : there.failure();
    // Orders that come together ask for one image under one op_id: the later ones wait until the first has made it.
    const std::unique_lock lock{*importing_, std::try_to_lock};
    if (!lock.owns_lock()) return bh::sdk::pending(kAskAgainMs, "another image is being copied into the pool");
    if (const auto there = in_pool(image); !there || *there) return there ? bh::Result{**there} : there.failure();
    if (image.format != "raw" && image.format != "qcow2")
        return bh::invalid("image_format", "the image's format must be raw or qcow2");
    if (!is_op_id(call.op_id())) return bh::invalid("op_id", "the op_id must be of [a-z0-9-]{1,64}");
    const std::string hex = hex_of(image.digest), copy = directory_ + "/.import-" + call.op_id();
    const auto digest = copy_with_digest(call, image.path, copy);
    if (!digest) return digest.failure();
    auto imported =
        *digest == hex
            ? adopt(image, hex, copy)
            : bh::Result<bh::Image>{bh::invalid("digest_differs", image.path + " has the digest sha256:" + *digest +
                                                                      ", not the recorded one: build the image again")};
    if (!imported) ::unlink(copy.c_str());
    return imported;
}

}  // namespace storage_dir
