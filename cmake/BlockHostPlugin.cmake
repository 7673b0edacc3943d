# blockhost_add_plugin(ID sources... LIBS libs...): a plugin as PLUGIN-ABI asks for it.
#
# Makes build/plugins/ID/{plugin.so, plugin.json}: hidden visibility, exactly one exported symbol, linked
# with -z defs -z now -z relro -z nodelete and --exclude-libs ALL. The manifest is plugin.json of the source
# folder with "file" and "sha256" filled in after the link; a folder check/ beside it is linked to. Registers the tests
# plugin-ID-linkage, which looks at what was linked, plugin-ID-load, which loads it as the kernel does (label abi), and
# where there is a check/ folder plugin-ID-check, the conformance test (label check). A plugin in C++ adds LIBS bh_sdk
# (plugin-api/sdk/cpp/plugin.hpp).
function(blockhost_add_plugin id)
    cmake_parse_arguments(ARG "" "MANIFEST" "LIBS" ${ARGN})
    if(NOT ARG_MANIFEST)
        set(ARG_MANIFEST ${CMAKE_CURRENT_SOURCE_DIR}/plugin.json)
    endif()
    set(out ${CMAKE_BINARY_DIR}/plugins/${id})
    add_library(plugin-${id} MODULE ${ARG_UNPARSED_ARGUMENTS})
    target_include_directories(plugin-${id} PRIVATE ${BLOCKHOST_ROOT} ${BLOCKHOST_ROOT}/plugin-api/include)
    target_link_libraries(plugin-${id} PRIVATE ${ARG_LIBS})
    target_link_options(plugin-${id} PRIVATE
        -Wl,-z,defs -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete -Wl,--exclude-libs,ALL
        -Wl,--version-script=${BLOCKHOST_ROOT}/plugin-api/sdk/plugin.map)
    set_target_properties(plugin-${id} PROPERTIES PREFIX "" OUTPUT_NAME plugin LIBRARY_OUTPUT_DIRECTORY ${out}
        CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
        LINK_DEPENDS ${BLOCKHOST_ROOT}/plugin-api/sdk/plugin.map)
    add_custom_command(TARGET plugin-${id} POST_BUILD
        COMMAND ${CMAKE_COMMAND} -DMANIFEST=${ARG_MANIFEST} -DLIBRARY=$<TARGET_FILE:plugin-${id}> -DOUT=${out}/plugin.json
                -P ${BLOCKHOST_ROOT}/cmake/finish_manifest.cmake
        VERBATIM)
    # CMake would give a run path to what links shared libraries of the build tree; a plugin has none.
    set_target_properties(plugin-${id} PROPERTIES SKIP_BUILD_RPATH ON)
    set_property(TARGET plugin-${id} APPEND PROPERTY LINK_DEPENDS ${ARG_MANIFEST})
    find_package(Python3 REQUIRED COMPONENTS Interpreter)
    add_test(NAME plugin-${id}-linkage
        COMMAND ${Python3_EXECUTABLE} ${BLOCKHOST_ROOT}/plugin-api/tools/check_exports.py $<TARGET_FILE:plugin-${id}>)
    set_tests_properties(plugin-${id}-linkage PROPERTIES LABELS abi TIMEOUT 30)
    get_filename_component(source ${ARG_MANIFEST} DIRECTORY)
    if(TARGET blockhost-plugin-check)
        set(check blockhost-plugin-check)
    else()
        # Outside of BlockHost's tree: the installed one.
        find_program(BLOCKHOST_PLUGIN_CHECK blockhost-plugin-check HINTS ${BLOCKHOST_ROOT}/../../../bin)
        set(check ${BLOCKHOST_PLUGIN_CHECK})
    endif()
    if(check AND EXISTS ${source}/check/check.json)
        file(MAKE_DIRECTORY ${out})
        file(CREATE_LINK ${source}/check ${out}/check SYMBOLIC)
        add_test(NAME plugin-${id}-check COMMAND ${check} check ${out} --timeout 300)
        set_tests_properties(plugin-${id}-check PROPERTIES LABELS check TIMEOUT 1200 PROCESSORS 2)
    endif()
    if(TARGET bh-plugin-load)
        add_test(NAME plugin-${id}-load COMMAND bh-plugin-load ${out})
        set_tests_properties(plugin-${id}-load PROPERTIES LABELS abi TIMEOUT 30)
    endif()
endfunction()
