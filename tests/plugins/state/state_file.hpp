// One JSON file that outlives whoever uses it: read, changed and replaced under a lock. It survives SIGKILL at any
// point: the old text or the new one is there, never half of it. It is not synced, so a power cut may lose it.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <functional>
#include <string>

namespace bh::mem {

class StateFile {
public:
    explicit StateFile(std::string path) : path_{std::move(path)} {}

    // Calls body(text), which may change it; the text is "" while there is no file. Blocks while another process or
    // thread is inside. The file is replaced if the text changed.
    Status edit(const std::function<Status(std::string& text)>& body) const;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    std::string path_;
};

}  // namespace bh::mem
