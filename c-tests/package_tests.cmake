# What a host's own build finds: the package in the build tree, and in a prefix that was moved.

set(stage "${PROJECT_BINARY_DIR}/stage")
set(moved_prefix "${stage}/some/where/else")
set(package_source "${CMAKE_CURRENT_SOURCE_DIR}/package")

add_test(NAME package.install COMMAND ${CMAKE_COMMAND} "-DBUILD_DIR=${PROJECT_BINARY_DIR}"
  "-DSTAGE=${stage}" -P "${PROJECT_SOURCE_DIR}/cmake/StageMovedPrefix.cmake")
set_tests_properties(package.install PROPERTIES FIXTURES_SETUP moved_prefix)

function(add_package_tests where prefix pc_dir)
  add_test(NAME package.find_package.${where} COMMAND ${CMAKE_CTEST_COMMAND}
    --build-and-test "${package_source}" "${PROJECT_BINARY_DIR}/consumer/${where}"
    --build-generator ${CMAKE_GENERATOR}
    --build-options "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE}"
    --test-command ${CMAKE_CTEST_COMMAND} --output-on-failure --no-tests=error)
  add_test(NAME package.pkgconfig.${where} COMMAND "${package_source}/pkgconfig.sh"
    "${pc_dir}" ${PROJECT_VERSION} "${PROJECT_BINARY_DIR}/consumer/${where}-pkgconfig")
  set_tests_properties(package.find_package.${where} package.pkgconfig.${where}
    PROPERTIES LABELS package ENVIRONMENT "CC=${CMAKE_C_COMPILER};CXX=${CMAKE_CXX_COMPILER}")
endfunction()

add_package_tests(build_tree "${PROJECT_BINARY_DIR}" "${PROJECT_BINARY_DIR}/pkgconfig")
add_package_tests(moved_prefix "${moved_prefix}" "${moved_prefix}/${pkgconfig_install_dir}")
set_tests_properties(package.find_package.moved_prefix package.pkgconfig.moved_prefix
  PROPERTIES FIXTURES_REQUIRED moved_prefix)

# The build's own command, which is fresh by now, says again what rustc said.
list(JOIN static_system_libs " " expected_libs)
add_test(NAME package.static_libs COMMAND ${CMAKE_COMMAND} "-DEXPECTED=${expected_libs}"
  -P "${PROJECT_SOURCE_DIR}/cmake/CheckStaticLibs.cmake" -- ${cargo_command}
  WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")

add_test(NAME package.static_exports COMMAND ${CMAKE_COMMAND} "-DLIBRARY=${static_library}"
  ${check_exports})
