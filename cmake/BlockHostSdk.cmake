# What a plugin in C++ is built with. In a project of its own:
#
#     list(APPEND CMAKE_MODULE_PATH /usr/share/blockhost/sdk/cmake)      # or cmake/ of the source tree
#     include(BlockHostSdk)
#     blockhost_add_plugin(org.example.thing thing.cpp LIBS bh_sdk)
#
# Targets: bh_headers (the C headers), bh_json (nlohmann/json), bh_documents (the typed documents), bh_sdk (the SDK, headers only).
# Needs nlohmann_json 3.11 (Debian: nlohmann-json3-dev) and C++20.
cmake_path(SET BLOCKHOST_ROOT NORMALIZE ${CMAKE_CURRENT_LIST_DIR}/..)
set(BLOCKHOST_ROOT ${BLOCKHOST_ROOT})
find_package(nlohmann_json 3.11 REQUIRED)

add_library(bh_headers INTERFACE)
target_include_directories(bh_headers INTERFACE ${BLOCKHOST_ROOT}/plugin-api/include ${BLOCKHOST_ROOT})

set(documents ${BLOCKHOST_ROOT}/plugin-api/documents)
# One file of everything that nlohmann/json's users need; what a plugin or program does not use, its link leaves out.
add_library(bh_json STATIC ${documents}/json.cpp)
target_include_directories(bh_json PUBLIC ${BLOCKHOST_ROOT})
target_link_libraries(bh_json PUBLIC nlohmann_json::nlohmann_json)
target_compile_features(bh_json PUBLIC cxx_std_20)
target_compile_options(bh_json PRIVATE -ffunction-sections)
target_link_options(bh_json INTERFACE -Wl,--gc-sections)
add_library(bh_documents STATIC
    ${documents}/chain.cpp ${documents}/codec.cpp ${documents}/common.cpp ${documents}/contract.cpp ${documents}/hypervisor.cpp
    ${documents}/ipv6.cpp ${documents}/launch.cpp ${documents}/storage.cpp ${documents}/strict_json.cpp
    ${documents}/text.cpp)
target_link_libraries(bh_documents PUBLIC bh_headers bh_json)
target_compile_features(bh_documents PUBLIC cxx_std_20)
set_target_properties(bh_json bh_documents PROPERTIES POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

add_library(bh_sdk INTERFACE)
target_link_libraries(bh_sdk INTERFACE bh_documents)

include(${CMAKE_CURRENT_LIST_DIR}/BlockHostPlugin.cmake)
