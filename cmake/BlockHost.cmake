# Build settings and helper functions that every component uses.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Debug CACHE STRING "" FORCE)
endif()

option(BLOCKHOST_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(BLOCKHOST_TSAN "Build with ThreadSanitizer" OFF)
option(BLOCKHOST_COVERAGE "Build with coverage counters" OFF)
option(BLOCKHOST_FUZZ "Build for libFuzzer (clang only), with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Werror -fstack-protector-strong)
# With optimisation g++ takes a checked std::optional for uninitialised (GCC bug 80635). Clang and the sanitizers look for the real thing.
add_compile_options("$<$<AND:$<CONFIG:Release,RelWithDebInfo>,$<CXX_COMPILER_ID:GNU>>:-Wno-maybe-uninitialized>")
# Version 12 sees ends of arrays that are none after inlining a vector's resize (GCC bugs 105329, 105651): shown, but no error.
add_compile_options("$<$<AND:$<CONFIG:Release,RelWithDebInfo>,$<COMPILE_LANG_AND_ID:CXX,GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-error=array-bounds;-Wno-error=stringop-overflow;-Wno-error=stringop-overread;-Wno-error=restrict>")
add_compile_definitions($<$<CONFIG:Release,RelWithDebInfo>:_FORTIFY_SOURCE=2>)
add_link_options(-Wl,-z,now -Wl,-z,relro)
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
if(BLOCKHOST_SANITIZE)
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
    if(CMAKE_CXX_COMPILER_ID STREQUAL Clang)
        # Plugins are linked with -z defs, and one runtime has to serve them and who loads them: the shared one, as with g++.
        execute_process(COMMAND ${CMAKE_CXX_COMPILER} -print-file-name=libclang_rt.asan-${CMAKE_SYSTEM_PROCESSOR}.so
            OUTPUT_VARIABLE asan_runtime OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
        cmake_path(GET asan_runtime PARENT_PATH asan_directory)
        add_link_options(-shared-libsan -Wl,-rpath,${asan_directory})
    endif()
endif()
# Half of what the sanitizers' build costs is the standard library's headers: they are compiled once for it. Made from standard input and
# in the root folder, so that the file is the same in every clone and ccache knows what was compiled with it. -fPIC: libraries and programs
# share it.
if(BLOCKHOST_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    add_compile_options(-fPIC)
    set(standard_headers ${CMAKE_BINARY_DIR}/standard_headers.hpp)
    set(includes "")
    foreach(header algorithm array chrono cstdint filesystem functional map memory mutex optional set span string string_view thread utility variant vector)
        string(APPEND includes "#include <${header}>\n")
    endforeach()
    file(WRITE ${standard_headers} "${includes}")
    get_directory_property(options COMPILE_OPTIONS)
    separate_arguments(flags UNIX_COMMAND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_DEBUG}")
    list(FILTER options INCLUDE REGEX "^-f")
    if(NOT EXISTS ${standard_headers}.pch)
        execute_process(COMMAND ${CMAKE_CXX_COMPILER} ${flags} -std=c++20 ${options} -Xclang -fno-pch-timestamp -x c++-header - -o ${standard_headers}.pch
            INPUT_FILE ${standard_headers} WORKING_DIRECTORY / COMMAND_ERROR_IS_FATAL ANY)
    endif()
    # By a name relative to the build folder, where Ninja runs the compiler: the same in every clone. Not for a target with flags of its own.
    add_compile_options("$<$<AND:$<COMPILE_LANGUAGE:CXX>,$<NOT:$<BOOL:$<TARGET_PROPERTY:BLOCKHOST_OWN_FLAGS>>>>:SHELL:-include standard_headers.hpp>")
endif()
if(BLOCKHOST_TSAN)
    add_compile_options(-fsanitize=thread)
    add_link_options(-fsanitize=thread)
endif()
if(BLOCKHOST_FUZZ)
    add_compile_options(-O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
endif()
if(BLOCKHOST_COVERAGE)
    add_compile_options(--coverage)
    add_link_options(--coverage)
endif()

set(BLOCKHOST_ROOT ${CMAKE_CURRENT_LIST_DIR}/..)

# blockhost_add_library(NAME sources... LIBS libs...): a static library of the house, hidden visibility.
function(blockhost_add_library name)
    cmake_parse_arguments(ARG "" "" "LIBS;PRIVATE_LIBS" ${ARGN})
    add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
    target_include_directories(${name} PUBLIC ${BLOCKHOST_ROOT})
    target_link_libraries(${name} PUBLIC ${ARG_LIBS} PRIVATE ${ARG_PRIVATE_LIBS})
    set_target_properties(${name} PROPERTIES CXX_VISIBILITY_PRESET hidden C_VISIBILITY_PRESET hidden)
endfunction()

# The programs of the label `unit`. They are no part of `all`: `./dev test` builds and runs them under the sanitizers, once.
add_custom_target(unit_tests)

# blockhost_add_test(NAME sources... LIBS libs... LABELS labels... TIMEOUT seconds): a Catch2 program.
# The default label is `unit`. ctest runs the whole program as one test.
function(blockhost_add_test name)
    cmake_parse_arguments(ARG "" "TIMEOUT" "LIBS;LABELS" ${ARGN})
    find_package(Catch2 3 REQUIRED)
    if(NOT ARG_LABELS)
        set(ARG_LABELS unit)
    endif()
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
    target_include_directories(${name} PRIVATE ${BLOCKHOST_ROOT})
    target_link_libraries(${name} PRIVATE ${ARG_LIBS} Catch2::Catch2WithMain)
    # What is tested is optimised; what tests it is compiled sooner.
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O0 -U_FORTIFY_SOURCE>)
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT})
    if("unit" IN_LIST ARG_LABELS)
        set_target_properties(${name} PROPERTIES EXCLUDE_FROM_ALL ON)
        add_dependencies(unit_tests ${name})
    endif()
endfunction()

include(BlockHostPlugin)
