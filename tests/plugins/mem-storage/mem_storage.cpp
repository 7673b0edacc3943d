// A storage whose volumes are rows in a file. It obeys the job rules of PLUGIN-ABI and runs full when told to.
#include "plugin-api/sdk/cpp/plugin.hpp"
#include "tests/plugins/mem-storage/state.hpp"

namespace bh::mem {
namespace {

std::uint64_t used(const StorageState& state) {
    std::uint64_t sum = 0;
    for (const StoredVolume& stored : state.volumes) sum += stored.volume.size_bytes;
    return sum;
}

Failure full() { return {BH_E_EXHAUSTED, "pool_full", "the pool has no room for the volume: add space"}; }

class MemStorage {
public:
    static constexpr std::string_view kId = "org.blockhost.mem-storage";
    static constexpr std::string_view kVersion = "0.1.0";

    static Result<std::unique_ptr<MemStorage>> create(const sdk::Kernel& kernel, std::string_view config) {
        Result<FileConfig> parsed = read_document<FileConfig>(config);
        if (!parsed) return parsed.failure();
        return std::make_unique<MemStorage>(kernel.instance(), parsed->state_file);
    }
    MemStorage(std::string instance, std::string file) : instance_{std::move(instance)}, backend_{std::move(file)} {}

    Result<StorageDescription> describe() { return StorageDescription{{"file"}, {"grow", "clone"}}; }
    Result<std::string> health() {
        return backend_.verb("health", nullptr,
                             [](StorageState&) -> Result<std::string> { return std::string{"ready"}; });
    }
    Result<std::vector<Pool>> pools() {
        return backend_.verb("pools", nullptr, [](StorageState& state) -> Result<std::vector<Pool>> {
            return std::vector<Pool>{
                {"mem", "/mem", state.capacity_bytes, state.capacity_bytes - used(state), false, ""}};
        });
    }
    Result<Image> image_import(const sdk::Call& call, const Image& image) {
        return backend_.verb("image_import", &call, [&](StorageState& state) -> Result<Image> {
            for (const Image& known : state.images)
                if (known.digest == image.digest) return known;
            state.images.push_back(image);
            return image;
        });
    }
    Result<Volume> volume_create(const sdk::Call& call, const VolumeSpec& spec) {
        const std::string id = "vol-" + call.op_id();
        const Status saved = call.save(id);
        if (!saved) return saved.failure();
        return backend_.verb("volume_create", &call, [&](StorageState& state) -> Result<Volume> {
            for (const StoredVolume& stored : state.volumes) {
                if (stored.volume.created_by != call.op_id()) continue;
                if (stored.spec == spec) return stored.volume;
                return Failure{BH_E_CONFLICT, "other_spec", "this op_id has a volume of another specification"};
            }
            const Image* image = nullptr;
            for (const Image& known : state.images)
                if (known.digest == spec.image_digest) image = &known;
            if (image == nullptr && !spec.image_digest.empty())
                return invalid("image_missing", "the image " + spec.image_digest + " is not imported: import it first");
            if (spec.size_bytes > state.capacity_bytes - used(state)) return full();
            Volume made{id,
                        call.op_id(),
                        instance_,
                        "file",
                        "/mem/volumes/" + call.op_id() + ".qcow2",
                        "qcow2",
                        image ? image->path : "",
                        spec.size_bytes,
                        spec.tags};
            state.volumes.push_back({made, spec});
            return made;
        });
    }
    Status volume_resize(const sdk::Call& call, const std::string& id, std::uint64_t size_bytes) {
        return backend_.verb("volume_resize", &call, [&](StorageState& state) -> Status {
            for (StoredVolume& stored : state.volumes) {
                if (stored.volume.volume != id) continue;
                if (size_bytes <= stored.volume.size_bytes) return {};
                if (size_bytes - stored.volume.size_bytes > state.capacity_bytes - used(state)) return full();
                stored.volume.size_bytes = size_bytes;
                return {};
            }
            return Failure{BH_E_NOT_FOUND, "no_volume", "there is no volume " + id};
        });
    }
    Status volume_delete(const sdk::Call& call, const std::string& id) {
        return backend_.verb("volume_delete", &call, [&](StorageState& state) -> Status {
            std::erase_if(state.volumes, [&](const StoredVolume& stored) { return stored.volume.volume == id; });
            return {};
        });
    }
    Result<VolumePage> volume_list(std::string_view page) {
        return backend_.verb("volume_list", nullptr, [&](StorageState& state) -> Result<VolumePage> {
            std::vector<Volume> all;
            for (const StoredVolume& stored : state.volumes) all.push_back(stored.volume);
            auto some = page_of(all, page);
            if (!some) return some.failure();
            return VolumePage{std::move(some->first), std::move(some->second)};
        });
    }

private:
    std::string instance_;
    StorageBackend backend_;
};

}  // namespace
}  // namespace bh::mem

BH_PLUGIN(bh::mem::MemStorage)
