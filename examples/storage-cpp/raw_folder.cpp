// A storage in C++ with the SDK: volumes are sparse raw files in a directory. README.md walks through it.
//
//     PATH/volumes/OP_ID.raw    the volume
//     PATH/volumes/OP_ID.json   {"spec": ..., "volume": ...}; written last, so what it tells of is whole
//     PATH/images/HEX.raw       an image, by its SHA-256; renamed into place when its digest was found right
#include "plugin-api/documents/fields/storage.hpp"
#include "plugin-api/sdk/cpp/durable_file.hpp"
#include "plugin-api/sdk/cpp/launch.hpp"
#include "plugin-api/sdk/cpp/plugin.hpp"

#include <filesystem>
#include <mutex>

namespace {

using namespace bh;
namespace fs = std::filesystem;

struct Config {
    std::string path;
};
template <class F>
void fields(F& f, bh::Is<Config> auto& x) {
    f.required("path", x.path, "Directory of the volumes.");
}

struct Record {
    VolumeSpec spec;  // another one under the same op_id is a conflict
    Volume volume;
};
template <class F>
void fields(F& f, bh::Is<Record> auto& x) {
    f.required("spec", x.spec, "");
    f.required("volume", x.volume, "");
}

// Only what an op_id can be becomes a file's name.
bool is_op_id(std::string_view id) {
    return !id.empty() && id.size() <= 64 &&
           id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

Failure failed(const std::string& what, const std::error_code& error) {
    const bool full = error == std::errc::no_space_on_device;
    return {full ? BH_E_EXHAUSTED : BH_E_UNAVAILABLE, full ? "disk_full" : "file", what + ": " + error.message()};
}

// Makes the bytes of a file durable.
Status sync_file(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool good = fd >= 0 && ::fsync(fd) == 0;
    const Failure failure = sdk::file_failure("sync", path);
    if (fd >= 0) ::close(fd);
    return good ? Status{} : Status{failure};
}

class RawFolder {
public:
    static constexpr std::string_view kId = "org.example.raw-folder";
    static constexpr std::string_view kVersion = "1.0.0";

    static Result<std::unique_ptr<RawFolder>> create(const sdk::Kernel& kernel, std::string_view text) {
        const auto config = read_document<Config>(text);
        if (!config) return config.failure();
        std::error_code error;
        for (const char* folder : {"/volumes", "/images"}) {
            fs::create_directories(config->path + folder, error);
            if (error) return failed("/path: " + config->path + folder + " can't be made", error);
        }
        return std::make_unique<RawFolder>(kernel, config->path);
    }
    RawFolder(const sdk::Kernel& kernel, std::string path) : kernel_{kernel}, root_{std::move(path)} {}

    Result<StorageDescription> describe() { return StorageDescription{{"file"}, {"grow", "clone"}}; }
    Result<std::string> health() { return std::string{"ready"}; }

    Result<std::vector<Pool>> pools() {
        std::error_code error;
        const auto space = fs::space(root_, error);
        if (error) return failed(root_, error);
        return std::vector<Pool>{{"folder", root_, space.capacity, space.available, false, ""}};
    }

    Result<Image> image_import(const sdk::Call& call, const Image& image) {
        const std::string hex = hex_of(image.digest);
        if (hex.empty()) return invalid("digest", "/digest: must be sha256: and 64 hex digits");
        if (image.format != "raw") return Failure{BH_E_UNSUPPORTED, "format", "this storage takes raw images only"};
        const std::scoped_lock lock{mutex_};
        Image kept = image;
        kept.path = image_file(hex);
        if (fs::exists(kept.path)) return kept;
        if (const auto stop = call.stop()) return *stop;
        const std::string fresh = root_ + "/images/." + hex + ".new";
        std::error_code error;
        fs::copy_file(image.path, fresh, fs::copy_options::overwrite_existing, error);
        if (error) return failed("the image can't be copied", error);
        const auto digest = sha256_of(fresh);
        if (!digest) return digest.failure();
        if (*digest != hex) {
            fs::remove(fresh, error);
            return invalid("digest", "/digest: the file of " + image.name + " has another SHA-256");
        }
        if (auto moved = move_durably(fresh, kept.path, root_ + "/images"); !moved) return moved.failure();
        kernel_.log().info("imported the image " + image.name);
        return kept;
    }

    Result<Volume> volume_create(const sdk::Call& call, const VolumeSpec& spec) {
        const std::string hex = hex_of(spec.image_digest);
        if (hex.empty() && !spec.image_digest.empty())
            return invalid("digest", "/image_digest: must be sha256: and 64 hex digits");
        const std::scoped_lock lock{mutex_};
        // First of all, at every attempt: is it there already?
        const auto known = record(call.op_id());
        if (!known) return known.failure();
        if (*known) {
            if ((*known)->spec == spec) return (*known)->volume;
            return Failure{BH_E_CONFLICT, "other_spec", "this op_id has a volume of another specification"};
        }
        if (!hex.empty() && !fs::exists(image_file(hex)))
            return Failure{BH_E_NOT_FOUND, "image_missing", "the image is not imported: import it first"};
        if (const auto stop = call.stop()) {
            // What an earlier attempt may have left without a record; after a shutdown the work goes on with it.
            std::error_code error;
            if (stop->code != BH_E_INTERRUPTED) fs::remove(disk(call.op_id()), error);
            return *stop;
        }
        if (auto made = make_disk(call.op_id(), hex, spec.size_bytes); !made) return made.failure();
        Volume volume;
        volume.volume = volume.created_by = call.op_id();
        volume.instance = kernel_.instance();
        volume.kind = "file";
        volume.path = disk(call.op_id());
        volume.format = "raw";
        volume.size_bytes = spec.size_bytes;
        volume.tags = spec.tags;
        if (auto kept = keep({spec, volume}); !kept) return kept.failure();
        return volume;
    }

    Status volume_resize(const sdk::Call&, const std::string& id, std::uint64_t size_bytes) {
        const std::scoped_lock lock{mutex_};
        auto known = record(id);
        if (!known) return known.failure();
        if (!*known) return Failure{BH_E_NOT_FOUND, "no_volume", "there is no volume of that id"};
        if ((*known)->volume.size_bytes >= size_bytes) return {};
        std::error_code error;
        fs::resize_file(disk(id), size_bytes, error);
        if (error) return failed("the volume can't grow", error);
        if (auto synced = sync_file(disk(id)); !synced) return synced;
        (*known)->volume.size_bytes = size_bytes;
        return keep(**known);
    }

    // The record goes last: while it is there, the kernel knows that something is left to delete.
    Status volume_delete(const sdk::Call&, const std::string& id) {
        const std::scoped_lock lock{mutex_};
        const auto known = record(id);
        if (!known) return known.failure();
        if (!*known) return {};  // no id of ours, or gone already
        std::error_code error;
        for (const std::string& path : {disk(id), record_file(id)}) {
            fs::remove(path, error);
            if (error) return failed(path + " can't be removed", error);
        }
        return sdk::sync_directory(root_ + "/volumes");
    }

    // One page holds all.
    Result<VolumePage> volume_list(std::string_view page) {
        if (!page.empty()) return invalid("bad_page", "there is one page only: its token is empty");
        VolumePage all;
        std::error_code error;
        for (fs::directory_iterator it{root_ + "/volumes", error}, end; !error && it != end; it.increment(error)) {
            if (it->path().extension() != ".json") continue;
            const auto known = record(it->path().stem().string());
            if (!known) return known.failure();
            if (*known) all.volumes.push_back((*known)->volume);
        }
        if (error) return failed(root_ + "/volumes can't be listed", error);
        return all;
    }

private:
    // "" when it is no digest.
    static std::string hex_of(const std::string& digest) {
        const bool good = digest.size() == 71 && digest.starts_with("sha256:") &&
                          digest.find_first_not_of("0123456789abcdef", 7) == std::string::npos;
        return good ? digest.substr(7) : std::string{};
    }
    [[nodiscard]] std::string disk(const std::string& id) const { return root_ + "/volumes/" + id + ".raw"; }
    [[nodiscard]] std::string record_file(const std::string& id) const { return root_ + "/volumes/" + id + ".json"; }
    [[nodiscard]] std::string image_file(const std::string& hex) const { return root_ + "/images/" + hex + ".raw"; }

    [[nodiscard]] Result<std::optional<Record>> record(const std::string& id) const {
        if (!is_op_id(id)) return std::optional<Record>{};
        const auto text = sdk::read_file(record_file(id));
        if (!text) return text.failure();
        if (!*text) return std::optional<Record>{};
        auto read = read_document<Record>(**text);
        if (!read) return Failure{BH_E_CORRUPT, "record", "the record of the volume " + id + " is damaged"};
        return std::optional<Record>{std::move(*read)};
    }
    [[nodiscard]] Status keep(const Record& record) const {
        return sdk::write_durably(root_ + "/volumes", record.volume.volume + ".json", write_document(record), 0644);
    }

    static Status move_durably(const std::string& from, const std::string& to, const std::string& folder) {
        if (auto synced = sync_file(from); !synced) return synced;
        std::error_code error;
        fs::rename(from, to, error);
        if (error) return failed(to + " can't be put there", error);
        return sdk::sync_directory(folder);
    }

    // The file under its final name, whole: an attempt that was killed left it under another name, or left it there,
    // where nobody uses it before its record is written.
    [[nodiscard]] Status make_disk(const std::string& id, const std::string& hex, std::uint64_t size_bytes) const {
        const std::string fresh = root_ + "/volumes/." + id + ".raw.new";
        std::error_code error;
        fs::remove(fresh, error);
        if (!hex.empty()) {
            fs::copy_file(image_file(hex), fresh, error);
            if (!error && fs::file_size(fresh, error) > size_bytes) {
                fs::remove(fresh, error);
                return invalid("size_bytes", "/size_bytes: is less than the image has");
            }
        } else {
            const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0660);
            if (fd < 0) return sdk::file_failure("make", fresh);
            ::close(fd);
        }
        if (!error) fs::resize_file(fresh, size_bytes, error);
        if (error) return failed(fresh + " can't be made", error);
        return move_durably(fresh, disk(id), root_ + "/volumes");
    }

    // A plugin starts no program by itself; the launcher does, as plugin.json says.
    [[nodiscard]] Result<std::string> sha256_of(const std::string& path) const {
        RunRequest request;
        request.program = "sha256sum";
        request.args = {"--binary", "--zero", path};
        const auto ran = kernel_.launch().run(request, 0);
        if (!ran) return ran.failure();
        if (ran->exit_code != 0 || ran->output.size() < 64)
            return Failure{BH_E_UNAVAILABLE, "sha256sum", "sha256sum can't read the image"};
        return std::string{ran->output.begin(), ran->output.begin() + 64};
    }

    sdk::Kernel kernel_;
    std::string root_;
    std::mutex mutex_;  // a volume is looked for and made by one verb at a time
};

}  // namespace

BH_PLUGIN(RawFolder)
