# blockhost_add_go_plugin(ID FOLDER [PROGRAMS name...]): a plugin in Go, as blockhost_add_plugin() makes one in C++.
#
# FOLDER has go.mod, package main and plugin.json. Makes build/plugins/ID/{plugin.so, plugin.json} with one exported symbol and
# the linkage that the loader looks for, and beside it the commands cmd/NAME of the module. Runs in a worker only: the
# manifest must say so. Registers plugin-ID-linkage (label abi), plugin-ID-go (go vet, go test) and, where there is
# a check/ folder, plugin-ID-check in the mode worker (label check). Debian's Go, whatever else is in the PATH: that is
# what plugins must build with. Nothing is downloaded.
find_program(BLOCKHOST_GO go PATHS /usr/bin NO_DEFAULT_PATH REQUIRED)
set(BLOCKHOST_GO_ENV ${CMAKE_COMMAND} -E env CGO_ENABLED=1 GOFLAGS=-mod=mod GOPROXY=off GOTOOLCHAIN=local GOCACHE=${CMAKE_BINARY_DIR}/go-cache
    GOPATH=${CMAKE_BINARY_DIR}/go
    PATH=/usr/bin:/bin ${BLOCKHOST_GO})

function(blockhost_add_go_plugin id folder)
    cmake_parse_arguments(ARG "" "" "PROGRAMS" ${ARGN})
    file(READ ${folder}/plugin.json manifest)
    string(JSON isolation GET "${manifest}" isolation)
    if(NOT isolation STREQUAL "process")
        message(FATAL_ERROR "${folder}/plugin.json: a plugin in Go runs in a worker only: write \"isolation\": \"process\"")
    endif()
    set(out ${CMAKE_BINARY_DIR}/plugins/${id})
    file(MAKE_DIRECTORY ${out})
    set(link "-Wl,-z,defs -Wl,-z,now -Wl,-z,relro -Wl,-z,nodelete -Wl,--version-script=${BLOCKHOST_ROOT}/plugin-api/sdk/plugin.map")
    set(programs "")
    foreach(program IN LISTS ARG_PROGRAMS)
        list(APPEND programs COMMAND ${BLOCKHOST_GO_ENV} build -trimpath -o ${out}/${program} ./cmd/${program})
    endforeach()
    # Whether anything is to be done is Go's to say: it knows its packages, and its cache makes that quick.
    add_custom_target(plugin-${id} ALL
        COMMAND ${BLOCKHOST_GO_ENV} build -trimpath -buildmode=c-shared -ldflags "-extldflags \"${link}\"" -o ${out}/plugin.so .
        COMMAND ${CMAKE_COMMAND} -E rm -f ${out}/plugin.h
        ${programs}
        COMMAND ${CMAKE_COMMAND} -DMANIFEST=${folder}/plugin.json -DLIBRARY=${out}/plugin.so -DOUT=${out}/plugin.json
                -P ${BLOCKHOST_ROOT}/cmake/finish_manifest.cmake
        COMMAND ${CMAKE_COMMAND} -E copy_directory ${folder}/check ${out}/check
        WORKING_DIRECTORY ${folder} BYPRODUCTS ${out}/plugin.so VERBATIM)
    find_package(Python3 REQUIRED COMPONENTS Interpreter)
    add_test(NAME plugin-${id}-linkage
        COMMAND ${Python3_EXECUTABLE} ${BLOCKHOST_ROOT}/plugin-api/tools/check_exports.py ${out}/plugin.so)
    set_tests_properties(plugin-${id}-linkage PROPERTIES LABELS abi TIMEOUT 30)
    add_test(NAME plugin-${id}-go COMMAND sh -c "\"$@\" vet ./... && \"$@\" test ./..." sh ${BLOCKHOST_GO_ENV}
        WORKING_DIRECTORY ${folder})
    set_tests_properties(plugin-${id}-go PROPERTIES LABELS check TIMEOUT 900)
    if(TARGET kernel_check)
        set(check blockhost-plugin-check check ${out} --mode worker --timeout 300)
    elseif(TARGET blockhost-plugin-check)
        # Built without the kernel's workers: what can be said without running it.
        set(check blockhost-plugin-check check ${out} --only lint)
    else()
        # Outside of BlockHost's tree: the installed one.
        find_program(BLOCKHOST_PLUGIN_CHECK blockhost-plugin-check HINTS ${BLOCKHOST_ROOT}/../../../bin)
        set(check ${BLOCKHOST_PLUGIN_CHECK} check ${out} --mode worker --timeout 300)
    endif()
    if(EXISTS ${folder}/check/check.json)
        add_test(NAME plugin-${id}-check COMMAND ${check})
        set_tests_properties(plugin-${id}-check PROPERTIES LABELS check TIMEOUT 1200)
    endif()
endfunction()
