# Compiler settings that every target shares: warnings, sanitizers, faster tools where present.
find_program(DRS_CCACHE ccache)
if(DRS_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${DRS_CCACHE})
endif()
find_program(DRS_MOLD mold)
if(DRS_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(drs_flags INTERFACE)
target_compile_options(drs_flags INTERFACE -Werror -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                       -Woverloaded-virtual -fno-omit-frame-pointer)
target_include_directories(drs_flags INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_definitions(drs_flags INTERFACE JSON_USE_IMPLICIT_CONVERSIONS=0 SPDLOG_FMT_EXTERNAL SPDLOG_COMPILED_LIB
                           DRS_VERSION="${PROJECT_VERSION}")
if(DRS_UNITY AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A class in a source file may have members of types that are the file's own; the file is included here, that is all.
  target_compile_options(drs_flags INTERFACE -Wno-subobject-linkage)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False alarms of g++ 12 at -O2 inside the standard library; clang-tidy and the sanitizers cover the real ones.
  target_compile_options(drs_flags INTERFACE -Wno-restrict -Wno-null-dereference -Wno-maybe-uninitialized
                         -Wno-missing-requires -Wno-array-bounds -Wno-stringop-overflow)
  if(DRS_SANITIZE MATCHES thread)
    target_compile_options(drs_flags INTERFACE -Wno-tsan)
  endif()
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12's own std::stable_sort is what it complains about; g++ looks at ours.
  target_compile_options(drs_flags INTERFACE -Wno-deprecated-declarations)
endif()
if(DRS_SANITIZE)
  target_compile_options(drs_flags INTERFACE -fsanitize=${DRS_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(drs_flags INTERFACE -fsanitize=${DRS_SANITIZE})
endif()
if(DRS_COVERAGE)
  target_compile_options(drs_flags INTERFACE --coverage)
  target_link_options(drs_flags INTERFACE --coverage)
endif()
