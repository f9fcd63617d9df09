# Builds the library with cargo, and gives CMake the targets cloudsync::cloudsync (shared) and
# cloudsync::static (archive), both lying in <build>/lib as they will lie when installed.

find_package(Threads REQUIRED)

set(cargo "$ENV{CARGO}")
if(NOT cargo)
  find_program(CLOUDSYNC_CARGO cargo HINTS "$ENV{HOME}/.cargo/bin" REQUIRED)
  set(cargo "${CLOUDSYNC_CARGO}")
endif()

# Debug is cargo's dev profile; every other build type is a release.
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  set(profile_args "")
  set(profile_dir debug)
else()
  set(profile_args --release)
  set(profile_dir release)
endif()

if(DEFINED ENV{CARGO_TARGET_DIR})
  set(cargo_target_dir "$ENV{CARGO_TARGET_DIR}")
else()
  # Shared with `cargo test`, so that the crates below ours are compiled once.
  set(cargo_target_dir "${PROJECT_SOURCE_DIR}/target")
endif()

set(cargo_env "")
set(cargo_out "${cargo_target_dir}/${profile_dir}")
set(cargo_args ${profile_args})
if(CLOUDSYNC_SANITIZE)
  # An own target directory, because RUSTC_BOOTSTRAP would make cargo rebuild the shared one; and
  # --target, because without it the flags would reach the build scripts as well.
  set(rust_target "${CMAKE_SYSTEM_PROCESSOR}-unknown-linux-gnu")
  set(cargo_target_dir "${PROJECT_BINARY_DIR}/cargo")
  set(cargo_env RUSTC_BOOTSTRAP=1 "RUSTFLAGS=-Zsanitizer=address")
  set(cargo_out "${cargo_target_dir}/${rust_target}/${profile_dir}")
  list(APPEND cargo_args --target ${rust_target})
endif()

set(library_dir "${PROJECT_BINARY_DIR}/lib")
set(shared_name "libcloudsync.so.${PROJECT_VERSION}")
set(soname "libcloudsync.so.${PROJECT_VERSION_MAJOR}")
set(shared_library "${library_dir}/${shared_name}")
set(static_library "${library_dir}/libcloudsync.a")

# What the archive needs from the system, as rustc states it; the test `static_libs` asks rustc.
set(static_system_libs gcc_s util rt pthread m dl c)

# The two kinds are named, because cargo optimises across crates only where no rlib is asked for.
set(cargo_command ${CMAKE_COMMAND} -E env ${cargo_env} "CARGO_TARGET_DIR=${cargo_target_dir}"
  "${cargo}" rustc --locked --package cloudsync --lib --crate-type cdylib,staticlib ${cargo_args}
  -- --print native-static-libs)

if(CLOUDSYNC_SANITIZE)
  set(take_archive ${CMAKE_COMMAND} -E copy_if_different
    "${cargo_out}/libcloudsync.a" "${static_library}")
else()
  set(take_archive ${CMAKE_COMMAND} "-DIN=${cargo_out}/libcloudsync.a" "-DOUT=${static_library}"
    "-DEXPORTS=${PROJECT_SOURCE_DIR}/abi/exports.txt" "-DLINKER=${CMAKE_LINKER}"
    "-DOBJCOPY=${CMAKE_OBJCOPY}" "-DAR=${CMAKE_AR}"
    -P "${CMAKE_CURRENT_LIST_DIR}/LocalizeArchive.cmake")
endif()

# Cargo knows what is fresh, so it is asked every time; the copies keep their time when equal.
add_custom_target(cloudsync_cargo ALL
  COMMAND ${cargo_command}
  COMMAND ${CMAKE_COMMAND} -E make_directory "${library_dir}"
  COMMAND ${CMAKE_COMMAND} -E copy_if_different "${cargo_out}/libcloudsync.so" "${shared_library}"
  COMMAND ${take_archive}
  COMMAND ${CMAKE_COMMAND} -E create_symlink "${shared_name}" "${library_dir}/${soname}"
  COMMAND ${CMAKE_COMMAND} -E create_symlink "${soname}" "${library_dir}/libcloudsync.so"
  BYPRODUCTS "${shared_library}" "${static_library}"
             "${library_dir}/${soname}" "${library_dir}/libcloudsync.so"
  WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
  COMMENT "cargo (${profile_dir})"
  USES_TERMINAL VERBATIM)

add_library(cloudsync::cloudsync SHARED IMPORTED GLOBAL)
set_target_properties(cloudsync::cloudsync PROPERTIES
  IMPORTED_LOCATION "${shared_library}"
  IMPORTED_SONAME "${soname}"
  INTERFACE_INCLUDE_DIRECTORIES "${PROJECT_SOURCE_DIR}/include")
add_dependencies(cloudsync::cloudsync cloudsync_cargo)

add_library(cloudsync::static STATIC IMPORTED GLOBAL)
set_target_properties(cloudsync::static PROPERTIES
  IMPORTED_LOCATION "${static_library}"
  INTERFACE_INCLUDE_DIRECTORIES "${PROJECT_SOURCE_DIR}/include"
  INTERFACE_LINK_LIBRARIES "Threads::Threads;${static_system_libs}")
add_dependencies(cloudsync::static cloudsync_cargo)
