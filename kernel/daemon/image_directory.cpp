#include "kernel/daemon/system_ports.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace bh::daemon {
namespace {

bool is_image_name(const std::string& name) {
    return !name.empty() && name.size() <= 64 && name[0] != '.' && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    });
}

class ImageDirectory final : public life::ImagePort {
public:
    explicit ImageDirectory(std::string directory) : directory_{std::move(directory)} {}

    Result<Image> find(const std::string& name) override {
        // The name comes from a plan on the chain: never a path.
        const std::string folder = directory_ + "/" + name;
        std::ifstream file{folder + "/image.json"};
        if (!is_image_name(name) || !file) {
            return Failure{BH_E_NOT_FOUND, "no_image",
                           "there is no image \"" + name.substr(0, 64) + "\" in " + directory_ +
                               ": build it with `blockhost image build`"};
        }
        std::ostringstream text;
        text << file.rdbuf();
        auto image = parse_image(text.str());
        if (!image) return image.failure().within(folder + "/image.json");
        for (std::string* path : {&image->path, &image->kernel, &image->initrd}) {
            if (!path->empty() && path->front() != '/') *path = folder + "/" + *path;
        }
        return image;
    }

private:
    std::string directory_;
};

}  // namespace

std::unique_ptr<life::ImagePort> make_image_directory(std::string directory) {
    return std::make_unique<ImageDirectory>(std::move(directory));
}

}  // namespace bh::daemon
