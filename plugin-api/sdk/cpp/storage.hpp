// The kind storage. A plugin class has these members:
//
//     Result<StorageDescription> describe();     // or describe_storage(), in a class of several kinds
//     Result<std::vector<Pool>> pools();
//     Result<Image> image_import(const Call&, const Image&);
//     Result<Volume> volume_create(const Call&, const VolumeSpec&);
//     Status volume_resize(const Call&, const std::string& volume, std::uint64_t size_bytes);
//     Status volume_delete(const Call&, const std::string& volume);
//     Result<VolumePage> volume_list(std::string_view page);
#pragma once

#include "plugin-api/documents/storage.hpp"
#include "plugin-api/sdk/cpp/glue.hpp"

namespace bh::sdk {

template <class T>
concept HasStorage = requires { &T::volume_create; };

template <class T>
struct StorageGlue {
    static Result<std::string> id(bh_str volume) { return object_id(volume, parse_volume, &Volume::volume); }

    static bh_status describe(bh_instance* self, bh_sink out, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            if constexpr (requires { t.describe_storage(); }) {
                return print<StorageDescription>(out, t.describe_storage());
            } else {
                return print<StorageDescription>(out, t.describe());
            }
        });
    }
    static bh_status pools(bh_instance* self, bh_sink out, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) { return print<std::vector<Pool>>(out, t.pools()); });
    }
    static bh_status image_import(bh_instance* self, const bh_call* call, bh_str image, bh_sink out,
                                  bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("image", parse_image(view(image)),
                        [&](const Image& i) { return print<Image>(out, t.image_import(Call{*call}, i)); });
        });
    }
    static bh_status volume_create(bh_instance* self, const bh_call* call, bh_str spec, bh_sink out,
                                   bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("spec", parse_volume_spec(view(spec)),
                        [&](const VolumeSpec& s) { return print<Volume>(out, t.volume_create(Call{*call}, s)); });
        });
    }
    static bh_status volume_resize(bh_instance* self, const bh_call* call, bh_str volume, std::uint64_t size_bytes,
                                   bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("volume", id(volume),
                        [&](const std::string& v) -> Status { return t.volume_resize(Call{*call}, v, size_bytes); });
        });
    }
    static bh_status volume_delete(bh_instance* self, const bh_call* call, bh_str volume, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) {
            return with("volume", id(volume),
                        [&](const std::string& v) -> Status { return t.volume_delete(Call{*call}, v); });
        });
    }
    static bh_status volume_list(bh_instance* self, bh_str page, bh_sink out, bh_error* err) noexcept {
        return verb<T>(self, err, [&](T& t) { return print<VolumePage>(out, t.volume_list(view(page))); });
    }
    static constexpr bh_storage table{
        sizeof(bh_storage), 0, describe, pools, image_import, volume_create, volume_resize, volume_delete, volume_list};
};

}  // namespace bh::sdk
