// Files that nobody but their owner can have written: the operator's records and the keys that he trusts. In a running
// system the owner is root. No state; any thread.
#pragma once

#include "plugin-api/documents/result.hpp"

#include <sys/types.h>

#include <string>

namespace bh::trust {

inline constexpr std::size_t kMaxFileBytes = std::size_t{1} << 20;

// Good: it is a directory, and nobody but `owner` can add, replace or remove files in it. BH_E_NOT_FOUND
// "no_directory"; BH_E_DENIED "not_private" with the command that corrects it.
Status check_private_directory(const std::string& directory, uid_t owner);

// The whole text of a regular file of `owner` that nobody else can write, in such a directory; never through a link.
// BH_E_NOT_FOUND "no_file": there is none. BH_E_DENIED "not_private" with the command that corrects it.
Result<std::string> read_private(const std::string& path, uid_t owner);

// The new text or the old one, also after a power cut; mode 0644. BH_E_DENIED "not_writable" for who may not.
Status write_private(const std::string& path, const std::string& text);

// Durably gone, also when it was not there.
Status remove_private(const std::string& path);

}  // namespace bh::trust
