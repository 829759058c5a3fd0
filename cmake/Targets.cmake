# drs_library(NAME SOURCES … DEPS …): one folder under src/ as a static library `drs_NAME`.
# DEPS are the folders that its public headers need; the layer check reads the #include lines, not this.
function(drs_library name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS;PRIVATE" ${ARGN})
  if(A_SOURCES)
    add_library(drs_${name} STATIC ${A_SOURCES})
    target_link_libraries(drs_${name} PUBLIC drs_flags ${A_DEPS} PRIVATE ${A_PRIVATE})
    set_target_properties(drs_${name} PROPERTIES UNITY_BUILD ${DRS_UNITY} UNITY_BUILD_BATCH_SIZE 10)
  else()
    add_library(drs_${name} INTERFACE)
    target_link_libraries(drs_${name} INTERFACE drs_flags ${A_DEPS})
  endif()
endfunction()

# drs_test(NAME SOURCES … DEPS …): one GoogleTest program `test_NAME`, registered with CTest.
function(drs_test name)
  cmake_parse_arguments(A "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(test_${name} ${A_SOURCES})
  target_link_libraries(test_${name} PRIVATE ${A_DEPS} drs_flags GTest::gmock GTest::gtest GTest::gtest_main)
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  add_test(NAME ${name} COMMAND test_${name})
endfunction()
