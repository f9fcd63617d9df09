# What an installed libcloudsync consists of, and the same package files for the build tree, so that
# find_package(cloudsync CONFIG) and pkg-config work from both.

include(CMakePackageConfigHelpers)

set(config_install_dir "${CMAKE_INSTALL_LIBDIR}/cmake/cloudsync")
set(pkgconfig_install_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
list(JOIN static_system_libs " -l" pc_libs_private)
set(pc_libs_private "-l${pc_libs_private}")

# --- find_package -----------------------------------------------------------------------------
# While the version is 0.x every minor version may break programs, so only the same one will do.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/cloudsyncConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)

set(package_include_dir "${PROJECT_SOURCE_DIR}/include")
set(package_library_dir "${library_dir}")
configure_package_config_file(cmake/cloudsyncConfig.cmake.in
  "${PROJECT_BINARY_DIR}/cloudsyncConfig.cmake"
  INSTALL_DESTINATION "${PROJECT_BINARY_DIR}"
  INSTALL_PREFIX "${PROJECT_BINARY_DIR}"
  PATH_VARS package_include_dir package_library_dir
  NO_CHECK_REQUIRED_COMPONENTS_MACRO)

set(package_include_dir "${CMAKE_INSTALL_INCLUDEDIR}")
set(package_library_dir "${CMAKE_INSTALL_LIBDIR}")
configure_package_config_file(cmake/cloudsyncConfig.cmake.in
  "${PROJECT_BINARY_DIR}/install/cloudsyncConfig.cmake"
  INSTALL_DESTINATION "${config_install_dir}"
  PATH_VARS package_include_dir package_library_dir
  NO_CHECK_REQUIRED_COMPONENTS_MACRO)

# --- pkg-config -------------------------------------------------------------------------------
# pkg-config prefers cloudsync-uninstalled.pc to cloudsync.pc: the name for a build tree.
set(pc_prefix "${PROJECT_BINARY_DIR}")
set(pc_include_dir "${PROJECT_SOURCE_DIR}/include")
set(pc_library_dir "${library_dir}")
configure_file(cmake/cloudsync.pc.in
  "${PROJECT_BINARY_DIR}/pkgconfig/cloudsync-uninstalled.pc" @ONLY)

# The installed one finds its prefix from where it lies, however deep the library directory is.
file(RELATIVE_PATH up "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" up "${up}")
set(pc_prefix "\${pcfiledir}/${up}")
set(pc_include_dir "\${prefix}")
cmake_path(APPEND pc_include_dir "${CMAKE_INSTALL_INCLUDEDIR}")
set(pc_library_dir "\${prefix}")
cmake_path(APPEND pc_library_dir "${CMAKE_INSTALL_LIBDIR}")
configure_file(cmake/cloudsync.pc.in "${PROJECT_BINARY_DIR}/install/cloudsync.pc" @ONLY)

# --- install ----------------------------------------------------------------------------------
install(FILES include/cloudsync.h include/cloudsync.hpp DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(PROGRAMS "${shared_library}" DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES "${library_dir}/${soname}" "${library_dir}/libcloudsync.so" "${static_library}"
  DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES "${PROJECT_BINARY_DIR}/install/cloudsyncConfig.cmake"
  "${PROJECT_BINARY_DIR}/cloudsyncConfigVersion.cmake" DESTINATION "${config_install_dir}")
install(FILES "${PROJECT_BINARY_DIR}/install/cloudsync.pc" DESTINATION "${pkgconfig_install_dir}")

# install(PROGRAMS) knows nothing of stripping, so an installed release is stripped here.
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug" AND CMAKE_STRIP)
  install(CODE "
    execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-unneeded
      \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/${shared_name}\"
      COMMAND_ERROR_IS_FATAL ANY)")
endif()
