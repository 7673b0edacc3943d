#include "plugins/storage-dir/storage_dir.hpp"

#include "plugin-api/sdk/cpp/plugin.hpp"

BH_PLUGIN(storage_dir::StorageDir)
