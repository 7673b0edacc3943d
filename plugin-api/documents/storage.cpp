#include "plugin-api/documents/fields/storage.hpp"

namespace bh {

Result<StorageDescription> parse_storage_description(std::string_view json) {
    return read_document<StorageDescription>(json);
}
std::string to_json(const StorageDescription& value) { return write_document(value); }

Result<Image> parse_image(std::string_view json) { return read_document<Image>(json); }
std::string to_json(const Image& value) { return write_document(value); }

Result<VolumeSpec> parse_volume_spec(std::string_view json) { return read_document<VolumeSpec>(json); }
std::string to_json(const VolumeSpec& value) { return write_document(value); }

Result<Volume> parse_volume(std::string_view json) { return read_document<Volume>(json); }
std::string to_json(const Volume& value) { return write_document(value); }

Result<VolumePage> parse_volume_page(std::string_view json) { return read_document<VolumePage>(json); }
std::string to_json(const VolumePage& value) { return write_document(value); }

Result<std::vector<Pool>> parse_pools(std::string_view json) {
    Result<PoolList> list = read_document<PoolList>(json);
    if (!list) return list.failure();
    return std::move(list->pools);
}
std::string to_json(const std::vector<Pool>& pools) { return write_document(PoolList{pools}); }

}  // namespace bh
